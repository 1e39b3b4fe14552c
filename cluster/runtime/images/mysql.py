"""mysql: initialises its data directory, then listens on 3306; refuses to start without a password or on a directory that is not its own.

A simplification: of SQL it knows CREATE and DROP DATABASE, SHOW DATABASES and SELECT VERSION(); databases are folders, as they really are.
Sources: github.com/docker-library/mysql docker-entrypoint.sh; MySQL 8.4's error log.
"""

from __future__ import annotations

import re

from cluster.runtime.image import Act, Image, Printed
from cluster.runtime.programs import Running
from cluster.runtime.servers import Said
from cluster.runtime.words import Stamp
from cluster.runtime.world import ContainerWorld

VERSION, PORT, DATA = "8.4.6", 3306, "/var/lib/mysql"
PASSWORDS = ("MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
FILES = ("auto.cnf", "binlog.index", "ca.pem", "ib_buffer_pool", "ibdata1", "mysql.ibd", "undo_001", "undo_002")
INIT_MS, TEMPORARY_MS, READY_MS, RECOVER_MS, STOP_MS = (3_000, 5_000), (2_000, 3_500), (900, 1_600), (1_200, 2_200), (600, 1_400)
SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
NAME = re.compile(r"`?([A-Za-z0-9_-]{1,64})`?")


def mysqld(me: Running) -> Act:
    """The entrypoint and the server: check, initialise, a temporary server for users and databases, the real one."""
    return STAGES[me.notes.get("stage", "check")](me)


def _check(me: Running) -> Act:
    _note(me, f"Entrypoint script for MySQL Server {VERSION}-1.el9 started.")
    _note(me, "Switching to dedicated user 'mysql'")
    _note(me, f"Entrypoint script for MySQL Server {VERSION}-1.el9 started.")
    names = me.world.names(DATA)
    if "mysql" in names:
        return _next(me, "ready", me.between(*RECOVER_MS), begin=True)
    if not any(me.env.get(name) for name in PASSWORDS):
        words = ["Database is uninitialized and password option is not specified",
                 "    You need to specify one of the following as an environment variable:"]  # fmt: skip
        _note(me, "\n".join([*words, *(f"    - {name}" for name in PASSWORDS)]), level="ERROR")
        return Act(code=1)
    _note(me, "Initializing database files")
    _server(me, "System", "MY-015017", "MySQL Server Initialization - start.")
    if names:
        _server(me, "ERROR", "MY-010457", "--initialize specified but the data directory has files in it. Aborting.")
        _server(me, "ERROR", "MY-013236", f"The designated data directory {DATA}/ is unusable. You can remove all files that the server added to it.")
        _server(me, "ERROR", "MY-010119", "Aborting")
        return Act(200, 1)
    _server(me, "System", "MY-013169", f"/usr/sbin/mysqld (mysqld {VERSION}) initializing of server in progress as process 80")
    _server(me, "System", "MY-013576", "InnoDB initialization has started.", "InnoDB", 1)
    return _next(me, "initialised", me.between(*INIT_MS))


def _initialised(me: Running) -> Act:
    _server(me, "System", "MY-013577", "InnoDB initialization has ended.", "InnoDB", 1)
    for name in FILES:
        if not me.world.put_file(f"{DATA}/{name}", f"{name} of MySQL {VERSION}\n"):
            _server(me, "ERROR", "MY-012592", f"Operating system error: {me.world.why}", "InnoDB", 1)
            _server(me, "ERROR", "MY-010119", "Aborting")
            return Act(code=1)
    for name in SYSTEM[1:]:
        me.world.make_folder(f"{DATA}/{name}")
    _server(me, "System", "MY-015018", "MySQL Server Initialization - end.")
    _note(me, "Database files initialized")
    _note(me, "Starting temporary server")
    return _next(me, "temporary", me.between(*TEMPORARY_MS))


def _temporary(me: Running) -> Act:
    _note(me, "Temporary server started.")
    if me.env.get("MYSQL_RANDOM_ROOT_PASSWORD"):
        _note(me, f"GENERATED ROOT PASSWORD: {me.runtime.engine.rng('mysql/' + me.runtime.name).hex(32)}")
    database, user = me.env.get("MYSQL_DATABASE"), me.env.get("MYSQL_USER")
    if database:
        _note(me, f"Creating database {database}")
        me.world.make_folder(f"{DATA}/{database}")
    if user and me.env.get("MYSQL_PASSWORD"):
        _note(me, f"Creating user {user}")
        if database:
            _note(me, f"Giving user {user} access to schema {database}")
    _note(me, "Stopping temporary server")
    _note(me, "Temporary server stopped")
    _note(me, "MySQL init process done. Ready for start up.")
    return _next(me, "ready", me.between(*READY_MS), begin=True)


def _ready(me: Running) -> Act:
    _server(me, "System", "MY-013577", "InnoDB initialization has ended.", "InnoDB", 1)
    if not me.listen(PORT, "mysql"):
        _server(me, "ERROR", "MY-010262", "Can't start server: Bind on TCP/IP port: Address already in use")
        _server(me, "ERROR", "MY-010119", "Aborting")
        return Act(code=1)
    words = f"/usr/sbin/mysqld: ready for connections. Version: '{VERSION}'  socket: '/var/run/mysqld/mysqld.sock'  port: {PORT}"
    _server(me, "System", "MY-010931", words + "  MySQL Community Server - GPL.")
    me.notes["stage"] = "serving"
    return Act()


STAGES = {"check": _check, "initialised": _initialised, "temporary": _temporary, "ready": _ready, "serving": lambda me: Act()}


def _next(me: Running, stage: str, after_ms: int, *, begin: bool = False) -> Act:
    me.notes["stage"] = stage
    if begin:
        _server(me, "System", "MY-010116", f"/usr/sbin/mysqld (mysqld {VERSION}) starting as process 1")
        _server(me, "System", "MY-013576", "InnoDB initialization has started.", "InnoDB", 1)
    return Act(after_ms)


def _note(me: Running, text: str, level: str = "Note") -> None:
    me.say(f"{Stamp(me.world).sql}+00:00 [{level}] [Entrypoint]: {text}", "stderr" if level == "ERROR" else "stdout")


def _server(me: Running, level: str, code: str, text: str, part: str = "Server", thread: int = 0) -> None:
    stamp = Stamp(me.world)
    me.say(f"{stamp.day}T{stamp.time}.{stamp.ms:03}000Z {thread} [{level}] [{code}] [{part}] {text}", "stderr")


def on_signal(me: Running, name: str) -> Act | None:
    """Shut down cleanly; the entrypoint's shell, before there is a server, just ends."""
    if name not in ("TERM", "QUIT"):
        return None
    if me.notes.get("stage") != "serving":
        return Act(code=143 if name == "TERM" else 131)
    _server(me, "System", "MY-013172", f"Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: {VERSION}).")
    me.process.listens.clear()
    _server(me, "System", "MY-010910", f"/usr/sbin/mysqld: Shutdown complete (mysqld {VERSION})  MySQL Community Server - GPL.")
    return Act(me.between(*STOP_MS), 0)


def talk(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """The greeting of its protocol; what a client answers is not simulated."""
    if received:
        return Said(is_over=True)
    body = f"\n{VERSION}\0" + "\x08\0\0\0" + "saltsalt" + "\0\xff\xff\xff\x02\0\xff\xdf\x15" + "\0" * 10 + "moresaltsalt\0caching_sha2_password\0"
    return Said(chr(len(body)) + "\0\0\0" + body)


def _is_serving(world: ContainerWorld) -> bool:
    return world.process.notes.get("stage") == "serving"


def admin(world: ContainerWorld, words: list[str]) -> Printed:
    """`mysqladmin ping`."""
    if "ping" not in words:
        return Printed(1, errors=f"mysqladmin: unknown command (simulated: ping): '{' '.join(words[1:])}'\n")
    if _is_serving(world):
        return Printed(0, "mysqld is alive\n")
    return Printed(1, errors="mysqladmin: connect to server at 'localhost' failed\nerror: 'Can't connect to local MySQL server through socket "
                              "'/var/run/mysqld/mysqld.sock' (2)'\nCheck that mysqld is running and that the socket: "
                              "'/var/run/mysqld/mysqld.sock' exists!\n")  # fmt: skip


def client(world: ContainerWorld, words: list[str]) -> Printed:
    """`mysql … -e STATEMENTS`."""
    if not _is_serving(world):
        return Printed(1, errors="ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n")
    text = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-e", "--execute")), "")
    output = ""
    for statement in [each.strip() for each in text.split(";") if each.strip()]:
        code, said = _execute(world, statement)
        if code:
            return Printed(1, output, said + "\n")
        output += said
    return Printed(0, output)


def _execute(world: ContainerWorld, statement: str) -> tuple[int, str]:
    """(0, rows) or (1, the error) of one statement."""
    upper = " ".join(statement.upper().split())
    name = NAME.fullmatch(statement.split()[-1])
    if upper == "SHOW DATABASES":
        folders = [each for each in world.names(DATA) if world.is_folder(f"{DATA}/{each}")]
        return 0, "".join(f"{each}\n" for each in ["Database", *sorted({**dict.fromkeys(SYSTEM), **dict.fromkeys(folders)})])
    if upper in ("SELECT VERSION()", "SELECT 1"):
        return 0, f"VERSION()\n{VERSION}\n" if "V" in upper else "1\n1\n"
    if upper.startswith("CREATE DATABASE ") and name:
        if name[1] in world.names(DATA):
            return (0, "") if "IF NOT EXISTS" in upper else (1, f"ERROR 1007 (HY000) at line 1: Can't create database '{name[1]}'; database exists")
        return (0, "") if world.make_folder(f"{DATA}/{name[1]}") else (1, f"ERROR 1006 (HY000) at line 1: Can't create database '{name[1]}'")
    if upper.startswith("DROP DATABASE ") and name and name[1] not in SYSTEM:
        is_gone = world.remove_folder(f"{DATA}/{name[1]}")
        return (0, "") if is_gone else (1, f"ERROR 1008 (HY000) at line 1: Can't drop database '{name[1]}'; database doesn't exist")
    return 1, "this statement is not simulated: SHOW, CREATE and DROP DATABASE, SELECT VERSION() are"


IMAGE = Image(
    repositories=("docker.io/library/mysql", "registry.k8s.io/mysql"),
    size_bytes=0,
    entrypoint=(),
    command=("mysqld",),
    dashed="mysqld",
    exit_codes={},
    env={"MYSQL_VERSION": f"{VERSION}-1.el9"},
    programs={"mysqld": mysqld},
    signals=on_signal,
    talks={"mysql": talk},
    tools={"mysql": client, "mysqladmin": admin},
)
