"""Owns the registry that all nodes pull from: what it holds, how fast it is, what is broken, and its refusals in containerd's words.

It stands for every registry at once: an image's domain only decides whose name a refusal bears. Untouched, it has whatever is asked for.
A learner may stock it (a push makes a new digest), empty it, slow it down or break it; each is an input of the sandbox.
Sources: containerd core/remotes/docker/resolver.go; kubernetes pkg/kubelet/images/image_manager.go; the recordings' refusals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cluster.engine import Actor

from . import manifests, reference

NAME, EVERYTHING = "registry", "*"  # EVERYTHING stands for all images, or for all domains
BANDWIDTH_BYTES_S = 20 * manifests.MIB
RESOLVE_MS = 300  # asking for the manifest
ADDRESS, TIMEOUT_MS = "203.0.113.10:443", 30_000  # containerd's dialer waits that long
MOST_PUSHED = 1_000
LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
MODES = {
    "dns": "its name is not found",
    "down": "connections are refused",
    "timeout": "connections are never answered",
    "unavailable": "it answers 503",
    "denied": "it wants credentials for everything",
    "limited": "it answers 429",
}
DENIED = "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
LIMITED = (
    "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. "
    "https://www.docker.com/increase-rate-limit"
)


@dataclass
class Pushed:
    """An image that a learner pushed. pushes: how often; size_bytes: 0 = as its name has it."""

    pushes: int = 0
    size_bytes: int = 0
    is_private: bool = False


@dataclass
class RegistryState:
    """removed: names that are gone. is_empty: only what was pushed is there. broken: domain, or "*", -> mode."""

    pushed: dict[str, Pushed] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    is_empty: bool = False
    bandwidth_bytes_s: int = BANDWIDTH_BYTES_S
    broken: dict[str, str] = field(default_factory=dict)


class Found(NamedTuple):
    """An image as the registry has it. refused: why it cannot be had, in containerd's words; late_ms: how long that takes to say."""

    name: str
    manifest: str = ""
    id: str = ""
    size_bytes: int = 0
    is_private: bool = False
    refused: str = ""
    late_ms: int = 0


