"""Owns how many processes there are, of a Pod and of a node, and how many there may be; and that a fork bomb takes all that it may.

Of a fork bomb a program's first processes are played, and it is left to spin (shell/machine.py); what it would have started beside them is
counted, so nobody else has a number to start one with. Sources: Linux kernel/fork.c (set_max_threads), kernel/cgroup/pids.c;
kubernetes pkg/kubelet/stats/pidlimit/pidlimit_linux.go.
"""

from __future__ import annotations

from .namespaces import children_of
from .state import Process, RuntimeState

SYSTEM = 120  # tasks of the machine's own: its kernel's threads and its daemons
MOST, BYTES_EACH = 4_194_304, 1 << 17  # kernel.pid_max; a machine may run as many tasks as their stacks fit into an eighth of its memory


def most(memory_bytes: int) -> int:
    """How many tasks a machine runs at most. memory_bytes: 0: any amount."""
    return min(MOST, memory_bytes // BYTES_EACH) if memory_bytes else MOST


def running(state: RuntimeState) -> int:
    """How many there are on a node."""
    return SYSTEM + sum(of_pod(state, uid) for uid in state.sandboxes_of)


def of_pod(state: RuntimeState, uid: str) -> int:
    """How many a Pod has: pause, its containers' and those beside them, and what its fork bombs hold."""
    found = sum(state.sandboxes[each].state == "ready" for each in state.sandboxes_of.get(uid, ()))
    for container_id in state.by_pod.get(uid, ()):
        process = state.processes.get(container_id)
        if process is not None:
            found += _of(process) + state.held_pids.get(container_id, 0)
            if state.execs:
                found += sum(_of(run.process) for run in state.execs.values() if run.container == container_id and run.process is not None)
    return found


def _of(process: Process) -> int:
    return len(process.machine.tasks) if process.machine is not None else 1 + len(children_of(process))


def room(state: RuntimeState, uid: str, memory_bytes: int) -> int:
    """How many more a Pod may start."""
    left = most(memory_bytes) - running(state)
    return max(min(left, state.pod_pids - of_pod(state, uid)) if state.pod_pids else left, 0)


def may_fork(state: RuntimeState, uid: str, memory_bytes: int) -> bool:
    """Whether a Pod may start one more. Where nobody holds any and no limit is set, there is room for all that programs may have."""
    return not (state.held_pids or state.pod_pids) or room(state, uid, memory_bytes) > 0
