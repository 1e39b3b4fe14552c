"""Reports what a component did as Event objects, a moment after and in order, so that no work waits for them.

`Recorder` writes core/v1 Events (controllers, kubelets), `EventsV1Recorder` events.k8s.io/v1 (the scheduler).
Source: k8s.io/client-go tools/record/event.go and tools/events/event_broadcaster.go.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client.correlator import CorrelatorState, correlate, digest_anew, note, remember

QUEUE_LENGTH = 1000  # maxQueuedEvents: what comes while so many wait is lost
MOST_TRIES, TRY_AGAIN_MS = 12, 10_000  # maxTriesPerEvent, defaultSleepDuration: while there is no API server
FINISH_MS = 360_000  # a series not seen for six minutes is over
SOURCES = 997  # keeps two components' names apart within one millisecond


def reference_to(obj: dict, field_path: str = "") -> dict:
    """The ObjectReference of an object; one that is a reference already stays as it is."""
    metadata = obj.get("metadata")
    if metadata is None:
        return {**obj, "fieldPath": field_path} if field_path else obj
    about = {}
    if kind := obj.get("kind"):
        about["kind"] = kind
    if namespace := metadata.get("namespace"):
        about["namespace"] = namespace
    about["name"] = metadata["name"]
    if uid := metadata.get("uid"):
        about["uid"] = uid
    if version := obj.get("apiVersion"):
        about["apiVersion"] = version
    if revision := metadata.get("resourceVersion"):
        about["resourceVersion"] = revision
    if field_path:
        about["fieldPath"] = field_path
    return about


def later(call, later_ms: int):
    """The same call, sent that much later."""
    call.later_ms = later_ms
    return call


class Names:
    """Event names `<name>.<hex of nanoseconds since 1970>`, unique and repeatable.

    The source sets the microseconds within a millisecond, a counter the nanoseconds.
    """

    def __init__(self, source: str) -> None:
        self._base_ns = zlib.crc32(source.encode()) % SOURCES * 1_000

    def name(self, about: str, *, unix_ms: int, serial: int) -> str:
        return f"{about}.{unix_ms * 1_000_000 + self._base_ns + serial % 1_000:x}"


@dataclass
class RecorderState:
    """Plain data; at rest nothing is pending, but for what nobody has heard yet.

    held: the first of these as it goes out: [Event, patch, the correlator's key]. tries: how often it was sent.
    """

    serial: int = 0
    held: list[Any] | None = None
    tries: int = 0
    pending: list[dict] = field(default_factory=list)
    correlator: CorrelatorState = field(default_factory=CorrelatorState)


class Recorder:
    """Writes core/v1 Events of one component; a part of its actor's snapshots."""

    def __init__(self, actor, client, *, component: str, host: str = "", part: str = "recorder") -> None:
        self.actor, self.client, self.clock = actor, client, actor.engine.clock
        self.component, self.host = component, host
        self.source = {"component": component, **({"host": host} if host else {})}
        self.state, self.part = RecorderState(), part
        actor.attach(part, self)
        self._names = Names(component + host)
        self._sending = False

    def event(
        self, obj: dict, type: str, reason: str, message: str, field_path: str = "", annotations: dict | None = None
    ) -> None:
        """Notes that something happened to an object (or what an ObjectReference names); returns at once."""
        state = self.state
        if len(state.pending) >= QUEUE_LENGTH:
            return
        state.pending.append(self._make(reference_to(obj, field_path), type, reason, message, annotations))
        if not self._sending and not state.tries:
            self._sending = True
            self.actor.work(self._send_pending())

    def wake(self) -> None:
        """Send what is pending."""
        self._sending = True
        self.actor.work(self._send_pending())

    def _make(self, about: dict, type: str, reason: str, message: str, annotations: dict | None) -> dict:
        now_ms, state = self.actor.now_ms, self.state
        state.serial = serial = state.serial + 1
        time, name = self.clock.text(now_ms), self._names.name(about["name"], unix_ms=self.clock.epoch_ms + now_ms, serial=serial)
        metadata = {"name": name, "namespace": about.get("namespace") or "default"}
        if annotations:
            metadata["annotations"] = annotations
        return {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": metadata,
            "involvedObject": about,
            "reason": reason,
            "message": message,
            "source": self.source,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
            "type": type,
            "eventTime": None,
            "reportingComponent": self.component,
            "reportingInstance": self.host,
        }

    def _send_pending(self) -> Iterator:
        """One Event after another, so that a repeat finds what came before it; the first a moment later."""
        state, pending, later_ms = self.state, self.state.pending, self.actor.latency("event_record")
        try:
            while pending:
                result = state.held or correlate(state.correlator, pending[0], now_ms=self.actor.now_ms, fresh=self._fresh)
                if result is not None:
                    event, patch, key = result
                    metadata, reply = event["metadata"], None
                    if patch:
                        reply = yield later(self.client.patch("events", metadata["name"], patch, namespace=metadata["namespace"]), later_ms)
                    if reply is None or reply.code == 404:  # the first one has expired meanwhile
                        call = self.client.create("events", event, namespace=metadata["namespace"])
                        call.later_ms = 0 if reply else later_ms
                        reply = yield call
                    note(state.correlator, reply.body if reply.ok else event, key)
                    if not reply.ok and reply.is_unheard:
                        self._hold(event, patch, key)
                    elif state.tries:
                        state.held, state.tries = None, 0
                    if state.held is not None:
                        break
                del pending[0]
                later_ms = 0
        finally:
            self._sending = False

    def _hold(self, *result: Any) -> None:
        """Nobody heard it: it is sent again later, and all others wait behind it, until it has been sent too often. Source: recordToSink."""
        state = self.state
        state.held, state.tries = list(result), state.tries + 1
        if state.tries == MOST_TRIES:
            state.held, state.tries = None, 0
            return
        chance = self.actor.engine.rng(f"events/{self.component}/{self.host}")
        self.actor.after(chance.below(TRY_AGAIN_MS) if state.tries == 1 else TRY_AGAIN_MS, "wake", self.part, background=True)

    def _fresh(self, event: dict) -> dict:
        now_ms, state = self.actor.now_ms, self.state
        state.serial += 1
        name = self._names.name(event["involvedObject"]["name"], unix_ms=self.clock.epoch_ms + now_ms, serial=state.serial)
        return {"name": name, "time": self.clock.text(now_ms)}


@dataclass
class EventsV1State:
    """Plain data: the Events of late by what makes them alike, each as last sent, with its series kept up here.

    unheard: what nobody has heard yet, by number: [Event, how often it was sent].
    """

    serial: int = 0
    recent: dict[str, dict] = field(default_factory=dict)
    last_ms: dict[str, int] = field(default_factory=dict)
    unheard: dict[str, list[Any]] = field(default_factory=dict)
    held: int = 0  # how many there have been


class EventsV1Recorder:
    """Writes events.k8s.io/v1 Events: no count; what repeats becomes a series, written at its start and its end."""

    RESOURCE = "events.events.k8s.io"

    def __init__(self, actor, client, *, component: str, instance: str) -> None:
        self.actor, self.client, self.component, self.instance = actor, client, component, instance
        self.clock, self.state = actor.engine.clock, EventsV1State()
        actor.attach("recorder", self)
        self._names = Names(component)

    def event(self, obj: dict, type: str, reason: str, action: str, note: str, related: dict | None = None, source: str = "") -> None:
        """Notes that something happened to an object; returns at once. Repeats after the second are only counted.

        source: who says so, where that is not the component.
        """
        about = reference_to(obj)
        key = digest_anew("|".join([type, action, reason, *map("=".join, about.items())]))
        known = self.state.recent.get(key)
        self.state.last_ms[key] = self.actor.now_ms
        event = self._repeat(known) if known else self._make(about, type, reason, action, note, related, source or self.component)
        remember(self.state.recent, key, event)
        if known is None or "series" not in known:
            self.actor.work(self._send(event))

    def finish_series(self) -> None:
        """Called each six minutes: writes the final count of what has stopped repeating, and forgets what is old."""
        horizon_ms = self.actor.now_ms - FINISH_MS
        self.state.last_ms = {key: ms for key, ms in self.state.last_ms.items() if key in self.state.recent}
        for key in [key for key, seen_ms in self.state.last_ms.items() if seen_ms < horizon_ms]:
            event, seen_ms = self.state.recent.pop(key), self.state.last_ms.pop(key)
            if "series" in event:
                self.actor.work(self._finish(key, event, seen_ms))

    def _finish(self, key: str, event: dict, seen_ms: int) -> Iterator:
        """A final count that nobody hears is written the next time."""
        reply = yield from self._write(event)
        if _is_to_be_tried_again(event, reply) and key not in self.state.recent:
            self.state.recent[key], self.state.last_ms[key] = event, seen_ms

    def _repeat(self, known: dict) -> dict:
        count = known.get("series", {}).get("count", 1) + 1
        return {**known, "series": {"count": count, "lastObservedTime": self.clock.micro_text(self.actor.now_ms)}}

    def _make(self, about: dict, type: str, reason: str, action: str, note: str, related: dict | None, source: str) -> dict:
        self.state.serial += 1
        name = self._names.name(about["name"], unix_ms=self.clock.unix_ms(self.actor.now_ms), serial=self.state.serial)
        event = {
            "kind": "Event",
            "apiVersion": "events.k8s.io/v1",
            "metadata": {"name": name, "namespace": about.get("namespace") or "default"},
            "eventTime": self.clock.micro_text(self.actor.now_ms),
            "reportingController": source,
            "reportingInstance": self.instance if source == self.component else source + self.instance.removeprefix(self.component),
            "action": action,
            "reason": reason,
            "regarding": about,
            "note": note,
            "type": type,
        }
        return {**event, "related": reference_to(related)} if related else event

    def _send(self, event: dict, tries: int = 0) -> Iterator:
        """Each Event by itself: one that nobody hears holds up no other. Source: recordToSink, attemptRecording."""
        reply = yield from self._write(event)
        if _is_to_be_tried_again(event, reply) and tries + 1 < MOST_TRIES:
            self.state.held += 1
            self.state.unheard[str(self.state.held)] = [event, tries + 1]
            jitter_ms = self.actor.engine.rng(f"events/{self.component}").below(TRY_AGAIN_MS // 4)
            self.actor.after(TRY_AGAIN_MS + jitter_ms, "send_event_again", str(self.state.held), background=True)

    def send_again(self, number: str) -> None:
        """Time to send what nobody heard once more."""
        event, tries = self.state.unheard.pop(number)
        self.actor.work(self._send(event, tries))

    def _write(self, event: dict) -> Iterator:
        metadata, reply, later_ms = event["metadata"], None, self.actor.latency("event_record")
        if "series" in event:
            patch = {"series": event["series"]}
            reply = yield later(self.client.patch(self.RESOURCE, metadata["name"], patch, namespace=metadata["namespace"]), later_ms)
        if reply is None or reply.code == 404:
            reply = yield later(self.client.create(self.RESOURCE, event, namespace=metadata["namespace"]), 0 if reply else later_ms)
        return reply


def _is_to_be_tried_again(event: dict, reply: Any) -> bool:
    """Nobody heard it; or a series was about an Event that came to be only between its two requests. Source: recordEvent."""
    return not reply.ok and (reply.is_unheard or ("series" in event and reply.reason == "AlreadyExists"))
