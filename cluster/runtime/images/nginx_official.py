"""nginx, any tag: its entrypoint's and its own log, workers, files of its root on port 80 (see servers.py), signals.

Of its configuration (/etc/nginx/conf.d/*.conf) only `listen PORT` and `root FOLDER` act, of each file's first server.
Source: nginx 1.29's log; github.com/nginx/docker-nginx entrypoint.
"""

from __future__ import annotations

import re

from cluster.runtime.capabilities import CHOWN, USUAL
from cluster.runtime.image import Act, Image
from cluster.runtime.images.nginx import ERROR, WELCOME
from cluster.runtime.programs import Running
from cluster.runtime.servers import NGINX, NGINX_ROOT
from cluster.runtime.words import Stamp, number_of

CONFIG, CACHE = "/etc/nginx/conf.d", "/var/cache/nginx/client_temp"
ERRNO = {"Permission denied": 13, "Read-only file system": 30, "No space left on device": 28}
DEFAULT = f"""server {{
    listen       80;
    server_name  localhost;

    location / {{
        root   {NGINX_ROOT};
        index  index.html index.htm;
    }}
}}
"""
LISTEN, ROOT = re.compile(r"^\s*listen\s+(?:[0-9.]+:|\[::\]:)?([0-9]{1,5})\b", re.M), re.compile(r"^\s*root\s+([^\s;]+)\s*;", re.M)
NUMBERS = {"HUP": 1, "INT": 2, "QUIT": 3, "TERM": 15, "USR1": 10, "WINCH": 28}


def nginx(me: Running) -> Act:
    """Listen where the configuration says so, and tell about it."""
    lead = "/docker-entrypoint.sh:"
    me.say(f"{lead} /docker-entrypoint.d/ is not empty, will attempt to perform configuration\n"
           f"{lead} Looking for shell scripts in /docker-entrypoint.d/\n"
           f"{lead} Configuration complete; ready for start up")  # fmt: skip
    is_usual = not me.process.user and not me.process.read_only and me.process.capabilities == USUAL and not me.process.space
    failed = "" if is_usual else _refused(me)
    if failed:
        _note(me, failed, level="emerg")
        me.say(f"nginx: [emerg] {failed}", "stderr")
        return Act(20, 1)
    ports = _ports(me)
    for port, root in ports.items():
        if not me.listen(port, f"nginx {root}"):
            _note(me, f"bind() to 0.0.0.0:{port} failed (98: Address already in use)", level="emerg")
            me.say(f"nginx: [emerg] bind() to 0.0.0.0:{port} failed (98: Address already in use)", "stderr")
            return Act(2_500, 1)  # it tries five times, half a second apart
    found = re.match(r"\d+\.\d+\.\d+", me.tag)
    _note(me, 'using the "epoll" event method')
    _note(me, "nginx/" + (found[0] if found else NGINX))
    _note(me, "start worker processes")
    _note(me, "start worker process 29")
    return Act()


def _refused(me: Running) -> str:
    """What keeps nginx from starting where it is not root, or may not write its folders, or may not give them to its workers."""
    if me.process.user:
        words = 'the "user" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2'
        _note(me, words, level="warn")
        me.say(f"nginx: [warn] {words}", "stderr")
    if not me.world.make_folder(CACHE):
        return f'mkdir() "{CACHE}" failed ({ERRNO.get(me.world.why, 1)}: {me.world.why})'
    if not me.process.user and not me.process.capabilities & CHOWN:
        return f'chown("{CACHE}", 101) failed (1: Operation not permitted)'
    if not _tells_number(me):
        return f'open() "/run/nginx.pid" failed ({ERRNO.get(me.world.why, 1)}: {me.world.why})'
    return ""


def _tells_number(me: Running) -> bool:
    """Write its number into its file, which is seen in two places."""
    return any([me.world.put_file(f"{folder}/nginx.pid", f"{me.process.first_pid}\n") for folder in ("/var/run", "/run")])


def _ports(me: Running) -> dict[int, str]:
    """port -> root, of every file of the configuration."""
    found: dict[int, str] = {}
    for name in me.world.names(CONFIG):
        text = me.world.read_file(f"{CONFIG}/{name}") if name.endswith(".conf") else None
        for port in LISTEN.findall(text or "")[:20]:
            root = ROOT.search(text or "")
            found.setdefault(number_of(port, 80), root[1].rstrip("/") if root else NGINX_ROOT)
    return found


def _note(me: Running, words: str, level: str = "notice", pid: int = 0) -> None:
    pid = pid or me.process.first_pid
    me.say(f"{Stamp(me.world).go} [{level}] {pid}#{pid}: {words}", "stderr")


def on_signal(me: Running, name: str) -> Act | None:
    """QUIT lets requests end, TERM and INT do not: here the same. HUP reads the configuration again."""
    if name == "HUP":
        _note(me, "signal 1 (SIGHUP) received, reconfiguring")
        me.process.listens.clear()
        for port, root in _ports(me).items():
            me.listen(port, f"nginx {root}")
        _note(me, "start worker processes")
        return Act()
    if name not in ("QUIT", "TERM", "INT"):
        return None
    _note(me, f"signal {NUMBERS[name]} (SIG{name}) received, {'shutting down' if name == 'QUIT' else 'exiting'}")
    _note(me, "gracefully shutting down" if name == "QUIT" else "exiting", pid=29)
    _note(me, "exit")
    return Act(me.between(5, 25), 0)


IMAGE = Image(
    repositories=("docker.io/library/nginx", "registry.k8s.io/e2e-test-images/nginx", "registry.k8s.io/nginx-slim", "docker.io/nginx/nginx"),
    size_bytes=0,
    command=("nginx", "-g", "daemon off;"),
    exit_codes={"TERM": 0, "QUIT": 0, "INT": 0},
    stop_signal="QUIT",
    programs={"nginx": nginx},
    signals=on_signal,
    children=("nginx: worker process",),
    files={NGINX_ROOT + "/index.html": WELCOME, NGINX_ROOT + "/50x.html": ERROR, CONFIG + "/default.conf": DEFAULT,
           "/run/nginx.pid": "1\n", "/var/run/nginx.pid": "1\n"},
)
