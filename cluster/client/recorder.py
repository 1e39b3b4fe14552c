"""Reports what a component did as Event objects, a moment after and in order, so that no work waits for them.

`Recorder` writes core/v1 Events (controllers, kubelets), `EventsV1Recorder` events.k8s.io/v1 (the scheduler).
Source: k8s.io/client-go tools/record/event.go and tools/events/event_broadcaster.go.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

from cluster.client.correlator import CorrelatorState, correlate, digest_anew, note, remember
from cluster.meta.requests import Response

QUEUE_LENGTH = 1000  # maxQueuedEvents: what comes while so many wait is lost
MOST_TRIES, TRY_AGAIN_MS = 12, 10_000  # maxTriesPerEvent, defaultSleepDuration: while there is no API server
FINISH_MS = 360_000  # a series not seen for six minutes is over
EVENTS_V1 = "events.events.k8s.io"
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
    """Plain data.

    held: the first of those pending as it goes out: [Event, patch, the correlator's key]; None: nothing is pending. tries: how often it
    was sent in vain.
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

    def event(
        self, obj: dict, type: str, reason: str, message: str, field_path: str = "", annotations: dict | None = None
    ) -> None:
        """Notes that something happened to an object (or what an ObjectReference names); returns at once."""
        state = self.state
        if len(state.pending) >= QUEUE_LENGTH:
            return
        state.pending.append(self._make(reference_to(obj, field_path), type, reason, message, annotations))
        if state.held is None:
            self._set_out(self.actor.latency("event_record"))

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

    def _set_out(self, later_ms: int) -> None:
        """Let the first Event that is pending set out `later_ms` from now; what the spam filter drops before it goes."""
        actor, state = self.actor, self.state
        while state.pending:
            found = correlate(state.correlator, state.pending[0], now_ms=actor.now_ms, fresh=self._fresh)
            if found is not None:
                state.held = list(found)
                actor.after(self.client.write_ms(later_ms), "wake", self.part, background=actor.engine.in_background)
                return
            del state.pending[0]

    def wake(self) -> None:
        """The Event under way has come to the server: it is stored, and the next one sets out with the answer.

        All in one step of the engine, since nobody sees what an Event goes through, and no work waits for it.
        """
        state = self.state
        event, patch, key = state.held
        reply = self._written(event, patch)
        note(state.correlator, reply.body if reply.ok else event, key)
        if not reply.ok and reply.is_unheard and self._holds():
            return
        state.held, state.tries = None, 0
        del state.pending[0]
        if state.pending:
            self._set_out(self.actor.latency("reply"))

    def _written(self, event: dict, patch: dict | None) -> Response:
        """The answer to an Event, or to the patch that counts it; one that has expired meanwhile is made again."""
        client, meta = self.client, event["metadata"]
        if patch:
            reply = client.at_once(client.patch("events", meta["name"], patch, namespace=meta["namespace"]))
            if reply.code != 404:
                return reply
        return client.note(event)

    def _holds(self) -> bool:
        """Nobody heard it: it is sent again later, and all others wait behind it, until it has been sent too often. Source: recordToSink."""
        state = self.state
        state.tries += 1
        if state.tries == MOST_TRIES:
            return False
        chance = self.actor.engine.rng(f"events/{self.component}/{self.host}")
        self.actor.after(chance.below(TRY_AGAIN_MS) if state.tries == 1 else TRY_AGAIN_MS, "wake", self.part, background=True)
        return True

    def _fresh(self, event: dict) -> dict:
        now_ms, state = self.actor.now_ms, self.state
        state.serial += 1
        name = self._names.name(event["involvedObject"]["name"], unix_ms=self.clock.epoch_ms + now_ms, serial=state.serial)
        return {"name": name, "time": self.clock.text(now_ms)}


@dataclass
class EventsV1State:
    """Plain data: the Events of late by what makes them alike, each as last sent, with its series kept up here.

    under_way: what the server has not answered yet, by number: [Event, how often it was sent in vain]. due_ms: when the last one comes there.
    """

    serial: int = 0
    recent: dict[str, dict] = field(default_factory=dict)
    last_ms: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, list[Any]] = field(default_factory=dict)
    kept: int = 0  # how many there have been
    due_ms: int = 0


class EventsV1Recorder:
    """Writes events.k8s.io/v1 Events: no count; what repeats becomes a series, written at its start and its end."""

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
            self._set_out(event)

    def finish_series(self) -> None:
        """Called each six minutes: writes the final count of what has stopped repeating, and forgets what is old."""
        horizon_ms = self.actor.now_ms - FINISH_MS
        self.state.last_ms = {key: ms for key, ms in self.state.last_ms.items() if key in self.state.recent}
        for key in [key for key, seen_ms in self.state.last_ms.items() if seen_ms < horizon_ms]:
            event, seen_ms = self.state.recent.pop(key), self.state.last_ms.pop(key)
            if "series" in event and _is_to_be_tried_again(event, self._written(event)):
                self.state.recent[key], self.state.last_ms[key] = event, seen_ms     # a final count that nobody hears is written the next time

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

    def _set_out(self, event: dict) -> None:
        """Each Event by itself: one that nobody hears holds up no other. But none overtakes another, for a repeat is told of what is there."""
        actor, state = self.actor, self.state
        state.due_ms = max(state.due_ms, actor.now_ms + self.client.write_ms(actor.latency("event_record")))
        actor.after(state.due_ms - actor.now_ms, "send_event", self._keep(event, 0), background=actor.engine.in_background)

    def _keep(self, event: dict, tries: int) -> str:
        self.state.kept += 1
        self.state.under_way[str(self.state.kept)] = [event, tries]
        return str(self.state.kept)

    def send(self, number: str) -> None:
        """An Event under way has come to the server, in one step of the engine: nobody sees what it goes through.

        Source: recordToSink, attemptRecording.
        """
        event, tries = self.state.under_way.pop(number)
        if _is_to_be_tried_again(event, self._written(event)) and tries + 1 < MOST_TRIES:
            jitter_ms = self.actor.engine.rng(f"events/{self.component}").below(TRY_AGAIN_MS // 4)
            self.actor.after(TRY_AGAIN_MS + jitter_ms, "send_event", self._keep(event, tries + 1), background=True)

    def _written(self, event: dict) -> Response:
        client, meta = self.client, event["metadata"]
        if "series" in event:
            patch = {"series": event["series"]}
            reply = client.at_once(client.patch(EVENTS_V1, meta["name"], patch, namespace=meta["namespace"]))
            if reply.code != 404:
                return reply
        return client.note(event)


def _is_to_be_tried_again(event: dict, reply: Response) -> bool:
    """Nobody heard it; or a series was about an Event that came to be only between its two requests. Source: recordEvent."""
    return not reply.ok and (reply.is_unheard or ("series" in event and reply.reason == "AlreadyExists"))
