"""Owns the images of one node and the pulls that bring them: part of its containerd.

A pull is: ask for the manifest, then size ÷ bandwidth; pulls of one node share its line. It follows the registry when that gets slower
or breaks. A tag that moved brings another image; the one before keeps its digest and loses its name.
Source: containerd internal/cri/server/images/image_pull.go.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from . import manifests, reference, registry
from .state import Pull, StoredImage

FOUND_MS = 300  # a pull of what is there already: only the manifest is asked for
QUARTER, WHOLE = 250, 1000  # progress is told in thousandths, at each quarter
SHORT_MS = 2_000  # of a shorter pull nothing is told between begin and end
CUT_OFF = "rpc error: code = Unavailable desc = error reading from server: EOF"
CANCELED = "rpc error: code = Canceled desc = context canceled"
BY_ID = "docker.io/library/sha256:"  # what an image's own digest looks like as a full name


class Pulls:
    """Part of Containerd. It calls `listener.on_pull_ended(key)`; the kubelet then takes the outcome with `finish_pull`."""

    engine: Any
    state: Any
    node: str
    resolver: str
    listener: Any
    registry: Any

    def image(self, name: str) -> StoredImage | None:
        """An image on this node, by its full name, by a digest it came with, or by both; or by its own digest (sha256:…).

        Source: containerd internal/cri/server/images (LocalResolve).
        """
        stored = self.state.images.get(name)
        if stored is None and name.startswith(BY_ID):
            own = name.removeprefix(BY_ID)
            return next((each for each in self.state.images.values() if each.id == "sha256:" + own), None)
        if stored is not None or "@" not in name:
            return stored
        parsed = reference.parse(name)
        wanted = f"{parsed.repository}@{parsed.digest}"
        return next((each for each in self.state.images.values() if each.ref == wanted), None)

    def images(self) -> list[StoredImage]:
        return list(self.state.images.values())

    def _store(self, found: registry.Found, *, pulled: bool, keys: list[str] | None = None) -> StoredImage:
        ref = manifests.pulled_ref(found.name, found.manifest) if pulled else found.id
        before = self.state.images.pop(found.name, None)
        if before is not None and before.id != found.id and "@" in before.ref:
            self.state.images[before.ref] = replace(before, name="")
        stored = StoredImage(found.name, found.id, found.size_bytes, ref, keys or [])
        self.state.images[found.name] = stored
        self.state.image_changes += 1
        if self.listener is not None and self.listener.is_on:
            self.listener.on_usage_change()
        return stored

    def import_image(self, name: str) -> None:
        """`ctr images import`: the image is there without a registry."""
        found = self.registry.look(str(reference.parse(name)))
        self._store(found, pulled=False)
        self.trace("ImageImported", "", node=self.node, image=found.name)

    def remove_image(self, key: str) -> StoredImage | None:
        """Forget an image, by its key in `state.images`; containers that run keep what they have."""
        gone = self.state.images.pop(key, None)
        if gone is not None:
            self.state.image_changes += 1
            self.trace("ImageRemoved", "", node=self.node, image=gone.name or gone.ref, bytes=gone.size_bytes)
        return gone

    # -- pulls -----------------------------------------------------------------------------------------------------

    def begin_pull(self, name: str, uid: str, pod: str, container: str, keys: list[str] | None = None) -> Pull:
        """Ask the registry for an image. keys: the credentials that come along. The listener hears of its end."""
        source, key = self.registry, f"{uid}/{container}"
        found = source.resolve(name, resolver=self.resolver, has_credentials=bool(keys))
        here = self.image(name)
        is_here = here is not None and here.id == found.id and ("@" not in here.ref or here.ref.endswith(found.manifest))
        line_ms = found.size_bytes * 1000 // source.state.bandwidth_bytes_s
        takes_ms = FOUND_MS if is_here else registry.RESOLVE_MS + line_ms * (len(self._on_the_line()) + 1)
        if found.refused:
            takes_ms = found.late_ms or self.latency("pull_refused")
        pull = Pull(name, found.size_bytes, self.now_ms, self.now_ms + takes_ms, uid, pod, container, found.refused, keys or [])
        pull.manifest, pull.id, pull.is_private = found.manifest, found.id, found.is_private
        pull.is_short = is_here or bool(found.refused)
        if not pull.is_short:
            self._share(len(self._on_the_line()), len(self._on_the_line()) + 1)
        self.state.pulls[key] = pull
        self.tell("ImagePullStarted", uid, pod, container, image=name, bytes=0 if is_here else pull.size_bytes, due_ms=pull.due_ms)
        self._time_pull(key, pull)
        return pull

    def _on_the_line(self) -> list[Pull]:
        return [pull for pull in self.state.pulls.values() if not pull.is_short and pull.due_ms > self.now_ms]

    def _time_pull(self, key: str, pull: Pull) -> None:
        """Set the moment at which there is something to tell of a pull: its next quarter, or its end."""
        self.cancel(pull.timer)
        at_ms = pull.due_ms
        if not pull.is_short and pull.due_ms - pull.started_ms >= SHORT_MS:
            goal = (self._progress(pull) // QUARTER + 1) * QUARTER
            if goal < WHOLE:
                span = (pull.due_ms - pull.marked_ms) * (goal - pull.done)
                at_ms = pull.marked_ms - -span // (WHOLE - pull.done)
        pull.timer = self.after(max(0, at_ms - self.now_ms), "_pull_on", key)

    def _progress(self, pull: Pull) -> int:
        """How much of a pull is there, in thousandths."""
        span = pull.due_ms - pull.marked_ms
        return WHOLE if span <= 0 else min(WHOLE, pull.done + (WHOLE - pull.done) * (self.now_ms - pull.marked_ms) // span)

    def _pull_on(self, key: str) -> None:
        pull = self.state.pulls.get(key)
        if pull is None:
            return
        pull.timer = 0
        if self.now_ms >= pull.due_ms:
            if self.listener is not None and self.listener.is_on:
                self.listener.on_pull_ended(key)
            return
        self._tell_progress(pull)
        self._time_pull(key, pull)

    def _tell_progress(self, pull: Pull) -> None:
        percent = self._progress(pull) // 10
        self.tell("ImagePullProgressed", pull.uid, pull.pod, pull.container, image=pull.image, percent=percent, bytes=pull.size_bytes,
                  due_ms=pull.due_ms)  # fmt: skip

    def _share(self, before: int, after: int) -> None:
        """The line is shared by another number of pulls from now on."""
        if before and after:
            self.pulls_repaced(after, before)

    def pulls_repaced(self, before: int, after: int) -> None:
        """What is left of each pull takes before ÷ after as long: the registry sends at another rate."""
        for key, pull in self.state.pulls.items():
            if not pull.is_short and pull.due_ms > self.now_ms:
                pull.done, pull.marked_ms = self._progress(pull), self.now_ms
                pull.due_ms = self.now_ms + max(1, (pull.due_ms - self.now_ms) * before // after)
                self._tell_progress(pull)
                self._time_pull(key, pull)

    def pulls_broken(self) -> None:
        """The registry broke down: pulls that still need it end now."""
        source = self.registry
        for key, pull in self.state.pulls.items():
            refused = source.broken_off(pull.image, self.resolver)
            if refused and not pull.refused:
                self._end_now(key, pull, refused)

    def pulls_lost(self) -> None:
        """containerd stops: whoever waits for a pull loses the connection."""
        for key, pull in self.state.pulls.items():
            self._end_now(key, pull, CUT_OFF)

    def cancel_pulls(self, uid: str) -> None:
        """The Pod is to end: whoever pulls for it gives up."""
        for key, pull in self.state.pulls.items():
            if pull.uid == uid:
                self._end_now(key, pull, CANCELED)

    def _end_now(self, key: str, pull: Pull, refused: str) -> None:
        pull.refused, pull.due_ms, pull.is_short = refused, self.now_ms, True
        self._time_pull(key, pull)

    def finish_pull(self, key: str) -> tuple[StoredImage | None, str]:
        """(the image, "") or (None, why not)."""
        pull = self.state.pulls.pop(key)
        if not pull.is_short:
            self._share(len(self._on_the_line()) + 1, len(self._on_the_line()))
        if pull.refused:
            self.tell("ImagePullFailed", pull.uid, pull.pod, pull.container, image=pull.image, message=pull.refused)
            return None, pull.refused
        stored = self.image(pull.image)
        if stored is None or stored.id != pull.id:
            found = registry.Found(pull.image, pull.manifest, pull.id, pull.size_bytes)
            stored = self._store(found, pulled=True, keys=pull.keys if pull.is_private else [])
        elif pull.keys and stored.keys and stored.name:
            more = [each for each in pull.keys if each not in stored.keys]
            stored = self.state.images[stored.name] = replace(stored, keys=[*stored.keys, *more])
        self.tell("ImagePulled", pull.uid, pull.pod, pull.container, image=pull.image, bytes=stored.size_bytes)
        return stored, ""

    def abort_pulls(self) -> None:
        """The kubelet that asked is gone; so are its pulls."""
        for pull in self.state.pulls.values():
            self.cancel(pull.timer)
        self.state.pulls.clear()
