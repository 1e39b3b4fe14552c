"""Owns which process listens on which port, and what the servers of known images answer: pure rules over their files.

Versions are those that a tag names, else a recent one. Sources: nginx's and tomcat's own answers and logs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from .http import Asked, Malformed, answer, date_of, log_date, reason_of, request_of
from .image import Image
from .images import behaviours
from .octets import bytes_of
from .state import Process
from .world import ContainerWorld

TYPES = {".html": "text/html", ".htm": "text/html", ".css": "text/css", ".js": "application/javascript", ".json": "application/json",
         ".txt": "text/plain", ".xml": "text/xml", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}  # fmt: skip
NGINX, TOMCAT = "1.29.1", "8.5.100"
NGINX_ROOT, TOMCAT_LOG = "/usr/share/nginx/html", "/usr/local/tomcat/logs/localhost_access_log.{day}.txt"
NGINX_PAGE = (
    "<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
    "<hr><center>{software}</center>\r\n</body>\r\n</html>\r\n"
)
TOMCAT_PAGE = (
    '<!doctype html>\n<html lang="en">\n<head><title>{title}</title></head>\n'
    "<body><h1>{title}</h1><hr><h3>{software}</h3></body>\n</html>\n"
)
BUSYBOX_PAGE = "<HTML><HEAD><TITLE>{words}</TITLE></HEAD>\n<BODY><H1>{words}</H1>\n</BODY></HTML>\n"


class Served(NamedTuple):
    """What a server does about a request: what it sends, and what it writes to its output ("stdout" or "stderr", text)."""

    code: int
    text: str
    lines: tuple[tuple[str, str], ...] = ()
    took_ms: int = 0  # how long it thinks


class Said(NamedTuple):
    """What a server that speaks no HTTP says to what it has received so far: `rest` is what it has not used yet."""

    text: str = ""
    rest: str = ""
    is_over: bool = False  # it hangs up
    lines: tuple[tuple[str, str], ...] = ()


class Conversation(NamedTuple):
    """A whole connection as a client has it: the answers, what was logged, and for HTTP the requests with their codes."""

    text: str = ""
    is_over: bool = False
    lines: tuple[tuple[str, str], ...] = ()
    asked: tuple[tuple[Any, int], ...] = ()
    took_ms: int = 0


Server = Callable[[ContainerWorld, str, "Asked | Malformed", str], Served]  # world, image tag, request, setting
Talker = Callable[[ContainerWorld, str, str, str], Said]  # world, image tag, received, setting; called first with nothing received


TLS = "tls-"  # how the names of servers begin that speak TLS


def listening(process: Process) -> dict[int, str]:
    """port → "server setting" of what a container's first process listens on over TCP."""
    image = behaviours()[process.behaviour] if process.behaviour else None
    found = {int(port): server for port, server in process.listens.items() if "/" not in port}
    if image is None or process.kind != "server":
        return found
    if image.serves and _is_own_program(process.argv[0], image.command[0]):
        found |= image.serves
    if not image.names and not image.repositories:
        found |= dict.fromkeys(process.ports, "unknown")
    return found


def server_at(process: Process, port: int, protocol: str = "TCP") -> str | None:
    """What listens on one port, as in `listening`; None: nothing does."""
    if protocol == "UDP":
        return process.listens.get(f"{port}/udp")
    if process.kind == "server" and process.behaviour:
        image = behaviours()[process.behaviour]
        if port in process.ports and not image.names and not image.repositories:
            return "unknown"
        if port in image.serves and _is_own_program(process.argv[0], image.command[0]):
            return image.serves[port]
    return process.listens.get(str(port))


@lru_cache(maxsize=512)
def _is_own_program(program: str, command: str) -> bool:
    return posixpath.basename(program) == posixpath.basename(command)


def is_quiet(process: Process, server: str) -> bool:
    """Whether a server says and does nothing before it is asked: who only connects hears nothing."""
    name = server.partition(" ")[0]
    return name not in TALKERS and name not in behaviours()[process.behaviour].talks


def _own(world: ContainerWorld) -> Image:
    """The image of a server, which may have answers of its own."""
    return behaviours()[world.process.behaviour]


def serve(world: ContainerWorld, image: str, server: str, asked: Asked | Malformed) -> Served:
    """A server's answer. image: the full reference; server: a value of `listening`."""
    name, _, setting = server.partition(" ")
    if name in SERVERS:
        return SERVERS[name](world, image.rpartition(":")[2], asked, setting)
    try:
        return _own(world).answers[name](world, image.rpartition(":")[2], asked, setting)
    except Exception as unforeseen:  # a fault of ours ends this one answer, and says so
        return Served(500, answer(500, [("Content-Length", "0"), ("Connection", "close")], ""), (_fault(name, unforeseen),))


