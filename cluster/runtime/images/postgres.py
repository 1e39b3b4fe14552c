"""postgres: initialises its data directory, then listens on 5432; refuses to start without a password or on a directory that is not its own.

A simplification: of SQL it knows CREATE and DROP DATABASE, \\l and SELECT version().
Sources: github.com/docker-library/postgres docker-entrypoint.sh; initdb and PostgreSQL 17's log.
"""

from __future__ import annotations

import re

from cluster.runtime.image import Act, Image, Printed
from cluster.runtime.programs import Running
from cluster.runtime.servers import Said
from cluster.runtime.words import Stamp
from cluster.runtime.world import ContainerWorld

VERSION, PORT, DATA = "17.6", 5432, "/var/lib/postgresql/data"
BANNER = f"PostgreSQL {VERSION} (Debian {VERSION}-1.pgdg13+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0-19) 14.2.0, 64-bit"
INIT_MS, TEMPORARY_MS, READY_MS, STOP_MS = (1_400, 2_600), (500, 900), (150, 400), (80, 250)
NO_PASSWORD = """Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html"""
OWNED = """The files belonging to this database system will be owned by user "postgres".
This user must also own the server process.

The database cluster will be initialized with locale "en_US.utf8".
The default database encoding has accordingly been set to "UTF8".
The default text search configuration will be set to "english".

Data page checksums are disabled.
"""
STEPS = """fixing permissions on existing directory {data} ... ok
creating subdirectories ... ok
selecting dynamic shared memory implementation ... posix
selecting default "max_connections" ... 100
selecting default "shared_buffers" ... 128MB
selecting default time zone ... Etc/UTC
creating configuration files ... ok
running bootstrap script ... ok
performing post-bootstrap initialization ... ok
syncing data to disk ... ok


Success. You can now start the database server using:

    pg_ctl -D {data} -l logfile start
"""
NAME = re.compile(r'"?([A-Za-z0-9_]{1,63})"?')


def postgres(me: Running) -> Act:
    """The entrypoint and the server: check, initdb, a temporary server for user and database, the real one."""
    return STAGES[me.notes.get("stage", "check")](me)


def _data(env: dict[str, str]) -> str:
    return env.get("PGDATA") or DATA


def _check(me: Running) -> Act:
    names = me.world.names(_data(me.env))
    if "PG_VERSION" in names:
        version = (me.world.read_file(_data(me.env) + "/PG_VERSION") or "").strip()
        me.say("\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n")
        if version != VERSION.partition(".")[0]:
            _log(me, f"The data directory was initialized by PostgreSQL version {version}, which is not compatible with this version {VERSION}.",
                 level="DETAIL", before="FATAL:  database files are incompatible with server")  # fmt: skip
            return Act(code=1)
        return _next(me, "ready", me.between(*READY_MS))
    if not me.env.get("POSTGRES_PASSWORD") and me.env.get("POSTGRES_HOST_AUTH_METHOD") != "trust":
        me.say(NO_PASSWORD, "stderr")
        return Act(code=1)
    me.say(OWNED)
    if names:
        return _not_empty(me, names)
    return _next(me, "initialised", me.between(*INIT_MS))


def _not_empty(me: Running, names: list[str]) -> Act:
    data = _data(me.env)
    me.say(f'initdb: error: directory "{data}" exists but is not empty', "stderr")
    if "lost+found" in names:
        me.say("initdb: detail: It contains a lost+found directory, perhaps due to it being a mount point.", "stderr")
        me.say("initdb: hint: Using a mount point directly as the data directory is not recommended.\n"
               "Create a subdirectory under the mount point.", "stderr")  # fmt: skip
    else:
        me.say("initdb: hint: If you want to create a new database system, either remove or empty the directory "
               f'"{data}" or run initdb with an argument other than "{data}".', "stderr")  # fmt: skip
    return Act(code=1)


def _initialised(me: Running) -> Act:
    data, world = _data(me.env), me.world
    for name, text in (("PG_VERSION", "17\n"), ("postgresql.conf", "listen_addresses = '*'\n"), ("pg_hba.conf", "host all all all scram-sha-256\n")):
        if not world.put_file(f"{data}/{name}", text):
            me.say(f'initdb: error: could not create directory "{data}": {world.why}', "stderr")
            return Act(code=1)
    for name in ("base/postgres", "base/template0", "base/template1", "global", "pg_wal", "pg_stat"):
        world.make_folder(f"{data}/{name}")
    me.say(STEPS.format(data=data))
    me.say("initdb: warning: enabling \"trust\" authentication for local connections\n"
           "initdb: hint: You can change this by editing pg_hba.conf or using the option -A, or --auth-local and --auth-host, "
           "the next time you run initdb.", "stderr")  # fmt: skip
    _log(me, "starting " + BANNER, pid=48, before="waiting for server to start....")
    return _next(me, "temporary", me.between(*TEMPORARY_MS))


def _temporary(me: Running) -> Act:
    _log(me, "database system is ready to accept connections", pid=48)
    me.say(" done\nserver started")
    database = me.env.get("POSTGRES_DB") or me.env.get("POSTGRES_USER") or "postgres"
    if database != "postgres":
        me.say("CREATE DATABASE\n")
        me.world.make_folder(f"{_data(me.env)}/base/{database}")
    me.say("\n/usr/local/bin/docker-entrypoint.sh: ignoring /docker-entrypoint-initdb.d/*\n")
    _log(me, "received fast shutdown request", pid=48, before="waiting for server to shut down....")
    _log(me, "database system is shut down", pid=48)
    me.say(" done\nserver stopped\n\nPostgreSQL init process complete; ready for start up.\n")
    return _next(me, "ready", me.between(*READY_MS))


