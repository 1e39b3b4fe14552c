"""Owns what kube-proxy answers over HTTP on each node: its own health, its mode, and at a Service's healthCheckNodePort its local endpoints.

Source: kubernetes pkg/proxy/healthcheck/{service_health,proxy_health}.go, cmd/kube-proxy/app/server.go (serveMetrics).
"""

from __future__ import annotations

import json

from cluster.runtime.http import answer

HEALTHZ, STATUS = 10256, 10249  # the second one on the loopback alone
MODE = "iptables"


def answered(rules: dict[str, dict], port: int, path: str, *, node: str, is_loopback: bool, now_text: str) -> str | None:
    """The answer to a request at a port of a node; None where kube-proxy does not listen."""
    if port == HEALTHZ:
        return _health(path, now_text)
    if port == STATUS and is_loopback:
        found = {"/healthz": "ok", "/proxyMode": MODE}.get(path)
        return _text(200 if found else 404, found or "404 page not found\n")
    key = next((key for key, rule in rules.items() if rule["health"] == port > 0), None)
    return _local(key, rules[key], node) if key is not None else None


def _text(code: int, body: str) -> str:
    return answer(code, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))], body)


def _json(code: int, body: str, *more: tuple[str, str]) -> str:
    named = [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff"), *more, ("Content-Length", str(len(body)))]
    return answer(code, named, body)


def _health(path: str, now_text: str) -> str:
    if path not in ("/healthz", "/livez"):
        return _text(404, "404 page not found\n")
    eligible = {"nodeEligible": True} if path == "/healthz" else {}
    family = {"lastUpdated": now_text, "healthy": True}
    told = {"lastUpdated": now_text, "currentTime": now_text, **eligible, "healthy": True, "status": {"IPv4": family}}
    return _json(200, json.dumps(told, separators=(",", ":")))


def _local(key: str, rule: dict, node: str) -> str:
    namespace, _, name = key.partition("/")
    ready = {each[0] for port in rule["ports"] for each in port[3] if each[2] == node} if rule["is_ready"] else {}
    body = (f'{{\n\t"service": {{\n\t\t"namespace": {json.dumps(namespace)},\n\t\t"name": {json.dumps(name)}\n\t}},\n'
            f'\t"localEndpoints": {len(ready)},\n\t"serviceProxyHealthy": true\n}}')  # fmt: skip
    return _json(200 if ready else 503, body, ("X-Load-Balancing-Endpoint-Weight", str(len(ready))))