def talker_of(world: ContainerWorld, server: str) -> tuple[Talker, str] | None:
    """(the function, its setting) of a server that speaks no HTTP."""
    name, _, setting = server.partition(" ")
    if name in TALKERS:
        return TALKERS[name], setting
    talker = _own(world).talks.get(name)
    return (_safely(talker), setting) if talker is not None else None


def converse(world: ContainerWorld, image: str, server: str, text: str) -> Conversation:
    """A connection on which a client says all it has to say at once, and hears the server out."""
    talks = talker_of(world, server)
    if talks is not None:
        return _talk(world, image.rpartition(":")[2], talks[0], text, talks[1])
    done = Conversation()
    while text and not done.is_over:
        try:
            asked, text = request_of(text)
        except Malformed as malformed:
            asked = malformed
        if asked is None:
            break
        served = serve(world, image, server, asked)
        lines, heard = (*done.lines, *served.lines), (*done.asked, (asked, served.code))
        done = Conversation(done.text + served.text, hangs_up(asked, served), lines, heard, done.took_ms + served.took_ms)
    return done


def hangs_up(asked: Asked | Malformed, served: Served) -> bool:
    """Whether a server closes the connection after an answer."""
    if isinstance(asked, Malformed) or not asked.keeps_open:
        return True
    return "\r\nConnection: close\r\n" in served.text.partition("\r\n\r\n")[0] + "\r\n"


def _fault(name: str, unforeseen: Exception) -> tuple[str, str]:
    return "stderr", f"{name}: internal error: {type(unforeseen).__name__}: {unforeseen}"[:1000] + "\n"


def _safely(talker: Talker) -> Talker:
    """A talker of an image's file; a fault of ours ends this one connection, and says so."""

    def talk(world: ContainerWorld, tag: str, text: str, setting: str) -> Said:
        try:
            return talker(world, tag, text, setting)
        except Exception as unforeseen:
            return Said(is_over=True, lines=(_fault(tag, unforeseen),))

    return talk


def _talk(world: ContainerWorld, tag: str, talker: Talker, text: str, setting: str) -> Conversation:
    said = talker(world, tag, "", setting)
    done = Conversation(said.text, said.is_over, said.lines)
    while text and not done.is_over:
        said = talker(world, tag, text, setting)
        done = Conversation(done.text + said.text, said.is_over, (*done.lines, *said.lines))
        if len(said.rest) >= len(text):
            break
        text = said.rest
    return done