class Registry(Actor):
    """One for a sandbox; nodes find it with `registry_of`. listeners: runtimes that hear when it gets faster, slower or breaks."""

    def __init__(self, engine):
        super().__init__(engine, NAME)
        self.state = RegistryState()
        self.listeners: list = []

    # -- what a learner does ---------------------------------------------------------------------------------------

    def push(self, image: str, *, size_bytes: int = 0, is_private: bool = False) -> str:
        """Push an image: a new digest under its name. Nodes that have the old one keep it. Returns the digest."""
        name = str(reference.parse(image))
        before = self.state.pushed.pop(name, Pushed())
        self.state.removed = [each for each in self.state.removed if each != name]
        self.state.pushed[name] = Pushed(before.pushes + 1, size_bytes or before.size_bytes, is_private)
        while len(self.state.pushed) > MOST_PUSHED:
            self.state.pushed.pop(next(iter(self.state.pushed)))
        self.trace("RegistryPushed", "", image=name, digest=self.look(name).manifest[:19])
        return self.look(name).manifest

    def remove(self, image: str) -> None:
        """Delete a tag: pulls of it find nothing, nodes that have it keep it."""
        name = str(reference.parse(image))
        self.state.removed = [*(each for each in self.state.removed if each != name), name]
        self.trace("RegistryRemoved", "", image=name)

    def put_back(self, image: str) -> None:
        """Undo `remove`."""
        name = str(reference.parse(image))
        self.state.removed = [each for each in self.state.removed if each != name]

    def empty(self, *, is_empty: bool = True) -> None:
        """Hold nothing but what is pushed from now on; or whatever is asked for, again."""
        self.state.is_empty = is_empty
        if is_empty:
            self.state.pushed.clear()
        self.trace("RegistryEmptied" if is_empty else "RegistryMended", "")

    def slow(self, bandwidth_bytes_s: int) -> None:
        """Send that many bytes a second to each node from now on."""
        before, self.state.bandwidth_bytes_s = self.state.bandwidth_bytes_s, bandwidth_bytes_s
        self.trace("RegistrySlowed", "", bytes=bandwidth_bytes_s)
        for listener in self.listeners:
            listener.pulls_repaced(before, bandwidth_bytes_s)

    def break_down(self, mode: str, domain: str = EVERYTHING) -> None:
        """Fail in one of MODES, everywhere or for one domain; pulls under way fail too."""
        self.state.broken[domain] = mode
        self.trace("RegistryBroken", "", mode=mode, domain=domain)
        for listener in self.listeners:
            listener.pulls_broken()

    def mend(self, domain: str = EVERYTHING) -> None:
        """Nothing is broken, slow or empty any more; with a domain, that one answers again."""
        if domain != EVERYTHING:
            self.state.broken.pop(domain, None)
        else:
            self.state.broken, self.state.removed, self.state.is_empty = {}, [], False
            if self.state.bandwidth_bytes_s != BANDWIDTH_BYTES_S:
                self.slow(BANDWIDTH_BYTES_S)
        self.trace("RegistryMended", "")

    # -- what it answers -------------------------------------------------------------------------------------------

    def look(self, name: str) -> Found:
        """An image, by its full name, whether it can be had or not."""
        tag = self.state.pushed.get(name, Pushed())
        if reference.parse(name).digest:
            return self._by_digest(name)
        size = tag.size_bytes or manifests.size_bytes(name)
        return Found(name, manifests.digest(name, tag.pushes), manifests.image_id(name, tag.pushes), size, tag.is_private)

    def _by_digest(self, name: str) -> Found:
        """A digest stays the same image, whichever tag bore it and however often that was pushed since."""
        parsed = reference.parse(name)
        for tagged, pushed in self.state.pushed.items():
            if reference.parse(tagged).repository != parsed.repository:
                continue
            for count in range(max(0, pushed.pushes - 50), pushed.pushes + 1):
                if manifests.digest(tagged, count) == parsed.digest:
                    size = pushed.size_bytes or manifests.size_bytes(tagged)
                    return Found(name, parsed.digest, manifests.image_id(tagged, count), size, pushed.is_private)
        return Found(name, parsed.digest, manifests.image_id(name), manifests.size_bytes(name))

    def resolve(self, name: str, *, resolver: str, has_credentials: bool = False) -> Found:
        """What a node gets that asks for an image. resolver: its name server. has_credentials: for the image's domain."""
        found, parsed = self.look(name), reference.parse(name)
        mode = self.state.broken.get(parsed.domain) or self.state.broken.get(EVERYTHING, "")
        if not mode and parsed.domain.partition(":")[0].endswith(".invalid"):  # RFC 2606: such names never resolve
            mode = "dns"
        if not mode and is_local(parsed.domain) and name not in self.state.pushed:
            mode = "down"  # the node itself has none, until a learner pushes there
        if mode == "denied" or (not mode and found.is_private):
            mode = "" if has_credentials else "denied"
        if not mode and self._is_missing(name):
            mode = "missing"
        if not mode:
            return found
        return found._replace(refused=_refusal(name, mode, resolver), late_ms=TIMEOUT_MS if mode == "timeout" else 0)

    def broken_off(self, name: str, resolver: str) -> str:
        """Why a pull that is under way cannot go on, "" when it can."""
        parsed = reference.parse(name)
        mode = self.state.broken.get(parsed.domain) or self.state.broken.get(EVERYTHING, "")
        if mode not in ("dns", "down", "unavailable"):
            return ""
        blob = f"https://{_host(parsed)}/v2/{parsed.path}/blobs/{self.look(name).id}"
        return f'failed to pull and unpack image "{name}": failed to copy: httpReadSeeker: failed open: {_trouble(mode, "Get", blob, resolver)}'

    def _is_missing(self, name: str) -> bool:
        if name in self.state.removed:
            return True
        if name in self.state.pushed or self._has_digest(name):
            return False
        return self.state.is_empty or not manifests.is_published(name)

    def _has_digest(self, name: str) -> bool:
        return bool(reference.parse(name).digest) and self._by_digest(name).id != manifests.image_id(name)

    def listing(self, also: tuple[str, ...] = ()) -> list[dict]:
        """What a learner has done to it, image by image; and what it has under the names `also` (full ones)."""
        rows = []
        for name in sorted({**self.state.pushed, **dict.fromkeys(self.state.removed), **dict.fromkeys(also)}):
            found = self.look(name)
            pushes = self.state.pushed.get(name, Pushed()).pushes
            rows.append({"name": name, "digest": found.manifest, "size_bytes": found.size_bytes, "state": self._state(found), "pushes": pushes})
        return rows

    def _state(self, found: Found) -> str:
        """removed, private, pushed, published (there from the beginning) or missing (nobody ever had it, or all was emptied)."""
        if found.name in self.state.removed:
            return "removed"
        if found.is_private:
            return "private"
        if found.name in self.state.pushed:
            return "pushed"
        return "missing" if self._is_missing(found.name) else "published"


def registry_of(engine) -> Registry:
    """The sandbox's registry, made when it is first asked for."""
    return engine.actors.get(NAME) or Registry(engine)


def is_local(domain: str) -> bool:
    """Whether a registry would have to run on the node itself. Source: containerd core/remotes/docker/registry.go (MatchLocalhost)."""
    return domain.rpartition(":")[0] in LOCAL or domain in LOCAL


def _host(parsed: reference.Reference) -> str:
    return "registry-1.docker.io" if parsed.domain == reference.DEFAULT_DOMAIN else parsed.domain


def _refusal(name: str, mode: str, resolver: str) -> str:
    """containerd's words when a pull cannot succeed. name: the full reference."""
    parsed = reference.parse(name)
    lead = f'failed to pull and unpack image "{name}": failed to resolve image: '
    if mode == "missing":
        return f"rpc error: code = NotFound desc = {lead}{name}: not found"
    if mode == "denied":
        return lead + DENIED
    manifest = f"https://{_host(parsed)}/v2/{parsed.path}/manifests/{parsed.digest or parsed.tag}"
    return lead + _trouble(mode, "Head", manifest, resolver)


def _trouble(mode: str, verb: str, url: str, resolver: str) -> str:
    if mode in ("unavailable", "limited"):
        words = "503 Service Unavailable" if mode == "unavailable" else LIMITED
        return f"unexpected status from {verb.upper()} request to {url}: {words}"
    host = url.split("/")[2]
    lookup, _, port = host.partition(":")
    address = f"127.0.0.1:{port or 443}" if is_local(host) else ADDRESS
    ends = {
        "dns": f": lookup {lookup} on {resolver}:53: no such host",
        "down": f" {address}: connect: connection refused",
        "timeout": f" {ADDRESS}: i/o timeout",
    }
    return f'failed to do request: {verb} "{url}": dial tcp{ends[mode]}'
