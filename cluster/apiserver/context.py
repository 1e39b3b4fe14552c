"""What the API server's rules are given beside a request: the store, the kinds, the time, chance, and where the trace goes."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster.kinds import Registry, registry
from cluster.meta.requests import Request

from .custom.registry import FOLDER, ServedKinds
from .rbac import Rbac
from .webhooks import post


def no_logs(namespace: str, pod: str, container: str, options: dict) -> str:
    """The log source of a server without kubelets."""
    return ""


def unreachable(address: str, port: int, text: str) -> tuple[int, Any, dict]:
    """The network of a server without one."""
    return 0, "timeout", {}


def uncalled(host: str, port: int, text: str, timeout_ms: int) -> tuple[int, Any, dict]:
    """Webhooks of a server without a network."""
    return 0, "timeout", {}


def always(component: str) -> bool:
    """Whether a component runs, of a server that cannot know it."""
    return True


@dataclass
class Hooks:
    """What the API server asks of others. logs(namespace, pod, container, options) -> the text of a container's log.

    proxied(address, port, text) -> (code, body as bytes, headers) of an HTTP request's answer; code 0: there is none, and why.
    of_kubelet(node, path, query) -> the same, of a GET at its port 10250.
    called(host, port, text, timeout_ms) -> the same over TLS, to a webhook. asked: so too, and nothing of it stays.
    """

    logs: Callable[[str, str, str, dict], str] = no_logs
    proxied: Callable[[str, int, str], tuple[int, Any, dict]] = unreachable
    of_kubelet: Callable[[str, str, dict], tuple[int, Any, dict]] = unreachable
    is_on: Callable[[str], bool] = always
    called: Callable[[str, int, str, int], tuple[int, Any, dict]] = uncalled
    asked: Callable[[str, int, str, int], tuple[int, Any, dict]] = uncalled


@dataclass(frozen=True)
class Member:
    """The etcd of a server whose store cannot be switched off."""

    is_on: bool = True


ALWAYS_ON = Member()


class Context:
    """One server's surroundings. `server` has a store, an engine (rng, clock), now_ms and trace(kind, subject, **data).

    quiet: the request at hand is a detail; nothing costly is worked out for its trace.
    """

    def __init__(self, server: Any, *, hooks: Hooks | None = None, profile: str = "learner", kinds: Registry | None = None):
        self.server, self.store, self.clock, self.rng = server, server.store, server.engine.clock, server.engine.rng
        self.kinds = ServedKinds(server.store, kinds or registry(), self._convert)
        self.timer = server.engine if hasattr(server.engine, "now_ms") else server     # who knows what time it is
        self.hooks, self.profile = hooks or Hooks(), profile
        self.rbac = Rbac(server.store)
        self.etcd: Any = ALWAYS_ON   # what needs it fails while it is off
        self.facts = server.engine.trace
        self.quiet, self._muted, self.request_id = False, False, 0
        self.made: dict = {}       # Pods made of late, for the next ones of their templates (templated.py)
        self.second, self.second_text = -1, ""   # of the virtual time that was asked for last, and as metav1.Time
        self.heard: list[list] | None = None    # where facts go instead of the trace: [kind, subject, data]
        self.is_explained = self.facts.on       # whether what happens to the request at hand is told in detail

    def _convert(self, client: dict, review: dict, timeout_s: int) -> dict:
        """Ask a webhook that converts; see custom/converting.py."""
        return post(self, client, review, timeout_s, asks=self.hooks.asked, lead="")

    @property
    def registry(self) -> Registry:
        """The kinds that are served now, custom ones too."""
        kinds = self.kinds
        return kinds.found if kinds.stamp is None and FOLDER not in self.store.touched else kinds.registry()

    @property
    def enforces_rbac(self) -> bool:
        """Whether Roles and bindings decide about everybody, or only about who is impersonated."""
        return self.server.enforces_rbac

    @property
    def muted(self) -> bool:
        """Whether nothing is told for a while: what happens was told once."""
        return self._muted

    @muted.setter
    def muted(self, is_muted: bool) -> None:
        self._muted = is_muted
        self.is_explained = self.heard is not None or (self.facts.on and not self.quiet and not is_muted)

    @property
    def now_ms(self) -> int:
        return self.timer.now_ms

    def enter(self, request: Request, quiet: bool, heard: list[list] | None = None) -> Context:
        """These surroundings for one request. heard: where its facts go, if not into the trace."""
        self.quiet, self.request_id, self.heard = quiet, request.id, heard
        self.is_explained = heard is not None or (self.facts.on and not quiet and not self._muted)
        self.store.now_ms = self.timer.now_ms
        return self

    def trace(self, kind: str, subject: str, **data: Any) -> None:
        """Note a fact about the request at hand."""
        if self.heard is not None:
            self.heard.append([kind, subject, data])
            return
        if not self.facts.on or self._muted or (self.quiet and kind not in ("KeyWritten", "KeyDeleted")):
            return  # of noise only what is written leaves a trace
        if self.request_id:
            data["request"] = self.request_id
        if self.quiet:
            data["quiet"] = True
        self.server.trace(kind, subject, **data)

    def time_text(self, after_s: int = 0) -> str:
        """The present, or some seconds later, as metav1.Time."""
        second = self.timer.now_ms // 1000 + after_s
        if second != self.second:
            self.second, self.second_text = second, self.clock.text(second * 1000)
        return self.second_text
