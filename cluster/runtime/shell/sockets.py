"""netstat: which ports the programs of a network namespace listen on. No connection lasts, so no other socket is ever shown.

A simplification: a server listens on every address, of IPv4 alone. Source: busybox networking/netstat.c.
"""

from __future__ import annotations

import posixpath

from .call import Call, Usage

TITLES = {"a": "(servers and established)", "l": "(only servers)", "": "(w/o servers)"}
PROGRAM = "PID/Program name    "


def netstat(call: Call) -> int:
    options = call.options("ralntuwxepW")
    if options.rest or "r" in options:
        raise Usage
    title = TITLES["a" if "a" in options else "l" if "l" in options else ""]
    kinds = [kind for kind in "tuwx" if kind in options] or list("tuwx")
    program = PROGRAM if "p" in options else ""
    if any(kind != "x" for kind in kinds):
        call.out(f"Active Internet connections {title}\nProto Recv-Q Send-Q {'Local Address':<23} {'Foreign Address':<23} State       {program}\n")
        call.out("".join(rows(call, kinds, named=bool(program)) if "a" in options or "l" in options else ()))
    if "x" in kinds:
        call.out(f"Active UNIX domain sockets {title}\nProto RefCnt Flags       Type       State         I-Node {program}Path\n")
    return 0


def rows(call: Call, kinds: list[str], *, named: bool) -> list[str]:
    """One row of each port, by protocol and number; programs of other containers, and what a script has started, have no name here."""
    runtime, found = call.world.runtime, []
    for protocol, port, container in runtime.sockets(call.world.container) if runtime is not None else ():
        if protocol[0] not in kinds:
            continue
        process = runtime.state.processes[container]
        is_named = container == call.world.container and process.machine is None
        mine = f"{process.first_pid}/{posixpath.basename(process.argv[0])}" if is_named else "-"
        state = "LISTEN" if protocol == "tcp" else ""
        end = f"{mine:<20}" if named else ""
        found.append(f"{protocol}   {0:6} {0:6} {f'0.0.0.0:{port}':<23} {'0.0.0.0:*':<23} {state:<12}{end}\n")
    return found


SOCKETS = {"netstat": netstat}