def nginx(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """Static files of its root (setting), the access log on standard output, misses on standard error."""
    software = _nginx_software(tag)
    path = posixpath.normpath("/" + asked.path.lstrip("/")) if isinstance(asked, Asked) else ""
    code, body, errors = _nginx_found(world, asked, path, setting or NGINX_ROOT)
    kind = "text/html" if code != 200 or path == "/" else _type_of(path)
    body = NGINX_PAGE.format(words=f"{code} {reason_of(code)}", software=software) if body is None else body
    place = f"http://{_host(asked)}{path}/" if code == 301 else ""
    length, is_head = _length(body), _is_head(asked)
    head = _nginx_head(code, software, _date(world), kind, length, place, _is_kept(asked))
    line, agent, referer = _said(asked)
    access = f'{world.client} - - [{log_date(world.date_text)}] "{line}" {code} {"0" if is_head else length} "{referer}" "{agent}" "-"\n'
    return Served(code, head if is_head else head + body, (*errors, ("stdout", access)))


@lru_cache(maxsize=512)
def _nginx_head(code: int, software: str, date: str, kind: str, length: str, place: str, is_kept: bool) -> str:
    """The head of an answer; what many are asked in the same second is the same."""
    headers = [("Server", software), ("Date", date), ("Content-Type", kind), ("Content-Length", length)]
    headers += [("Location", place)] if place else []
    headers.append(("Connection", "keep-alive" if is_kept else "close"))
    headers += [("Accept-Ranges", "bytes")] if code == 200 else []
    return answer(code, headers, "")


@lru_cache(maxsize=64)
def _nginx_software(tag: str) -> str:
    return "nginx/" + (tag.split("-")[0] if re.match(r"\d+\.\d+\.\d+", tag) else NGINX)


def _nginx_found(world: ContainerWorld, asked: Asked | Malformed, path: str, root: str) -> tuple[int, str | None, tuple]:
    """(code, the file's text, lines of the error log)."""
    if isinstance(asked, Malformed):
        return asked.code, None, ()
    full = root + (path if path != "/" else "")
    if asked.path.endswith("/") or path == "/":
        index = world.read_file(f"{full}/index.html")
        if index is not None:
            return (200, index, ()) if asked.method in ("GET", "HEAD") else (405, None, ())
        if world.is_folder(full):
            return 403, None, (_nginx_error(world, asked, f'directory index of "{full}/" is forbidden'),)
    elif (text := world.read_file(full)) is not None:
        return (200, text, ()) if asked.method in ("GET", "HEAD") else (405, None, ())
    elif world.is_folder(full):
        return 301, None, ()
    if asked.method not in ("GET", "HEAD"):
        return 405, None, ()
    return 404, None, (_nginx_error(world, asked, f'open() "{root}{asked.path}" failed (2: No such file or directory)'),)


def _nginx_error(world: ContainerWorld, asked: Asked, words: str) -> tuple[str, str]:
    moment = world.date_text.rstrip("Z").replace("-", "/").replace("T", " ")
    about = f'client: {world.client}, server: localhost, request: "{_said(asked)[0]}", host: "{_host(asked)}"'
    return "stderr", f"{moment} [error] 29#29: *1 {words}, {about}\n"


def tomcat(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """Its welcome page; the access log is a file in the container."""
    is_page = isinstance(asked, Asked) and asked.path in ("/", "/index.jsp")
    code = 200 if is_page else asked.code if isinstance(asked, Malformed) else 404
    title = f"Apache Tomcat/{TOMCAT}" if is_page else f"HTTP Status {code} – {reason_of(code)}"
    body = TOMCAT_PAGE.format(title=title, software=f"Apache Tomcat/{TOMCAT}")
    headers = [("Content-Type", "text/html;charset=UTF-8"), ("Content-Length", _length(body)), ("Date", _date(world))]
    line = f'{world.client} - - [{log_date(world.date_text)}] "{_said(asked)[0]}" {code} {_length(body)}\n'
    world.make_folder(posixpath.dirname(TOMCAT_LOG))
    world.write_file(TOMCAT_LOG.format(day=world.date_text[:10]), line, append=True)
    return Served(code, answer(code, [*headers, *_closing(asked)], body, reason="", has_body=not _is_head(asked)))


def busybox(world: ContainerWorld, tag: str, asked: Asked | Malformed, root: str) -> Served:
    """busybox's httpd: files of its root; it answers one request a connection, and logs nothing."""
    code, body, kind = 400, None, "text/html"
    if isinstance(asked, Asked):
        name = posixpath.normpath("/" + asked.path.lstrip("/"))
        name = "/index.html" if name == "/" else name
        body = world.read_file(posixpath.join(root, name.lstrip("/"))) if asked.method in ("GET", "HEAD") else None
        code, kind = (404, kind) if body is None else (200, _type_of(name))
    body = BUSYBOX_PAGE.format(words=f"{code} {reason_of(code)}") if body is None else body
    headers = [("Date", _date(world)), ("Connection", "close"), ("Content-type", kind), ("Content-length", _length(body))]
    return Served(code, answer(code, headers, body, has_body=not _is_head(asked)))


def unknown(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """A simplification: an image that is not simulated listens where its Pod says so, and says no more than that."""
    code = 200 if isinstance(asked, Asked) else asked.code
    body = f"{world.process.hostname}: what this image answers is not simulated\n"
    headers = [("Date", _date(world)), ("Content-Type", "text/plain"), ("Content-Length", _length(body))]
    return Served(code, answer(code, [*headers, *_closing(asked)], body, has_body=not _is_head(asked)))


def _date(world: ContainerWorld) -> str:
    return date_of(world.date_text, world.unix_s)


def _length(body: str) -> str:
    return str(len(bytes_of(body)))


def _is_head(asked: Asked | Malformed) -> bool:
    return isinstance(asked, Asked) and asked.method == "HEAD"


def _is_kept(asked: Asked | Malformed) -> bool:
    return isinstance(asked, Asked) and asked.keeps_open


def _closing(asked: Asked | Malformed) -> list[tuple[str, str]]:
    return [] if _is_kept(asked) else [("Connection", "close")]


def _said(asked: Asked | Malformed) -> tuple[str, str, str]:
    """(request line, user agent, referer) as logs quote them."""
    if isinstance(asked, Malformed):
        return "", "-", "-"
    agent, referer = asked.headers.get("user-agent", "-"), asked.headers.get("referer", "-")
    return _quoted(f"{asked.method} {asked.target} {asked.version}"), _quoted(agent), _quoted(referer)


def _quoted(text: str) -> str:
    return text.replace('"', "\\x22") if '"' in text else text


def _host(asked: Asked | Malformed) -> str:
    return asked.headers.get("host", "localhost") if isinstance(asked, Asked) else "localhost"


def _type_of(path: str) -> str:
    return TYPES.get(posixpath.splitext(path)[1].lower(), "application/octet-stream")


SERVERS: dict[str, Server] = {"nginx": nginx, "tomcat": tomcat, "httpd": busybox, "unknown": unknown}

def overheard(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """`nc -l`: who waits in the container (shell/networking.py) hears what is said; what it has to say is said first."""
    note = world.process.notes.setdefault(f"nc {setting}", ["", None])
    if note[1] is None:
        note[1] = ""
        return Said(note[0])
    note[1] += received
    return Said()


TALKERS: dict[str, Talker] = {"nc": overheard} | {}  # servers that speak another language than HTTP
