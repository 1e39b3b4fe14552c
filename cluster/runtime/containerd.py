"""containerd of one node as an actor: images, sandboxes, containers and their processes. The kubelet calls it (CRI).

A call that takes time is two methods: the kubelet asks, sleeps the latency, and tells it to finish. What a process does
by itself are this actor's own events; `listener` (the kubelet) hears of the end of containers that it asked to stop.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cluster.engine import Actor

from . import host_logs, mounting, namespaces, reference, registry
from . import process as processes
from .attach import Attachments
from .commands import Commands
from .filesystem import HOST, Mount, Node, Volume, folder, host_tree
from .forwards import Forwards
from .images import behaviour_of, behaviours
from .last_words import last_words
from .network import next_address
from .programs import Programs
from .pulls import Pulls
from .reboots import Reboots
from .repositories import repositories_of
from .shell import machine
from .shell.machine import Step
from .state import NEVER_MS, Container, Process, RuntimeState, Sandbox, StoredImage, Surroundings
from .storage import SHARED, storage_of
from .world import ContainerWorld

PLAIN = Surroundings()
PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"
FAR_MS = 60_000  # what is further away than this happens in the background


class Containerd(Pulls, Programs, Attachments, Commands, Forwards, Reboots, Actor):
    """The runtime of one node. images: imported at first."""

    def __init__(
        self,
        engine,
        node: str,
        *,
        pod_cidr: str = "10.244.0.0/24",
        images: tuple[str, ...] = (),
        resolver: str = "10.200.0.1",
        node_ip: str = "",
    ):
        super().__init__(engine, f"containerd/{node}")
        self.node, self.resolver, self.node_ip = node, resolver, node_ip
        self.state = RuntimeState(pod_cidr=pod_cidr)
        self.listener: Any = None
        self._logs_step = -1  # in which step the logs were written to the node's files last
        self.registry = registry.registry_of(engine)
        self.registry.listeners.append(self)
        self.repositories = repositories_of(engine)
        for name in (PAUSE_IMAGE, *images):
            self._store(self.registry.look(str(reference.parse(name))), pulled=False)

    def fresh_state(self) -> RuntimeState:
        return self.state  # all of it is on the node's disk or held by shims

    def tell(self, kind: str, uid: str, pod: str, container: str = "", **data: Any) -> None:
        """Trace a fact about a Pod on this node."""
        if not self.engine.trace.on:
            return
        if container:
            data["container"] = container
        self.trace(kind, f"pods/{pod}", node=self.node, pod=pod, uid=uid, **data)

    def switch(self, *, is_on: bool) -> None:
        """Stop containerd, or start it. What runs is held by shims and goes on; pulls break off."""
        if is_on == (self.state.down_ms < 0):
            return
        self.state.down_ms = -1 if is_on else self.now_ms
        self.trace("ComponentStarted" if is_on else "ComponentStopped", "", component=self.name, node=self.node)
        if not is_on:
            self.pulls_lost()
        elif self.listener is not None and self.listener.is_on:
            self.listener.on_runtime_back()

    def switch_network(self, *, is_on: bool) -> None:
        """Take the network plugin's configuration away, or put it back. Networks that are set up stay."""
        if is_on == (not self.state.is_netless):
            return
        self.state.is_netless = not is_on
        self.trace("ComponentStarted" if is_on else "ComponentStopped", "", component=f"cni/{self.node}", node=self.node)

    def new_id(self) -> str:
        """The id of a sandbox, a container or a command."""
        return self.engine.rng("ids/" + self.name).hex(64)

    def host(self) -> Volume:
        """The node's own file system, which its Pods share where they mount it."""
        if HOST not in self.state.volumes:
            self.state.volumes[HOST] = Volume(host_tree(self.node), kind=HOST)
        return self.state.volumes[HOST]

    def host_seen(self, root: str) -> Volume:
        """The same, as a process looks into a part of it: with the logs of all containers as files, if that part holds them."""
        host = self.host()
        if self._logs_step != self.engine.steps and host_logs.shows(root):
            self._logs_step = self.engine.steps
            host_logs.write(self.state, host, now_ms=self.now_ms, time_text=self.engine.clock.nano_text)
        return host

    def storage_over(self, uid: str) -> None:
        """A Pod stores more than it may."""
        if self.listener is not None and self.listener.is_on:
            self.listener.on_storage_over(uid)

    def manifests_changed(self) -> None:
        """Something happened in the node's folder of manifests."""
        if self.listener is not None and self.listener.is_on:
            self.listener.on_manifests_change()

    def wipe_volume(self, spec: dict) -> None:
        """Delete the folder of this node that a PersistentVolume's spec is about."""
        path = (spec.get("hostPath") or spec.get("local") or {}).get("path", "")
        if path and HOST in self.state.volumes:
            nodes = self.state.volumes[HOST].nodes
            for each in [each for each in nodes if each == path or each.startswith(path.rstrip("/") + "/")]:
                del nodes[each]

    def volume(self, key: str) -> Volume:
        """A volume by its key; one that nobody has looked into yet is made now, and filled by the kubelet."""
        if key.startswith(SHARED + "/"):
            return storage_of(self.engine).volume(key)
        if key == HOST:
            return self.host()
        volume = self.state.volumes.setdefault(key, Volume({"/": folder(mode=0o777)}))
        if self.listener is not None:
            self.listener.fill_volume(key)
        return volume

    # -- sandboxes ---------------------------------------------------------------------------------------------

    def sandbox_started(self, uid: str, pod: str, *, attempt: int, host_network: bool, host_ports: dict[str, int] | None = None) -> Sandbox:
        """The pause container runs and the network namespace has its address."""
        chance = self.engine.rng("ids/" + self.name)
        sandbox = Sandbox(chance.hex(64), uid, pod, attempt, "ready", self.engine.now_ms, host_network=host_network)
        sandbox.host_ports = host_ports or {}
        sandbox.netns = "host" if host_network else f"cni-{chance.uuid()}"
        if self.engine.trace.on:
            self.tell("SandboxStarted", uid, pod, sandbox=sandbox.id[:12], netns=sandbox.netns, attempt=attempt)
        if not host_network:
            self._give_address(sandbox)
        state = self.state
        for old in state.sandboxes_of.get(uid, ()):
            state.sandboxes.pop(old, None)
        state.sandboxes[sandbox.id], state.sandboxes_of[uid] = sandbox, [sandbox.id]
        self._changed(uid)
        return sandbox

    def _give_address(self, sandbox: Sandbox) -> None:
        state = self.state
        sandbox.ip = next_address(state.pod_cidr, last=state.last_address, taken=state.addresses)
        if sandbox.ip:
            state.addresses[sandbox.ip] = sandbox.id
            state.last_address = sandbox.ip
        self.tell("NetworkAdded", sandbox.uid, sandbox.pod, ip=sandbox.ip, netns=sandbox.netns)

    def sandboxes(self, uid: str) -> list[Sandbox]:
        """A Pod's sandboxes, newest first."""
        return [self.state.sandboxes[each] for each in reversed(self.state.sandboxes_of.get(uid, ()))]

    def stop_sandbox(self, uid: str, pod: str) -> None:
        """Take the network away and end the pause containers of a Pod; those already ended are left."""
        for sandbox in self.sandboxes(uid):
            if sandbox.ip and self.state.addresses.pop(sandbox.ip, None):
                self.tell("NetworkRemoved", uid, pod, ip=sandbox.ip)
            if sandbox.state == "ready":
                self.state.sandboxes[sandbox.id] = replace(sandbox, state="notready")
                self.tell("SandboxStopped", uid, pod, sandbox=sandbox.id[:12])
                self._changed(uid)

    def kill_sandbox(self, pod: str) -> bool:
        """Fault: the pause container dies. The Pod's containers go on until the kubelet stops them."""
        for sandbox in list(self.state.sandboxes.values()):
            if sandbox.pod == pod and sandbox.state == "ready":
                self.state.sandboxes[sandbox.id] = replace(sandbox, state="notready")
                self.tell("SandboxKilled", sandbox.uid, pod, sandbox=sandbox.id[:12])
                self._changed(sandbox.uid)
                return True
        return False

    def remove_pod(self, uid: str) -> None:
        """Forget all of a Pod that has ended: sandboxes, containers, logs, volumes."""
        for container in self.state.by_pod.pop(uid, ()):
            self._forget_container(container)
        for sandbox in self.state.sandboxes_of.pop(uid, ()):
            self.state.sandboxes.pop(sandbox, None)
        for volume in [name for name in self.state.volumes if name.startswith(uid + "/")]:
            del self.state.volumes[volume]
        self.state.changed.pop(uid, None)
        if self.state.disk_limits:
            self.state.disk_limits.pop(uid, None)

    def uids(self) -> list[str]:
        """The Pods of which something is on this node, oldest first."""
        return list(self.state.sandboxes_of)

    def _changed(self, uid: str) -> None:
        self.state.changed.setdefault(uid, self.engine.now_ms)
        if self.listener is not None and self.listener.is_on:
            self.listener.on_runtime_change(uid)

    # -- containers -------------------------------------------------------------------------------------------

    def container_created(
        self,
        uid: str,
        pod: str,
        *,
        name: str,
        attempt: int,
        image: StoredImage,
        definition: str,
        message_path: str = "",
        message_from_logs: bool = False,
    ) -> Container:
        """A container stands ready to be started; of its predecessors only the last is kept."""
        container = Container(
            self.new_id(),
            name,
            uid,
            pod,
            self.state.sandboxes_of[uid][-1],
            attempt,
            image.name,
            image.ref,
            "created",
            self.engine.now_ms,
            message_path=message_path,
            message_from_logs=message_from_logs,
            definition=definition,
        )
        mine = self.state.by_pod.setdefault(uid, [])
        for old in [each for each in mine if self.state.containers[each].name == name][:-1] if mine else ():
            mine.remove(old)
            self._forget_container(old)
        mine.append(container.id)
        self.state.containers[container.id] = container
        if self.engine.trace.on:
            self.tell("ContainerCreated", uid, pod, name, id=container.id[:12], image=image.name, attempt=attempt)
        return container

    def remove_container(self, container_id: str) -> None:
        """Forget one that has ended."""
        uid = self.state.containers[container_id].uid
        self.state.by_pod[uid].remove(container_id)
        self._forget_container(container_id)
        self._changed(uid)

    def _forget_container(self, container_id: str) -> None:
        self.end_streams(container_id)
        self.state.containers.pop(container_id, None)
        self.state.logs.pop(container_id, None)
        gone = self.state.processes.pop(container_id, None)
        if gone is not None:
            self.cancel(gone.timer)
            self.cancel(gone.kill_timer)

    def container_started(
        self,
        container_id: str,
        *,
        command: list[str],
        args: list[str],
        env: dict[str, str],
        hostname: str,
        mounts: dict[str, Mount],
        around: Surroundings = PLAIN,
        stdin: bool = False,
        stdin_once: bool = False,
        tty: bool = False,
        target: str = "",
        ports: tuple[int, ...] = (),
    ) -> str:
        """The container's program runs. Returns "" or why it cannot be started."""
        container = self.state.containers[container_id]
        behaviour = behaviour_of(container.image)
        process = processes.make(
            container_id, behaviour, command=command, args=args, env=env, hostname=hostname, mounts=mounts, around=around
        )  # fmt: skip
        process.ports, process.target = list(ports), target
        if around.folder:  # the runtime makes it, as root
            self._world(process, container).make_folder(around.folder)
        if around.space:
            namespaces.begin(self.state, process, around.space)
            if process.machine is not None:
                machine.start(process, process.argv, pid=process.first_pid)
        if tty:  # containerd's pkg/oci (WithTTY)
            process.env = {"PATH": process.env.get("PATH", ""), "TERM": "xterm", **process.env}
        process.user, process.group, process.groups = around.user, around.group, list(around.groups)
        process.env.setdefault("HOME", "/" if around.user else "/root")  # runc, out of /etc/passwd
        if around.user and container.message_path:  # the kubelet mounts a file there that anybody may write
            process.files.setdefault(container.message_path, Node(mode=0o666))
        unmounted = mounting.problem(self.state, process, container) if mounts else ""
        if unmounted:
            return self._start_failed(container, processes.NOT_STARTED.format(reason=unmounted))
        try:
            failed = processes.look_up(process, self._world(process, container)) if process.kind == "file" else ""
        except processes.StartError as error:
            return self._start_failed(container, str(error))
        self.state.processes[container_id] = process
        self._replace(container, state="running", started_ms=self.engine.now_ms)
        if self.engine.trace.on:
            about = {"id": container.id[:12], "command": process.argv[:4], "restarts": container.attempt}
            self.tell("ContainerStarted", container.uid, container.pod, container.name, **about)
        if failed:
            self.wrote(container_id, "stderr", failed + "\n")
            process.timer = self.after(self.latency("process_exit"), "_exited", container_id, 1)
        elif process.kind == "script" and (stdin or tty):
            self.begin_main(process, tty=tty, closes=stdin_once, hears=stdin)
        elif process.kind == "script":
            self._run(process)
        elif not (behaviours()[behaviour].programs and self.begin_program(process)) and not self.lost_port(process):
            for line in behaviours()[behaviour].log:
                self.wrote(container_id, "stdout", line + "\n")
        return ""

    def _start_failed(self, container: Container, why: str) -> str:
        """The runtime could not start a container's program: the container counts as ended."""
        self._replace(container, state="exited", started_ms=NEVER_MS, finished_ms=self.now_ms, exit_code=128, reason="StartError", message=why)
        self.tell("ContainerStartFailed", container.uid, container.pod, container.name, exit_code=128, message=why)
        return why

    def limits_set(self, container_id: str, *, memory_bytes: int, cpu: tuple[int, int]) -> None:
        """A running container gets other limits (CRI's UpdateContainerResources)."""
        process = self.state.processes.get(container_id)
        if process is not None:
            process.memory_limit = memory_bytes
            process.cpu_request, process.cpu_limit = cpu

    def containers(self, uid: str) -> list[Container]:
        """A Pod's containers, oldest first."""
        return [self.state.containers[each] for each in self.state.by_pod.get(uid, ())]

    def running(self, pod: str, name: str) -> str:
        """The id of a Pod's running container; "" when there is none. An earlier Pod of that name may not have ended yet."""
        for container_id in reversed(self.state.processes):
            container = self.state.containers[container_id]
            if container.pod == pod and container.name == name and container.state == "running":
                return container_id
        return ""

    def _replace(self, container: Container, **changes: Any) -> Container:
        changed = self.state.containers[container.id] = replace(container, **changes)
        self._changed(container.uid)
        return changed

    # -- processes ----------------------------------------------------------------------------------------------

    def _run(self, process: Process) -> None:
        container = self.state.containers[process.container]
        self._follow(process, processes.advance(process, self._world(process, container)))

    def _world(self, process: Process, container: Container) -> ContainerWorld:
        clock = self.engine.clock
        world = ContainerWorld(
            self.state,
            container.id,
            container.uid,
            process,
            self.now_ms,
            clock.text(self.now_ms),
            clock.unix_ms(self.now_ms) // 1000,
            write=lambda stream, text: self.wrote(container.id, stream, text),
        )
        world.runtime = self
        return world

    def _follow(self, process: Process, step: Step) -> None:
        """Arrange for what comes after a step of a script."""
        process.began_ms, process.timer = self.now_ms, 0
        if step.kind == "spin":
            container = self.state.containers[process.container]
            self.tell("ScriptSpins", container.uid, container.pod, container.name)
        if step.kind == "exit":
            process.timer = self.after(self.latency("process_exit"), "_exited", process.container, step.code)
        elif step.wait_ms >= 0:
            is_background = process.looped or step.wait_ms > FAR_MS
            process.timer = self.after(step.wait_ms, "_wake", process.container, background=is_background)

    def _wake(self, container_id: str) -> None:
        process = self.state.processes.get(container_id)
        if container_id in self.state.execs:
            self._exec_walk(container_id)
        elif process is not None:
            self._run(process)

    def signal(self, container_id: str, name: str, *, grace_ms: int = 0) -> None:
        """Send a signal to a container's first process."""
        process, container = self.state.processes.get(container_id), self.state.containers.get(container_id)
        if process is None or container is None:
            return
        process.signal = name
        self.tell("SignalSent", container.uid, container.pod, container.name, signal="SIG" + name, grace_ms=grace_ms)
        if name == "KILL":
            self.cancel(process.timer)
            process.timer = self.after(self.latency("process_exit"), "_exited", container_id, processes.KILLED)
        elif process.kind == "script":
            self._interrupt(process, name)
        elif process.calls or behaviours()[process.behaviour].signals:
            self.signal_program(process, name)
        elif (code := processes.exit_on(process, name)) is not None and not process.timer:
            low, high = behaviours()[process.behaviour].stop_ms
            process.timer = self.after(
                self.engine.rng("stop/" + self.name).between(low, high), "_exited", container_id, code
            )

    def _interrupt(self, process: Process, name: str) -> None:
        """A shell runs its handler when the command in front has ended."""
        wait_ms = processes.interrupt(process, self._world(process, self.state.containers[process.container]), name)
        if wait_ms >= 0:
            self.cancel(process.timer)
            process.timer = self.after(wait_ms, "_wake", process.container)

    def _exited(self, container_id: str, code: int) -> None:
        process = self.state.processes.pop(container_id, None)
        container = self.state.containers.get(container_id)
        if process is None or container is None:
            return
        was_asked = bool(process.kill_timer)
        self.cancel(process.kill_timer)
        self.end_streams(container_id)
        reason = "OOMKilled" if process.is_out_of_memory else "Error" if code else "Completed"
        message = last_words(container, self._world(process, container), self.state.logs.get(container_id), code)
        ended = self._replace(
            container, state="exited", finished_ms=self.now_ms, exit_code=code, reason=reason, message=container.message or message
        )
        signal = "SIG" + process.signal if process.signal else ""
        self.tell(
            "ContainerExited",
            ended.uid,
            ended.pod,
            ended.name,
            id=ended.id[:12],
            exit_code=code,
            reason=reason,
            signal=signal,
        )
        if was_asked:
            self.after(self.latency("container_stop"), "_stopped", ended.uid, container_id)

    def end_streams(self, container_id: str) -> None:
        """All that was open to a container ends with it."""
        self.end_execs(container_id)
        self.end_commands(container_id)
        self.end_attachments(container_id)
        self.end_forwards(container_id)

    def _stopped(self, uid: str, container_id: str) -> None:
        if self.listener is not None and self.listener.is_on:
            self.listener.on_container_stopped(uid, container_id)

    def stop_container(self, container_id: str, grace_ms: int) -> bool:
        """Ask a container to end: its stop signal now, KILL after the grace period. False when it has ended already."""
        process = self.state.processes.get(container_id)
        if process is None:
            return False
        if process.kill_timer:
            self.cancel(process.kill_timer)
        process.kill_timer = self.after(grace_ms, "_kill", container_id)
        self.signal(
            container_id,
            behaviours()[process.behaviour].stop_signal if process.kind == "server" else "TERM",
            grace_ms=grace_ms,
        )
        return True

    def _kill(self, container_id: str) -> None:
        if container_id in self.state.processes:
            self.signal(container_id, "KILL")

    def kill_container(self, pod: str, name: str) -> bool:
        """Fault: the container's first process is killed."""
        for container_id, process in list(self.state.processes.items()):
            container = self.state.containers[container_id]
            if container.pod == pod and container.name == name:
                self.signal(process.container, "KILL")
                return True
        return False
