"""Owns what a kubelet remembers between its steps: workers, reports, statuses, back-offs. All plain data."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from cluster.runtime.state import Container, Sandbox

from .volume_state import Cached, Mounted


class Report(Struct):
    """The runtime's account of one Pod as last seen. sandboxes: newest first; containers: oldest first."""

    sandboxes: list[Sandbox] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    ip: str = ""

    def latest(self, name: str) -> Container | None:
        """The newest container of a name."""
        for container in reversed(self.containers):
            if container.name == name:
                return container
        return None


class Stop(Struct):
    """A container that is being stopped. stage: "hook" (its preStop runs), "turn" (others end first), "term" (it was signalled)."""

    id: str
    name: str
    grace_s: int
    stage: str = ""
    since_ms: int = 0  # when the stage began
    timer: int = 0  # an event's id: when the grace period ends


class Pass(Struct):
    """What a pass still has to do, and what came of it. It lies here while the pass waits for containers to end, or for a hook.

    starts: [list of the spec, container], in order. hook: the container whose postStart runs. ends_ms: when the first crash back-off
    ends. delayed: [container, delay, restarts]. stopped: containers that this pass stopped: for its back-offs they still run.
    """

    create_sandbox: bool = False
    attempt: int = 0
    starts: list[list[str]] = field(default_factory=list)
    address: str = ""
    hook: str = ""
    acted: bool = False
    failed: bool = False
    ends_ms: int = -1
    delayed: list[list[Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    missing_images: dict[str, list[str]] = field(default_factory=dict)  # volume -> [reason, message], see image_volumes.py
    removals: list[str] = field(default_factory=list)  # containers that must go first, see resets.py


class Probe(Struct):
    """One probe of one container: its ticker and its last results. Changed in place.

    verdict: what the kubelet holds of `id`: "", "success", "failure" or "unknown"; result and run: the last result and how often in a row.
    """

    kind: str  # "startup", "readiness", "liveness"
    container: str
    anchor_ms: int  # when its ticker began
    id: str = ""  # the container that it looks at
    verdict: str = ""
    result: str = ""
    run: int = 0
    is_on_hold: bool = False  # until there is a new container
    is_busy: bool = False  # a probe is under way
    is_wanted: bool = False  # one more was asked for meanwhile
    timer: int = 0  # event id of the next tick, 0 = none is needed
    count: int = 0
    last_ms: int = -1
    output: str = ""  # of the last failure


class Resize(Struct):
    """The resources of a Pod that was resized: container -> resources. allocated: what the node has promised; actuated: what is in force.

    reason, message: of a resize that waits, of the generation `pending`. progress: the generation of the one under way, 0 when none is.
    """

    allocated: dict[str, dict[str, Any]]
    actuated: dict[str, dict[str, Any]]
    reason: str = ""
    message: str = ""
    pending: int = 0
    progress: int = 0
    noted: str = ""  # when that was last said
    error: str = ""  # why the one under way cannot be brought into force


class Worker(Struct):
    """One Pod's worker. phase: "sync", "terminating", "terminated", "finished".

    pending: why it must work again ("" = nothing to do). running: a pass is under way. awaiting: the phase of the pass
    that waits for a newer report, "" when none does. cancelled: the Pod began to end while a pass was under way.
    """

    uid: str
    key: str
    phase: str = "sync"
    pending: str = ""
    running: bool = False
    awaiting: str = ""
    cancelled: bool = False
    seen_ms: int = 0
    synced_ms: int = -1  # end of the last pass
    mounted: bool = False
    is_probed: bool = False
    has_images: bool = False  # among its volumes
    grace_s: int = 0
    stops: dict[str, Stop] = field(default_factory=dict)  # containers whose end is awaited, by id
    turns: dict[str, list[str]] = field(default_factory=dict)  # sidecar -> who must have ended before it is stopped
    then: str = ""  # what follows their end: "sync", "start" or "terminated"
    plan: Pass | None = None  # of the pass under way
    retry: int = 0  # event id of the next pass by itself
    removed: bool = False  # the object is gone from the API


class Known(Struct):
    """The status of a Pod as the kubelet holds it; sent: the version that the API server has."""

    key: str
    status: dict[str, Any]
    version: int = 1
    sent: int = 0
    finished: bool = False


class BackoffEntry(Struct):
    delay_ms: int
    updated_ms: int


class Backoffs(Struct):
    entries: dict[str, BackoffEntry] = field(default_factory=dict)


class KubeletState(Struct):
    started_ms: int = 0
    workers: dict[str, Worker] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    observed_ms: dict[str, int] = field(default_factory=dict)  # Pod uid -> when its report was taken on demand
    awaiting: dict[str, bool] = field(default_factory=dict)  # Pod uids whose worker waits for a newer report
    relist_due: int = 0  # event id of the next relist, 0 = none needed
    statuses: dict[str, Known] = field(default_factory=dict)
    dirty: dict[str, bool] = field(default_factory=dict)  # Pod uids whose status must be sent
    last_sent: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # Pod uid -> the object that the last patch returned
    volumes: dict[str, Mounted] = field(default_factory=dict)  # uid -> its volumes, of Pods whose volumes need care
    objects: dict[str, Cached] = field(default_factory=dict)  # "configmaps/namespace/name" -> what is watched for Pods
    storage_checks: dict[str, int] = field(default_factory=dict)  # uid -> event id, of Pods that store too much
    evictions: dict[str, list[str]] = field(default_factory=dict)  # uid -> [reason, message] of Pods that this kubelet ends
    pods: dict[str, str] = field(default_factory=dict)  # uid -> key of the Pods in the API
    ended: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # uid -> last object of a Pod that the API has no more
    probes: dict[str, dict[str, Probe]] = field(default_factory=dict)  # uid -> "kind/container" -> probe
    resizes: dict[str, Resize] = field(default_factory=dict)  # uid -> of Pods that were resized
    deadlines: dict[str, int] = field(default_factory=dict)  # uid -> event id of its active deadline
    reasons: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # uid -> container -> [reason, message]
    crash: Backoffs = field(default_factory=Backoffs)
    pull: Backoffs = field(default_factory=Backoffs)
    pull_errors: dict[str, str] = field(default_factory=dict)
    pull_tokens: int = 10_000  # thousandths of a pull that the limit still allows, as of pull_filled_ms
    pull_filled_ms: int = 0
    image_records: dict[str, list[int]] = field(default_factory=dict)  # image -> [first seen, last seen in use], ms
    image_gc_failed: bool = False
    pressures: dict[str, int] = field(default_factory=dict)  # node condition -> when it was last seen, ms
    thresholds: dict[str, int] = field(default_factory=dict)  # eviction thresholds that are met -> since when, ms
    unresolved: list[str] = field(default_factory=list)  # those of them whose grace period is over
    evicting: list[Any] = field(default_factory=list)  # [uid, ms] of the Pod that was evicted last, until it has gone
    configuration: dict[str, Any] = field(default_factory=dict)  # what the node's file said when this kubelet started
    shutdown_ms: int = -1  # since when the machine is shut down
    shutdown: list[Any] = field(default_factory=list)  # [seconds, uids] of the groups of Pods that are to end before it is
    pressure_look: int = 0  # event id of the next look at memory and disk, 0 = none is needed
    is_registered: bool = False
    node_uid: str = ""
    is_unschedulable: bool = False
    reported_ms: int = 0  # when the node's status was last sent
    report_later_ms: int = 0  # how much later than usual, or earlier, it is sent again if nothing changes
    reported_images: int = -1
    lease: dict[str, Any] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)  # what admitted Pods request in all
    admitted: dict[str, dict[str, int]] = field(default_factory=dict)  # uid -> what it requests
    static: dict[str, dict[str, Any]] = field(default_factory=dict)  # uid -> static Pod, as its manifest has it
    has_static: bool = False  # there are static Pods, or were
    preempting: dict[str, list[str]] = field(default_factory=dict)  # uid of a critical Pod -> uids of the Pods that make room for it
    ports: dict[str, list[list[Any]]] = field(default_factory=dict)  # uid -> its host ports
