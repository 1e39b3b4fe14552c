"""Owns process numbers where containers share one PID namespace: who is seen, and whom a signal reaches.

A container's first process is PID 1 of a namespace of its own, unless its Pod shares one (shareProcessNamespace), in which pause is PID 1,
or it is in the node's (hostPID; a simplification: of the node's own programs the first alone is seen there, and of containers those
whose Pods are in it too). What is not PID 1 dies of a signal that it has no handler for. Sources: pid_namespaces(7);
kubernetes pkg/kubelet/kuberuntime/util/util.go (PidNamespaceForPod).
"""

from __future__ import annotations

import posixpath
from typing import Any

from .images import behaviours
from .state import Process, RuntimeState

NODE = "host"
FIRST = {NODE: "/sbin/init"}  # and pause in a Pod's own
SKIPPED = 6  # numbers that the runtime itself uses up until a container's first process is there


def begin(state: RuntimeState, process: Process, space: str) -> None:
    """Give the first process of a container its number in a shared namespace."""
    process.space = space
    state.last_pids[space] = process.first_pid = state.last_pids.get(space, 1) + SKIPPED


def next_pid(state: RuntimeState, main: Process) -> int:
    """A number for a process that begins in the container of a first process."""
    if main.space:
        state.last_pids[main.space] += 1
        return state.last_pids[main.space]
    main.last_pid += 1
    return main.last_pid


def mates(state: RuntimeState, main: Process) -> list[Process]:
    """The first processes in a shared namespace, in the order of their start: of the Pod's, or of all Pods that are in the node's."""
    if main.space == NODE:
        return [each for each in state.processes.values() if each.space == NODE]
    uid = state.containers[main.container].uid
    found = [state.processes[each] for each in state.by_pod.get(uid, ()) if each in state.processes]
    return [each for each in found if each.space == main.space]


def children_of(process: Process) -> list[str]:
    """The processes that a first process has started, as ps shows them."""
    image = behaviours()[process.behaviour] if process.behaviour and process.kind == "server" else None
    is_own = image is not None and image.command and posixpath.basename(process.argv[0]) == posixpath.basename(image.command[0])
    return [*(image.children if image is not None and is_own else ()), *process.children]


def programs(state: RuntimeState, main: Process) -> list[tuple[list[str], Any, int]]:
    """(command line, its Machine where it is a script, number) of all programs in a shared namespace."""
    found: list[tuple[list[str], Any, int]] = [([FIRST.get(main.space, "/pause")], None, 1)]
    together = mates(state, main)
    for each in together:
        found.append((each.argv, each.machine, each.first_pid))
        found += [(text.split(" "), None, 0) for text in children_of(each)]
    here = {each.container for each in together}
    beside = [run.process for run in state.execs.values() if run.container in here and run.process is not None]
    return found + [(each.argv, each.machine, 0) for each in beside if each.machine is not None]


class Namespaces:
    """Part of a Containerd: signals in shared namespaces."""

    state: RuntimeState
    signal: Any
    signal_task: Any
    kill_sandbox: Any

    def signal_shared(self, main: Process, pid: str, name: str) -> bool:
        """A process signals another one of its namespace, by its number; whether there is such a one."""
        together = mates(self.state, main)
        if pid == "1":
            if main.space != NODE and name in ("TERM", "INT"):  # pause ends on these, and takes all others along
                self.kill_sandbox(self.state.containers[main.container].pod)
                for each in together:
                    self.signal(each.container, "KILL")
            return True
        first = next((each for each in together if str(each.first_pid) == pid), None)
        if first is not None:
            if name != "EXIT":
                self.signal(first.container, name)
            return True
        return any(self.signal_task(each.container, pid, name) for each in together)
