"""Owns what a node's runtime remembers: sandboxes, containers, processes and images, all plain data."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from .capabilities import USUAL
from .filesystem import Mount, Node, Volume
from .shell.tasks import Machine

NEVER_MS = -1  # when a container started that never did


class Sandbox(Struct):
    """A Pod's pause container with its network namespace. Replaced, never changed, when something happens to it."""

    id: str
    uid: str  # the Pod's
    pod: str  # the Pod's key, "namespace/name"
    attempt: int
    state: str  # "ready" or "notready"
    created_ms: int
    ip: str = ""  # "" when the Pod shares the node's network
    netns: str = ""
    host_network: bool = False
    host_ports: dict[str, int] = field(default_factory=dict)  # "port", "address:port", "port/udp" of the node -> port of the Pod


class Container(Struct):
    """A container as the runtime reports it. Replaced, never changed, so that an old report stays what it was.

    state: "created", "running" or "exited". attempt: how many came before it in this Pod under this name.
    """

    id: str
    name: str
    uid: str
    pod: str
    sandbox: str
    attempt: int
    image: str  # normalised, docker.io/library/busybox:1
    image_ref: str
    state: str
    created_ms: int
    started_ms: int = 0
    finished_ms: int = 0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    message_path: str = ""  # where it leaves its last words
    message_from_logs: bool = False  # else its log's end is taken, when it fails
    definition: str = ""  # a fingerprint of the spec's image and name, to see a change


class Surroundings(Struct, frozen=True):
    """What the kubelet puts around a container beside its mounts: files of /etc, and who its processes are."""

    hosts: str = ""
    resolver: str = ""
    user: int = 0
    group: int = 0
    groups: tuple[int, ...] = ()
    read_only: bool = False  # the image's files, and what the container adds to them
    memory_bytes: int = 0  # its limit, 0: none
    disk_bytes: int = 0  # its limit of ephemeral storage, 0: none
    folder: str = ""  # workingDir
    no_new_privileges: bool = False  # allowPrivilegeEscalation: false
    space: str = ""  # the PID namespace that it shares, see namespaces.py
    cpu_request: int = 0  # thousandths of a CPU that it asks for
    cpu_limit: int = 0  # and may use, 0: any number
    sysctls: tuple[tuple[str, str], ...] = ()  # kernel settings of its Pod
    first_user: int = 0  # what its root is on the node, where its Pod has a user namespace of its own; else 0
    capabilities: int = USUAL  # a bit for each, see capabilities.py
    is_filtered: bool = False  # it has a seccomp profile


class Process(Struct):
    """PID 1 of a running container: where its program stands. Changed in place.

    kind: "sleep" (until due), "server" (until signalled), "script" (a shell program).
    """

    container: str
    kind: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    hostname: str = ""
    machine: Machine | None = None  # of a script: where it and its children stand
    last_pid: int = 6  # the last number that a process in the container got
    folder: str = ""  # in which it begins, "" = the root
    files: dict[str, Node] = field(default_factory=dict)  # what differs from its image, by path; see files.py
    mounts: dict[str, Mount] = field(default_factory=dict)  # by mount path
    hosts: str = ""  # /etc/hosts
    resolver: str = ""  # /etc/resolv.conf
    user: int = 0
    group: int = 0
    groups: list[int] = field(default_factory=list)  # supplementary ones
    read_only: bool = False  # readOnlyRootFilesystem
    no_new_privileges: bool = False  # a program whose file is set to run as its owner does not
    listens: dict[str, str] = field(default_factory=dict)  # port -> server and its setting, of what a script started
    target: str = ""  # the container whose process namespace it shares
    space: str = ""  # the PID namespace that all of its Pod share: the Pod's uid, or "host"
    first_pid: int = 1  # its number
    ports: list[int] = field(default_factory=list)  # what its Pod says that it listens on
    began_ms: int = 0  # when the present wait began
    wakes_ms: int = -1  # when it ends; -1: never by itself
    timer: int = 0
    looped: bool = False  # it has run through an open-ended loop: its timers are background
    behaviour: str = ""  # the image file that says how it ends
    kill_timer: int = 0
    signal: str = ""  # the last signal that reached it
    notes: dict[str, Any] = field(default_factory=dict)  # what a program of programs.py remembers
    calls: int = 0  # how often it was called
    children: list[str] = field(default_factory=list)  # processes that it started beside those of its image
    is_ending: bool = False
    memory_bytes: int = 0  # what it holds
    memory_told: int = 0  # of that, what the kernel has looked at
    memory_limit: int = 0  # 0: none
    disk_limit: int = 0  # 0: none
    cpu_request: int = 0  # thousandths of a CPU, as its cgroup has them
    cpu_limit: int = 0  # 0: none
    sysctls: tuple[tuple[str, str], ...] = ()  # kernel settings of its Pod; see sysctls.py
    first_user: int = 0  # what its root is on the node
    capabilities: int = USUAL  # a bit for each, see capabilities.py
    is_filtered: bool = False  # it has a seccomp profile
    is_bounded: bool = False  # it was told that a simulated disk is small
    is_out_of_memory: bool = False


class Exec(Struct):
    """A command run beside a container's first process, or the first process itself where it reads an input. Changed in place.

    typed: what came in and is not read yet. line: what is being typed at a terminal. wants: what it waits for of its input:
    "" (nothing), "all", "some" or a "line". process: None when it is the container's first one, which `processes` holds.
    """

    number: int
    container: str
    process: Process | None
    tty: bool = False
    has_input: bool = False
    is_shell: bool = False  # it reads commands line by line
    is_open: bool = False  # more may come in
    is_busy: bool = False
    is_begun: bool = False
    closes: bool = False  # of a first process: its input ends with the first who attaches
    is_deaf: bool = False  # of a first process: at a terminal, to which nobody can type
    typed: str = ""
    line: str = ""
    unfinished: str = ""  # lines of a command that goes on
    wants: str = ""
    size: list[int] = field(default_factory=lambda: [0, 0])  # of the terminal: rows and columns


