"""Owns the tokens that a kubelet gets for its Pods' ServiceAccounts.

A simplification: the TokenRequest is no request here, but a question to the API server's own code, asked when a program first
looks at the file and again when four fifths of the token's life are over.
Source: kubernetes pkg/kubelet/token/token_manager.go (requiresRefresh).
"""

from __future__ import annotations

from cluster.apiserver import token
from cluster.apiserver.call import Call
from cluster.kinds import registry
from cluster.meta.requests import Request
from cluster.meta.status import StatusError

USUAL_S, LONGEST_S = 3600, 86_400


def token_of(kubelet, pod: dict, source: dict) -> tuple[str, int]:
    """(a token bound to the Pod, when to ask for another); ("", 0) when the API server gives none."""
    seconds = source.get("expirationSeconds") or USUAL_S
    meta, account = pod["metadata"], pod["spec"].get("serviceAccountName") or "default"
    spec = {
        "audiences": [source["audience"]] if source.get("audience") else [],
        "expirationSeconds": seconds,
        "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]},
    }
    body = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": spec}
    request = Request(verb="create", resource="serviceaccounts", namespace=meta["namespace"], name=account, subresource="token", body=body,
                      user=kubelet.client.user, groups=kubelet.client.groups)  # fmt: skip
    try:
        reply = token.issue(Call(request, kubelet.client.server.context, registry().plural("serviceaccounts")))
    except StatusError:
        return "", 0
    return reply.body["status"]["token"], kubelet.now_ms + min(seconds * 800, LONGEST_S * 1000)
