"""Owns the tokens that a kubelet gets for its Pods' ServiceAccounts.

For a volume that a Pod's author has written the TokenRequest is a request: it is sent before the volume is set up, and by a pass that finds
the token old. A simplification: for the volume that admission gives every Pod (kube-api-access) it is a step and no request; that token is
signed when a program first looks at the file, as the one that the kubelet would hold by then.
Source: kubernetes pkg/kubelet/token/token_manager.go, pkg/volume/projected/projected.go (collectData).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.apiserver import token
from cluster.apiserver.call import Call
from cluster.apiserver.itself import SERVER_IP, SERVER_PORT
from cluster.kinds import registry
from cluster.meta.gotext import quote
from cluster.meta.requests import Request
from cluster.meta.status import StatusError

from . import references
from .state import Worker
from .volume_contents import NotReady
from .volume_state import Mounted

USUAL_S, LONGEST_S = 3600, 86_400  # maxTTL
JITTER_MS = 10_000
SERVER = f"{SERVER_IP}:{SERVER_PORT}"
DIALLED = 'Post "https://{server}/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token": dial tcp {server}: connect: connection refused'


def account_of(pod: dict) -> str:
    return pod["spec"].get("serviceAccountName") or "default"


def body_of(pod: dict, source: dict) -> dict:
    """The TokenRequest for a source of a projected volume."""
    meta = pod["metadata"]
    spec = {
        "audiences": [source["audience"]] if source.get("audience") else [],
        "expirationSeconds": source.get("expirationSeconds") or USUAL_S,
        "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]},
    }
    return {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": spec}


# -- volumes of a Pod's own ---------------------------------------------------------------------------------------------------


def _sources(pod: dict) -> list[tuple[str, dict]]:
    """("volume/path", serviceAccountToken source) of the volumes that a Pod's containers want."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "projected" in volume and not references.is_lazy(volume) and references.is_used(pod, volume):
            sources = [each["serviceAccountToken"] for each in volume["projected"].get("sources") or () if each.get("serviceAccountToken")]
            found += [(f"{volume['name']}/{source['path']}", source) for source in sources]
    return found


def due(pod: dict, mounted: Mounted, now_ms: int) -> bool:
    """Whether there is a token to ask for."""
    return any(key not in mounted.tokens or mounted.tokens[key][1] <= now_ms for key, _ in _sources(pod))


def fetch(kubelet: Any, pod: dict, mounted: Mounted) -> Iterator[Any]:
    """Ask for what is missing or old; an old one that is still good stays when there is no other. Source: requiresRefresh."""
    namespace, name = pod["metadata"]["namespace"], account_of(pod)
    for key, source in _sources(pod):
        held = mounted.tokens.get(key)
        if held is not None and held[1] > kubelet.now_ms:
            continue
        body, asked_ms = body_of(pod, source), kubelet.now_ms
        reply = yield kubelet.client.create("serviceaccounts", body, namespace, "token", name)
        if reply.ok:
            life_ms = body["spec"]["expirationSeconds"] * 1000
            jitter_ms = kubelet.engine.rng("tokens/" + kubelet.node).below(JITTER_MS)
            mounted.tokens[key] = [reply.body["status"]["token"], asked_ms + min(life_ms * 8 // 10, LONGEST_S * 1000) - jitter_ms, asked_ms + life_ms]
            mounted.refused.pop(key, None)
        else:
            mounted.refused[key] = (reply.body or {}).get("message", "")


def text(pod: dict, mounted: Mounted, volume: str, source: dict, now_ms: int) -> str:
    """The token of a volume's source. Raises NotReady."""
    key = f"{volume}/{source['path']}"
    held = mounted.tokens.get(key)
    if held is None:
        raise NotReady(f"failed to fetch token: {mounted.refused.get(key, '')}")
    if held[2] < now_ms and key in mounted.refused:
        raise NotReady(f"token {_cache_key(pod, source)} expired and refresh failed: {mounted.refused[key]}")
    return held[0]


def _cache_key(pod: dict, source: dict) -> str:
    """What upstream calls a token by. Source: token_manager.go (keyFunc)."""
    spec, meta = body_of(pod, source)["spec"], pod["metadata"]
    audiences = f"[]string{{{quote(spec['audiences'][0])}}}" if spec["audiences"] else "[]string(nil)"
    bound = f'v1.BoundObjectReference{{Kind:"Pod", APIVersion:"v1", Name:{quote(meta["name"])}, UID:{quote(meta["uid"])}}}'
    return f'{quote(account_of(pod))}/{quote(meta["namespace"])}/{audiences}/{spec["expirationSeconds"]}/{bound}/""'


# -- the volume that every Pod has ----------------------------------------------------------------------------------------------


def refusal(kubelet: Any, pod: dict) -> str:
    """Why the API server would give no token for a Pod's own volume; "" when it would, or when the Pod wants none."""
    name, namespace, server = account_of(pod), pod["metadata"]["namespace"], kubelet.client.server
    if server.is_on and server.held("serviceaccounts", namespace, name) is not None:
        return ""
    if not any(volume["name"].startswith(references.TOKENS) for volume in references.used_volumes(pod)):
        return ""
    why = f"serviceaccounts {quote(name)} not found" if server.is_on else DIALLED.format(server=SERVER, namespace=namespace, name=name)
    return f"failed to fetch token: {why}"


def tell(kubelet: Any, worker: Worker, pod: dict) -> None:
    """The step at which the kubelet asks for it."""
    if kubelet.engine.trace.on and any(volume["name"].startswith(references.TOKENS) for volume in pod["spec"].get("volumes") or ()):
        kubelet.tell("TokenRequested", worker, account=account_of(pod))


def of_account(kubelet: Any, pod: dict, source: dict) -> tuple[str, int]:
    """(the token that the kubelet holds by now, when it gets another); ("", 0) when the API server gives none."""
    seconds, meta = source.get("expirationSeconds") or USUAL_S, pod["metadata"]
    period_ms = min(seconds * 800, LONGEST_S * 1000)
    began = (pod.get("status") or {}).get("startTime")
    since_ms = kubelet.now_ms - kubelet.engine.clock.parse_ms(began) if began else 0
    issued_ms = kubelet.now_ms - max(since_ms, 0) % period_ms
    request = Request(verb="create", resource="serviceaccounts", namespace=meta["namespace"], name=account_of(pod), subresource="token",
                      body=body_of(pod, source), user=kubelet.client.user, groups=kubelet.client.groups)  # fmt: skip
    try:
        reply = token.issue(Call(request, kubelet.client.server.context, registry().plural("serviceaccounts")), now_ms=issued_ms)
    except StatusError:
        return "", 0
    return reply.body["status"]["token"], issued_ms + period_ms