class Command(Struct):
    """A command that the kubelet runs in a container, while it waits for something. Changed in place. limit: an event's id."""

    token: str
    run: Exec
    output: str = ""
    errors: str = ""
    limit_ms: int = 0
    limit: int = 0


class Attachment(Struct):
    """Somebody who hears what a first process writes (`kubectl attach`), and may type into it. Changed in place."""

    number: int
    container: str
    has_input: bool = False
    is_begun: bool = False
    typed: str = ""  # what came before it was begun
    is_closed: bool = False


class Forward(Struct):
    """A connection from outside to a port of a Pod. Changed in place. container: who listens, "" until it is dialled."""

    number: int
    uid: str
    pod: str
    port: int
    container: str = ""
    received: str = ""
    is_open: bool = True  # the client may send more
    is_busy: bool = False  # a request is being answered
    heard: int = -1  # how much was received when a server that speaks no HTTP last had nothing to say to it


class Log(Struct):
    """The last lines that a container wrote: [ms, stream, text]."""

    lines: list[list[Any]] = field(default_factory=list)
    size: int = 0
    written: int = 0  # lines ever
    file_bytes: int = 0  # ever, as they are written to its file
    rest: dict[str, str] = field(default_factory=dict)  # stream -> a line whose end is not written yet
    is_open: bool = False  # the end of the last line was never written


class StoredImage(Struct):
    """An image on the node. Replaced, never changed. name: "" once its tag has moved to another one. keys: the credentials that
    are needed to use it (see the kubelet's images.py); none for what everybody may use."""

    name: str
    id: str
    size_bytes: int
    ref: str  # what status.imageID shows
    keys: list[str] = field(default_factory=list)


class Pull(Struct):
    """A pull under way. Changed in place. done: how much was there at marked_ms, in thousandths. is_short: it takes none of the line."""

    image: str
    size_bytes: int
    started_ms: int
    due_ms: int
    uid: str = ""
    pod: str = ""
    container: str = ""
    refused: str = ""
    keys: list[str] = field(default_factory=list)
    manifest: str = ""
    id: str = ""
    is_private: bool = False
    done: int = 0
    marked_ms: int = -1
    is_short: bool = False
    timer: int = 0

    def __post_init__(self):
        if self.marked_ms < 0:
            self.marked_ms = self.started_ms


class RuntimeState(Struct):
    """All that is on the node: it survives a restart of the kubelet."""

    images: dict[str, StoredImage] = field(default_factory=dict)
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    by_pod: dict[str, list[str]] = field(default_factory=dict)  # Pod uid -> container ids, oldest first
    sandboxes_of: dict[str, list[str]] = field(default_factory=dict)  # Pod uid -> sandbox ids, oldest first
    processes: dict[str, Process] = field(default_factory=dict)
    logs: dict[str, Log] = field(default_factory=dict)
    execs: dict[str, Exec] = field(default_factory=dict)  # by the number of the input that began them; first ones by container
    commands: dict[str, Command] = field(default_factory=dict)  # by the kubelet's token
    attachments: dict[str, Attachment] = field(default_factory=dict)  # by the number of the input that began them
    forwards: dict[str, Forward] = field(default_factory=dict)  # by the number of the input that began them
    disk_limits: dict[str, int] = field(default_factory=dict)  # Pod uid -> bytes that all of its containers may store together
    memory_limits: dict[str, int] = field(default_factory=dict)  # Pod uid -> bytes that all of its containers may hold together
    volumes: dict[str, Volume] = field(default_factory=dict)  # "uid/volume", or "host": the node's own file system
    host_logs: dict[str, int] = field(default_factory=dict)  # path of a log on the node -> lines when it was written last
    pulls: dict[str, Pull] = field(default_factory=dict)
    changed: dict[str, int] = field(
        default_factory=dict
    )  # Pod uid -> when something of it changed, unseen by the kubelet
    addresses: dict[str, str] = field(default_factory=dict)  # address -> sandbox
    pod_cidr: str = ""
    last_address: str = ""
    last_pids: dict[str, int] = field(default_factory=dict)  # shared PID namespace -> the last number in it
    checkpoints: dict[str, Any] = field(default_factory=dict)  # Pod uid -> what a kubelet that has stopped promised it, see its resizes.py
    user_ranges: dict[str, int] = field(default_factory=dict)  # Pod uid -> the first id on the node of its user namespace
    held_pids: dict[str, int] = field(default_factory=dict)  # container -> processes that a fork bomb in it holds, beside those that are played
    pod_pids: int = 0  # how many processes a Pod may have, as the kubelet has set it (podPidsLimit); 0: any number
    log_bytes: int = 50 << 20  # what a container's logs take at most, as the kubelet rotates them; 0: any amount
    filled_bytes: int = 0  # what a learner put on the node's disk
    down_ms: int = -1  # since when containerd itself is switched off; its shims go on
    is_netless: bool = False  # its network plugin has no configuration
    image_changes: int = 0  # how often the list of images changed
    serial: int = 0
    boots: int = 0  # how often the machine was restarted
    boot: int = 0  # the event that ends a restart which is under way
    holds_kubelet: bool = False  # the kubelet is not to start with the machine
    booted_ms: int = 0  # when it was up the last time