def _ready(me: Running) -> Act:
    _log(me, "starting " + BANNER)
    if not me.listen(PORT, "postgres"):
        _log(me, 'could not bind IPv4 address "0.0.0.0": Address already in use')
        _log(me, "Is another postmaster already running on port 5432? If not, wait a few seconds and retry.", level="HINT")
        _log(me, 'could not create any TCP/IP sockets', level="FATAL")
        return Act(code=1)
    _log(me, f'listening on IPv4 address "0.0.0.0", port {PORT}')
    _log(me, f'listening on Unix socket "/var/run/postgresql/.s.PGSQL.{PORT}"')
    _log(me, f"database system was shut down at {Stamp(me.world).sql} UTC", pid=29)
    _log(me, "database system is ready to accept connections")
    me.notes["stage"] = "serving"
    return Act()


STAGES = {"check": _check, "initialised": _initialised, "temporary": _temporary, "ready": _ready, "serving": lambda me: Act()}


def _next(me: Running, stage: str, after_ms: int) -> Act:
    me.notes["stage"] = stage
    return Act(after_ms)


def _log(me: Running, text: str, *, pid: int = 1, level: str = "LOG", before: str = "") -> None:
    stamp = Stamp(me.world)
    if before.startswith("FATAL"):
        me.say(f"{stamp.sql}.{stamp.ms:03} UTC [{pid}] {before}", "stderr")
        before = ""
    me.say(f"{before}{stamp.sql}.{stamp.ms:03} UTC [{pid}] {level}:  {text}", "stderr")


def on_signal(me: Running, name: str) -> Act | None:
    """INT: a fast shutdown; TERM: a smart one, which waits for clients: here there are none. QUIT: at once."""
    if name not in ("TERM", "INT", "QUIT"):
        return None
    if me.notes.get("stage") != "serving":
        return Act(code={"TERM": 143, "INT": 130, "QUIT": 131}[name])
    me.process.listens.clear()
    if name == "QUIT":
        _log(me, "received immediate shutdown request")
        return Act(code=0)
    _log(me, f"received {'smart' if name == 'TERM' else 'fast'} shutdown request")
    _log(me, "aborting any active transactions")
    _log(me, "shutting down", pid=27)
    _log(me, "database system is shut down")
    return Act(me.between(*STOP_MS), 0)


def talk(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """It waits for a startup packet; what is none ends the connection."""
    if not received:
        return Said()
    stamp = Stamp(world)
    return Said(is_over=True, lines=(("stderr", f"{stamp.sql}.{stamp.ms:03} UTC [61] LOG:  invalid length of startup packet\n"),))


def _is_serving(world: ContainerWorld) -> bool:
    return world.process.notes.get("stage") == "serving"


def is_ready(world: ContainerWorld, words: list[str]) -> Printed:
    """`pg_isready`."""
    if "-h" in words[:-1]:
        host = words[words.index("-h") + 1]
        where, is_there = f"{host}:{PORT}", not world.network.exchange(host, PORT).error
    else:
        where, is_there = f"/var/run/postgresql:{PORT}", _is_serving(world)
    return Printed(0, f"{where} - accepting connections\n") if is_there else Printed(2, f"{where} - no response\n")


def client(world: ContainerWorld, words: list[str]) -> Printed:
    """`psql … -c STATEMENT`."""
    if not _is_serving(world):
        socket = f"/var/run/postgresql/.s.PGSQL.{PORT}"
        return Printed(2, errors=f'psql: error: connection to server on socket "{socket}" failed: No such file or directory\n'
                                  "\tIs the server running locally and accepting connections on that socket?\n")  # fmt: skip
    text = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--command")), "\\l" if "-l" in words else "")
    return _execute(world, text.strip().rstrip(";"))


def _execute(world: ContainerWorld, statement: str) -> Printed:
    base, upper = _data(world.process.env) + "/base", " ".join(statement.upper().split())
    name = NAME.fullmatch(statement.split()[-1]) if statement.split() else None
    if statement == "\\l":
        return Printed(0, "".join(f" {each}\n" for each in world.names(base)))
    if upper == "SELECT VERSION()":
        return Printed(0, f" version \n{'-' * 9}\n {BANNER}\n(1 row)\n\n")
    if upper == "SELECT 1":
        return Printed(0, " ?column? \n----------\n        1\n(1 row)\n\n")
    if upper.startswith("CREATE DATABASE ") and name:
        if name[1] in world.names(base):
            return Printed(1, errors=f'ERROR:  database "{name[1]}" already exists\n')
        return Printed(0, "CREATE DATABASE\n") if world.make_folder(f"{base}/{name[1]}") else Printed(1, errors=f"ERROR:  {world.why}\n")
    if upper.startswith("DROP DATABASE ") and name:
        is_gone = world.remove_folder(f"{base}/{name[1]}")
        return Printed(0, "DROP DATABASE\n") if is_gone else Printed(1, errors=f'ERROR:  database "{name[1]}" does not exist\n')
    return Printed(1, errors="this statement is not simulated: \\l, CREATE and DROP DATABASE, SELECT version() are\n")


IMAGE = Image(
    repositories=("docker.io/library/postgres",),
    size_bytes=0,
    entrypoint=(),
    command=("postgres",),
    dashed="postgres",
    exit_codes={},
    stop_signal="INT",
    env={"PGDATA": DATA, "PG_MAJOR": "17", "PG_VERSION": f"{VERSION}-1.pgdg13+1"},
    programs={"postgres": postgres},
    signals=on_signal,
    talks={"postgres": talk},
    tools={"pg_isready": is_ready, "psql": client},
    children=("postgres: checkpointer", "postgres: background writer", "postgres: walwriter", "postgres: autovacuum launcher"),
)
