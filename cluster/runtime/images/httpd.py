"""httpd: Apache, which serves the files of its htdocs on port 80; SIGWINCH asks it to end gracefully.

Source: Apache 2.4's own answers and logs.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed, answer, date_of, log_date, reason_of
from cluster.runtime.image import Act, Image
from cluster.runtime.octets import bytes_of
from cluster.runtime.programs import Running
from cluster.runtime.servers import TYPES, Served
from cluster.runtime.words import Stamp, asked_for
from cluster.runtime.world import ContainerWorld

VERSION, ROOT = "2.4.65", "/usr/local/apache2/htdocs"
PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>{words}</title>\n</head><body>\n<h1>{title}</h1>\n'
    "<p>The requested URL was not found on this server.</p>\n</body></html>\n"
)


def server(me: Running) -> Act:
    """Say which name it goes by, then serve."""
    if not me.listen(80, "apache"):
        me.say("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80", "stderr")
        me.say("no listening sockets available, shutting down", "stderr")
        me.say("AH00015: Unable to open logs", "stderr")
        return Act(code=1)
    address = (me.runtime.addresses_of(me.process.container) or ["127.0.0.1"])[0]
    me.say(f"AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {address}. "
           "Set the 'ServerName' directive globally to suppress this message", "stderr")  # fmt: skip
    lead = Stamp(me.world).apache
    me.say(f"{lead} [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/{VERSION} (Unix) configured -- resuming normal operations", "stderr")
    me.say(f"{lead} [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'", "stderr")
    return Act()


def on_signal(me: Running, name: str) -> Act | None:
    """TERM ends at once, WINCH when the requests under way are answered: here the same."""
    if name not in ("TERM", "WINCH"):
        return None
    words = "AH00491: caught SIGTERM, shutting down" if name == "TERM" else "AH00492: caught SIGWINCH, shutting down gracefully"
    me.say(f"{Stamp(me.world).apache} [mpm_event:notice] [pid 1:tid 1] {words}", "stderr")
    return Act(20, 0)


def serve(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """A file of its root, and a line of the access log on standard output."""
    path, _ = asked_for(asked)
    name = ROOT + ("/index.html" if path == "/" else path)
    if world.is_folder(name):
        name += "/index.html"
    body = world.read_file(name) if isinstance(asked, Asked) else None
    code = 200 if body is not None else 404 if isinstance(asked, Asked) else asked.code
    kind = TYPES.get(name[name.rfind(".") :], "text/html") if code == 200 else "text/html; charset=iso-8859-1"
    body = PAGE.format(words=f"{code} {reason_of(code)}", title=reason_of(code)) if body is None else body
    length, is_kept = len(bytes_of(body)), isinstance(asked, Asked) and asked.keeps_open
    headers = [("Date", date_of(world.date_text, world.unix_s)), ("Server", f"Apache/{VERSION} (Unix)"), ("Content-Length", str(length)),
               ("Content-Type", kind)]  # fmt: skip
    headers += [] if is_kept else [("Connection", "close")]
    line = f"{asked.method} {asked.target} {asked.version}" if isinstance(asked, Asked) else "-"
    access = f'{world.client} - - [{log_date(world.date_text)}] "{line}" {code} {length}\n'
    is_head = isinstance(asked, Asked) and asked.method == "HEAD"
    return Served(code, answer(code, headers, body, has_body=not is_head), (("stdout", access),))


IMAGE = Image(
    repositories=("docker.io/library/httpd", "registry.k8s.io/e2e-test-images/httpd"),
    size_bytes=0,
    command=("httpd-foreground",),
    exit_codes={},
    stop_signal="WINCH",
    programs={"httpd-foreground": server},
    signals=on_signal,
    answers={"apache": serve},
    files={ROOT + "/index.html": "<html><body><h1>It works!</h1></body></html>\n"},
    children=("httpd -DFOREGROUND", "httpd -DFOREGROUND", "httpd -DFOREGROUND"),
)
