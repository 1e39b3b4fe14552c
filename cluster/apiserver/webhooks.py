"""Calls of webhooks: what the API server sends to a client configuration's place in the cluster's network, and what comes back.

A call is made at the moment of the request and takes none of the cluster's time. Certificates are not looked at: a hook without a
caBundle is one that nobody vouches for.
Source: k8s.io/apiserver pkg/util/webhook/client.go, k8s.io/kube-aggregator pkg/apiserver/resolvers.go, pkg/util/proxy/proxy.go (ResolveCluster).
"""
from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from cluster.meta.gotext import quote

WORDS = {"refused": "connect: connection refused", "no-route": "connect: no route to host", "timeout": "i/o timeout"}


class Failed(Exception):
    """A hook could not be asked, or its answer means nothing; the words are upstream's."""


def post(context, client: dict, body: dict, timeout_s: int, *, asks: Any = None, lead: str = "failed to call webhook: ") -> dict:
    """Send JSON to where a client configuration leads, and read JSON. asks: another way than hooks.called. Raises Failed."""
    url, address, port = _place(client, context)
    shown = f'{lead}Post "{url}?timeout={timeout_s}s": '
    if isinstance(address, Failed):
        raise Failed(f"{shown}{address}")
    parts, text = urlsplit(url), json.dumps(body)
    head = [f"POST {parts.path or '/'}?timeout={timeout_s}s HTTP/1.1", f"Host: {parts.netloc}", "User-Agent: kube-apiserver-admission",
            f"Content-Length: {len(text)}", "Accept: application/json, */*", "Content-Type: application/json", "Connection: close", "", ""]
    code, said, _ = (asks or context.hooks.called)(address, port, "\r\n".join(head) + text, timeout_s * 1000)
    if not code:
        raise Failed(shown + _unreached(said, address, port))
    if not client.get("caBundle"):
        raise Failed(f"{shown}tls: failed to verify certificate: x509: certificate signed by unknown authority")
    if code >= 300:
        raise Failed(f"{lead}{_turned_down(code, said)}")
    try:
        found = json.loads(said)
    except ValueError as wrong:
        raise Failed(f"{lead}couldn't get version/kind; json parse error: {wrong}") from None
    return found if isinstance(found, dict) else {}


def _unreached(error: str, address: str, port: int) -> str:
    if error == "late":
        return "context deadline exceeded"
    if error == "plain":
        return "http: server gave HTTP response to HTTPS client"
    if error == "unresolved":
        return f"dial tcp: lookup {address}: no such host"
    return f"dial tcp {address}:{port}: {WORDS[error]}" if error in WORDS else "EOF"


def _turned_down(code: int, said: bytes) -> str:
    """Source: client-go rest/request.go (transformResponse), k8s.io/apimachinery pkg/api/errors (NewGenericServerResponse)."""
    if code == 404:
        return "the server could not find the requested resource"
    if code >= 500:
        return f"an error on the server ({quote(bytes(said).decode(errors='replace'))}) has prevented the request from succeeding"
    return "the server rejected our request for an unknown reason"


def _place(client: dict, context) -> tuple[str, Any, int]:
    """(URL, address or why there is none, port)."""
    service = client.get("service")
    if service is None:
        parts = urlsplit(client.get("url") or "")
        return client.get("url") or "", parts.hostname or "", parts.port or 443
    port, path = service.get("port") or 443, (service.get("path") or "").lstrip("/")
    url = f"https://{service['name']}.{service['namespace']}.svc:{port}/{path}"
    stored = context.store.get(f"/registry/services/specs/{service['namespace']}/{service['name']}")
    if stored is None:
        return url, Failed(f"service {quote(service['name'])} not found"), port
    spec = stored.value["spec"]
    if not any(each["port"] == port for each in spec.get("ports") or ()):
        return url, Failed(f"no service port {port} found for service {quote(service['name'])}"), port
    return url, spec.get("externalName") if spec.get("type") == "ExternalName" else spec.get("clusterIP", ""), port
