"""Leader election by a Lease in kube-system: whoever holds it works, whoever finds it held waits until it has run out.

One process of each sort runs here, so what is seen of it is a start: the Lease of the process before has to run out first, unless that
gave it up. Renewals are background, two seconds apart. Source: k8s.io/client-go tools/leaderelection/leaderelection.go,
resourcelock/leaselock.go; cmd/kube-controller-manager/app/controllermanager.go, cmd/kube-scheduler/app/{server.go,options/options.go}.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .client import LEASES, Client
from .recorder import Recorder

LEASE_S, RENEW_DEADLINE_MS, RETRY_MS = 15, 10_000, 2_000  # --leader-elect-lease-duration, -renew-deadline, -retry-period
JITTER = 1.2
NAMESPACE = "kube-system"
HOST = "vm"
RESTART_MS = 1_000  # until what has ended by itself is started again


@dataclass
class ElectionState:
    """lease: as last read or written. observed_ms: when it was last seen to be another than before, or was written."""

    identity: str = ""
    is_leader: bool = False
    lease: dict = field(default_factory=dict)
    observed_ms: int = 0
    is_waiting: bool = False   # for another's Lease to run out


class Election:
    """Part of one process, which has `lead()` and `lost_lead()`. gives_up: whether a process that is told to end releases the Lease.

    start_ms: how long it takes from its start to its first try; nothing for the first processes of a cluster.
    """

    def __init__(self, process, *, component: str, gives_up: bool, start_ms: int):
        self.process, self.name, self.gives_up, self.start_ms = process, process.name, gives_up, start_ms
        self.client = Client(process, user=f"system:{self.name}", groups=["system:authenticated"], manager=self.name)
        self.recorder = Recorder(process, self.client, component=component, part="election-recorder")
        self.state = ElectionState()
        process.attach("election", self)

    def begin(self) -> None:
        """The process has started."""
        self.state.identity = f"{HOST}_{self.process.engine.rng('election/' + self.name).uuid()}"
        self.process.after(self.start_ms if self.process.generation else 0, "elect")

    def attempt(self) -> None:
        self.process.work(self._attempt())

    def end(self) -> None:
        """The process is told to end: it gives the Lease up, if it is one that does."""
        state = self.state
        if state.is_leader and self.gives_up:
            now = self._now()
            spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": now, "renewTime": now}
            self.client.send(self.client.update(LEASES, self._lease({**spec, "leaseTransitions": self._transitions()})))

    # -- becoming the leader -----------------------------------------------------------------------------------------

    def _attempt(self):
        """One try. Another holder is waited for, from the moment at which it was last seen to renew."""
        state, process = self.state, self.process
        reply = yield self.client.get(LEASES, self.name, NAMESPACE)
        if reply.code == 404:
            reply = yield self.client.create(LEASES, self._new())
        elif reply.ok:
            if reply.body["spec"] != state.lease.get("spec"):
                state.observed_ms = process.now_ms
            state.lease, held = reply.body, reply.body["spec"].get("holderIdentity")
            is_mine = held == state.identity
            held_ms = (reply.body["spec"].get("leaseDurationSeconds") or 0) * 1000  # a Lease that somebody has changed may not say
            if held and not is_mine and process.now_ms < state.observed_ms + held_ms:
                self._tell_waiting(held)
                self._try_again(background=False)
                return
            reply = yield self.client.update(LEASES, self._lease(self._spec(transitions=self._transitions() + (not is_mine))))
        if reply.ok:
            self._won(reply.body)
        else:
            self._try_again(background=True)

    def _tell_waiting(self, holder: str) -> None:
        if self.state.is_waiting:
            return
        self.state.is_waiting = True
        self.process.trace("LeaseHeld", f"leases/{NAMESPACE}/{self.name}", component=self.name, holder=holder, seconds=LEASE_S)

    def _try_again(self, *, background: bool) -> None:
        wait_ms = RETRY_MS + int(RETRY_MS * JITTER * self.process.engine.rng("election/" + self.name).random())
        self.process.after(wait_ms, "elect", background=background)

    def _won(self, lease: dict) -> None:
        state, process = self.state, self.process
        state.lease, state.is_leader, state.observed_ms, state.is_waiting = lease, True, process.now_ms, False
        process.trace("LeaderElected", f"leases/{NAMESPACE}/{self.name}", component=self.name, holder=state.identity,
                      transitions=lease["spec"]["leaseTransitions"])  # fmt: skip
        self.recorder.event(lease, "Normal", "LeaderElection", f"{state.identity} became leader")
        process.after(RETRY_MS, "renew_lead", background=True)
        process.lead()

    # -- staying the leader ------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """One renewal, or a try at it; a leader that could not renew for ten seconds is none any more.

        Simplified: it takes no time, so that what goes on for ever is one event each two seconds.
        """
        state, process = self.state, self.process
        spec, acquired = self._spec(transitions=self._transitions()), state.lease["spec"].get("acquireTime")
        if acquired:
            spec["acquireTime"] = acquired
        else:
            del spec["acquireTime"]  # somebody has taken it away
        reply = self.client.at_once(self.client.update(LEASES, self._lease(spec)))
        if reply.code in (404, 409):
            process.work(self._look())
        if reply.ok:
            state.lease, state.observed_ms = reply.body, process.now_ms
        elif process.now_ms - state.observed_ms >= RENEW_DEADLINE_MS:
            self._lost()
            return
        process.after(RETRY_MS, "renew_lead", background=True)

    def _look(self):
        """Somebody else has written the Lease, or deleted it: it is made again, or renewed as it is now, if it is still this process's."""
        found = yield self.client.get(LEASES, self.name, NAMESPACE)
        if found.code == 404:
            found = yield self.client.create(LEASES, self._new())
        if found.ok and found.body["spec"].get("holderIdentity") == self.state.identity:
            self.state.lease = found.body

    def _lost(self) -> None:
        self.state.is_leader = False
        self.process.trace("LeaderLost", f"leases/{NAMESPACE}/{self.name}", component=self.name, holder=self.state.identity)
        self.process.after(0, "lost_lead", background=True)

    # -- the object --------------------------------------------------------------------------------------------------

    def _now(self) -> str:
        return self.process.engine.clock.micro_text(self.process.now_ms)

    def _transitions(self) -> int:
        return self.state.lease["spec"].get("leaseTransitions", 0)

    def _spec(self, *, transitions: int) -> dict:
        now = self._now()
        return {"holderIdentity": self.state.identity, "leaseDurationSeconds": LEASE_S, "acquireTime": now, "renewTime": now,
                "leaseTransitions": transitions}  # fmt: skip

    def _lease(self, spec: dict) -> dict:
        return {**self.state.lease, "spec": spec}

    def _new(self) -> dict:
        meta = {"name": self.name, "namespace": NAMESPACE}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": self._spec(transitions=0)}
