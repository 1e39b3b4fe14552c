"""Owns connections into Pods from outside (`kubectl port-forward`): the runtime dials the port inside the Pod's network namespace.

What the listener sends leaves by `heard(number, "data", text)`, its end by "exit", a refusal by "error".
Source: containerd internal/cri/server/sandbox_portforward_linux.go; the kubelet's streaming server, portforward/httpstream.go.
"""

from __future__ import annotations

from typing import Any

from .http import Asked, Malformed, request_of
from .servers import hangs_up, listening, serve, talker_of
from .state import Forward, Sandbox
from .world import ContainerWorld

MOST_RECEIVED = 2 * 1024 * 1024
ANSWER_MS = 1
REFUSED = (
    "error forwarding port {port} to pod {id}, uid : failed to execute portforward in network namespace {netns}: failed to connect to "
    'localhost:{port} inside namespace "{id}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused '
    "IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
)


class Forwards:
    """Part of a Containerd: the connections under way, in `state.forwards`."""

    state: Any
    node_ip: str

    def forward_asked(self, number: int, uid: str, pod: str, port: int) -> None:
        """A connection is on its way to a Pod; what is sent meanwhile is kept."""
        self.state.forwards[str(number)] = Forward(number, uid, pod, port)
        self.after(self.latency("request"), "_forward_begin", str(number))

    def _forward_begin(self, number: str) -> None:
        found = self.state.forwards.get(number)
        if found is None:
            return
        known = self.sandboxes(found.uid) or [each for each in self.state.sandboxes.values() if each.pod == found.pod]  # a mirror's uid is not its
        sandbox = next((each for each in known if each.state == "ready"), None)
        if sandbox is None:
            self._forward_refused(found, f"error forwarding port {found.port} to pod {found.pod}, uid : sandbox is not running", "")
            return
        container = next((each for each in self.containers(found.uid) if found.port in self._ports(each.id)), None)
        if container is None:
            self._forward_refused(found, REFUSED.format(port=found.port, id=sandbox.id, netns=_netns(sandbox)), sandbox.netns)
            return
        found.container = container.id
        self.tell("ConnectionOpened", found.uid, found.pod, container.name, port=found.port)
        self._forward_next(found)

    def world_of(self, container_id: str) -> ContainerWorld:
        """A running container as one of its servers has it."""
        return self._world(self.state.processes[container_id], self.state.containers[container_id])

    def heard_in(self, container_id: str) -> None:
        """Somebody has spoken to a program of a script (`nc -l`): what waits there goes on."""
        self.after(0, "_wake", container_id)
        for key in [key for key, run in self.state.execs.items() if run.container == container_id and run.process is not None]:
            self.after(0, "_exec_walk", key)

    def addresses_of(self, container_id: str) -> list[str]:
        """The addresses of a container's network namespace; of the node's where it shares that."""
        container = self.state.containers.get(container_id)
        sandbox = self.state.sandboxes.get(container.sandbox) if container is not None else None
        address = self.node_ip if sandbox is None or sandbox.host_network else sandbox.ip
        return [address] if address else []

    def _ports(self, container_id: str) -> dict[int, str]:
        process = self.state.processes.get(container_id)
        return listening(process) if process is not None else {}

    def _forward_refused(self, found: Forward, words: str, netns: str) -> None:
        self.tell("ConnectionRefused", found.uid, found.pod, port=found.port, netns=netns)
        self._forward_end(found, "error", words)

    def forward_input(self, number: int, text: str) -> None:
        found = self.state.forwards.get(str(number))
        if found is not None and found.is_open:
            found.received = (found.received + text)[:MOST_RECEIVED]
            self._forward_next(found)

    def forward_closed(self, number: int) -> None:
        """The client sends no more; it still reads."""
        found = self.state.forwards.get(str(number))
        if found is not None:
            found.is_open = False
            self._forward_next(found)

    def forward_gone(self, number: int) -> None:
        self.state.forwards.pop(str(number), None)

    def _forward_next(self, found: Forward) -> None:
        """Answer the next request that is all there; at the end of the client's words the server hangs up."""
        if not found.container or found.is_busy or found.container not in self.state.processes:
            return
        if self._talker(found) is not None:
            is_there = len(found.received) > found.heard
        else:
            try:
                is_there = request_of(found.received)[0] is not None
            except Malformed:
                is_there = True
        if is_there:
            found.is_busy = True
            self.after(ANSWER_MS, "_forward_answer", str(found.number))
        elif not found.is_open:
            self._forward_end(found, "exit", 0)

    def _forward_answer(self, number: str) -> None:
        found = self.state.forwards.get(number)
        process = self.state.processes.get(found.container) if found else None
        if found is None or process is None:
            return
        container = self.state.containers[found.container]
        if self._ports(container.id).get(found.port) is None:  # it listens no longer
            self._forward_end(found, "exit", 0)
            return
        if (talks := self._talker(found)) is not None:
            self._forward_talk(found, container, *talks)
            return
        try:
            asked, found.received = request_of(found.received)
        except Malformed as malformed:
            asked = malformed
        served = serve(self._world(process, container), container.image, self._ports(container.id)[found.port], asked)
        for stream, text in served.lines:
            self.wrote(container.id, stream, text)
        line = f"{asked.method} {asked.path}"[:80] if isinstance(asked, Asked) else "?"
        self.tell("RequestServed", found.uid, found.pod, container.name, port=found.port, asked=line, code=served.code)
        self._forward_hear(found, "data", served.text)
        found.is_busy = False
        if hangs_up(asked, served):
            self._forward_end(found, "exit", 0)
        else:
            self._forward_next(found)

    def _talker(self, found: Forward) -> Any:
        """The function and the setting of a listener that speaks no HTTP, else None."""
        return talker_of(self.world_of(found.container), self._ports(found.container).get(found.port, ""))

    def _forward_talk(self, found: Forward, container: Any, talker: Any, setting: str) -> None:
        """What a server that speaks no HTTP says to what it has received; at first to nothing, as a greeting."""
        text = "" if found.heard < 0 else found.received
        said = talker(self.world_of(container.id), container.image.rpartition(":")[2], text, setting)
        for stream, line in said.lines:
            self.wrote(container.id, stream, line)
        if found.heard >= 0 and len(said.rest) < len(text):
            found.received, found.heard = said.rest, 0
        else:
            found.heard = 0 if found.heard < 0 else len(text)
        if said.text:
            self._forward_hear(found, "data", said.text)
        found.is_busy = False
        if said.is_over:
            self._forward_end(found, "exit", 0)
        else:
            self._forward_next(found)

    def end_forwards(self, container_id: str) -> None:
        """The listener is gone: its connections are closed."""
        for found in [each for each in self.state.forwards.values() if each.container == container_id]:
            self._forward_end(found, "exit", 0)

    def _forward_end(self, found: Forward, channel: str, said: Any) -> None:
        self.state.forwards.pop(str(found.number), None)
        self._forward_hear(found, channel, said)

    def _forward_hear(self, found: Forward, channel: str, said: Any) -> None:
        if self.heard is not None:
            self.heard(found.number, channel, said)


def _netns(sandbox: Sandbox) -> str:
    return '"host"' if sandbox.host_network else f'"/var/run/netns/{sandbox.netns}"'
