"""Owns the lifecycle hooks of containers: how a postStart or preStop is run, and how its end is heard.

Source: kubernetes pkg/kubelet/lifecycle/handlers.go.
"""

from __future__ import annotations

from typing import Any

from cluster.meta.gotext import quote
from cluster.runtime.commands import Ended

from . import probing

POST_START = "postStart"
UNFINISHED = "container terminated before sleep hook finished"
HTTP_TIMEOUT_MS = 60_000  # a simplification: upstream's client has none of its own; the kernel gives up on the connection later


class Hooks:
    """Part of one kubelet. A hook's end comes as `on_hook_ended` of the part that runs it: sync or termination."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def run(self, uid: str, pod: dict, container_id: str, spec: dict, which: str) -> None:
        """Begin a hook. Its end is heard later, never within this call."""
        kubelet, handler = self.kubelet, spec["lifecycle"][which]
        took_ms, error = 0, ""
        if "exec" in handler:
            argv = handler["exec"].get("command") or []
            ended = kubelet.runtime.run_command(f"hook {uid} {which}/{container_id}", container_id, argv)
            if ended is None:
                return
            took_ms, error = kubelet.latency("process_exit"), failure(argv, ended)
        elif "httpGet" in handler:
            took_ms, error = self._http(pod, spec, handler["httpGet"])
        elif "sleep" in handler:
            took_ms = int(handler["sleep"].get("seconds", 0)) * 1000
        kubelet.after(took_ms, "hook_ended", uid, which, container_id, error)

    def _http(self, pod: dict, spec: dict, action: dict) -> tuple[int, str]:
        """(ms, error). Any answer will do; only a connection that fails is a failure. HTTPS falls back to HTTP where the server speaks that."""
        kubelet = self.kubelet
        report = kubelet.state.reports.get(pod["metadata"]["uid"])
        sandboxes = kubelet.runtime.sandboxes(pod["metadata"]["uid"])
        address = kubelet.node_ip if pod["spec"].get("hostNetwork") else (sandboxes[0].ip if sandboxes else report.ip if report else "")
        try:
            answer = _asked(kubelet.runtime, action, spec, address)
            is_plain = answer.output.endswith(probing.NO_TLS)
            answer = _asked(kubelet.runtime, {**action, "scheme": "HTTP"}, spec, address) if is_plain else answer
        except ValueError as error:
            return 0, str(error)
        is_answered = answer.result != probing.FAILURE or answer.output.startswith("HTTP probe failed with statuscode")
        if is_answered and is_plain:
            host = f"{action.get('host') or address}:{probing.port_of(action['port'], spec)}"
            words = f"request to HTTPS lifecycle hook {host} got HTTP response, retry with HTTP succeeded"
            kubelet.recorder.event(pod, "Warning", "LifecycleHTTPFallback", words)
        return answer.took_ms, "" if is_answered else answer.output

    def command_ended(self, uid: str, rest: str, ended: Ended) -> None:
        """A hook's command that took its time has ended."""
        which, _, container_id = rest.partition("/")
        container = self.kubelet.runtime.state.containers.get(container_id)
        pod = self.kubelet.pod(uid)
        handler = (spec_named(pod, container.name).get("lifecycle") or {}).get(which) if pod and container else None
        argv = ((handler or {}).get("exec") or {}).get("command") or []
        self.ended(uid, which, container_id, failure(argv, ended))

    def ended(self, uid: str, which: str, container_id: str, error: str) -> None:
        """A hook is over; error "" when it succeeded."""
        if which == POST_START:
            self.kubelet.sync.hook_ended(uid, container_id, error)
        else:
            self.kubelet.termination.hook_ended(uid, container_id, error)


def _asked(runtime: Any, action: dict, spec: dict, address: str) -> probing.Answer:
    return probing.http(runtime, action, spec, address, timeout_ms=HTTP_TIMEOUT_MS, purpose="lifecycle")


def failure(argv: list[str], ended: Ended) -> str:
    """Why a hook's command failed, in upstream's words; "" when it did not."""
    if ended.error:
        return f"{ended.error}, message: {quote(ended.output)}"
    if ended.code == 0:
        return ""
    return f"command '{' '.join(argv)}' exited with {ended.code}: {ended.errors}, message: {quote(ended.output)}"


def words_of(handler: dict, name: str, full: str, error: str) -> str:
    """The message of a container whose postStart failed. full: name_namespace(uid) of its Pod."""
    where = f'for Container "{name}" in Pod "{full}" failed'
    if "exec" in handler:
        return f"Exec lifecycle hook ([{' '.join(handler['exec'].get('command') or [])}]) {where} - error: {error}"
    if "httpGet" in handler:
        return f"HTTP lifecycle hook ({handler['httpGet'].get('path', '')}) {where} - error: {error}"
    return f"Sleep lifecycle hook ({handler.get('sleep', {}).get('seconds', 0)}) {where} - error: {error}"


def spec_named(pod: dict, name: str) -> dict:
    """The spec of a container, of whatever kind."""
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for spec in pod["spec"].get(kind) or ():
            if spec["name"] == name:
                return spec
    return {"name": name}
