"""Owns what agnhost's servers answer: netexec, serve-hostname, liveness, porter, test-webserver, nettest, gRPC. See images/agnhost.py.

Source: kubernetes test/images/agnhost (netexec/netexec.go, serve-hostname, liveness, porter).
"""

from __future__ import annotations

import json
import re

from .http import Asked, Malformed
from .servers import TYPES, Said, Served
from .words import Stamp, asked_for, duration_of, go_answer, number_of
from .world import ContainerWorld

CODES, DIAL_MS = range(100, 600), 5_000
PAGE = re.compile(r"\s*<(!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]", re.I)  # as sniff.go


def netexec(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """An endpoint of netexec; each is logged."""
    path, query = asked_for(asked)
    code, body, kind, headers = 200, "", "text/plain; charset=utf-8", ()
    said = f"GET {path}"
    if path == "/":
        body = f"NOW: {Stamp(world).day} {Stamp(world).time} +0000 UTC m=+{world.now_ms / 1000:.9f}"
    elif path == "/echo":
        said = f"GET /echo?msg={query.get('msg', '')}&code={query.get('code', '')}"
        body, code = query.get("msg", ""), number_of(query.get("code", ""), 200)
    elif path == "/clientip":
        body = f"{world.client}:{32768 + world.now_ms % 28000}"
    elif path == "/serverport":
        body = setting
    elif path in ("/hostname", "/hostName"):
        body = world.process.hostname
    elif path == "/header":
        name = query.get("key", "")
        said += f"?key={name}" if name else ""
        given = asked.headers if isinstance(asked, Asked) else {}
        body = given.get(name.lower(), "") if name else json.dumps({each.title(): [value] for each, value in given.items()})
    elif path == "/readyz":
        is_ending = bool(world.process.notes.get("is_ending"))
        code, body = (503, "shutting down") if is_ending else (200, "ok")
    elif path == "/healthz":
        pass
    elif path == "/redirect":
        code, headers = number_of(query.get("code", ""), 302), (("Location", query.get("location", "")),)
        said = f"GET /redirect?location={query.get('location', '')}&code={query.get('code', '')}"
    elif path in ("/exit", "/shutdown"):
        said = _exit(world, path, query)
    elif path == "/dial":
        said, code, body = _dial(world, query)
    else:
        body, said = f"NOW: {Stamp(world).day} {Stamp(world).time} +0000 UTC", "GET /"  # Go's mux gives the rest to the root
    if path in ("/shell", "/upload"):
        code, body = 501, f"{path} of netexec is not simulated\n"
    code = code if code in CODES else 200
    return go_answer(world, asked, body, code=code, kind=kind, lines=(f"{Stamp(world).go} {said}",), headers=headers)


def _exit(world: ContainerWorld, path: str, query: dict[str, str]) -> str:
    """End the server; returns what is logged."""
    code, wait_ms = number_of(query.get("code", ""), 0), duration_of(query.get("wait", ""))
    world.runtime.end_program(world.process, code & 255, wait_ms)
    if path == "/shutdown":
        return "GET /shutdown"
    return f"GET /exit?code={query.get('code', '')}&timeout={query.get('timeout', '')}&wait={query.get('wait', '')}"


def _dial(world: ContainerWorld, query: dict[str, str]) -> tuple[str, int, str]:
    """Ask another netexec, as often as asked. Returns (what is logged, code, JSON)."""
    host, port, request = (query.get(name, "") for name in ("host", "port", "request"))
    tries = min(20, max(1, number_of(query.get("tries", ""), 1)))
    said = f"GET /dial?host={host}&protocol={query.get('protocol', '')}&port={port}&request={request}&tries={query.get('tries', '')}"
    if not request:
        return said, 400, "request parameter not specified. <nil>\n"
    found: dict[str, list[str]] = {}
    for _ in range(tries):
        name, value = _dial_udp(world, host, port, request) if query.get("protocol") == "udp" else _dial_http(world, host, port, request)
        found.setdefault(name, []).append(value)
    return said, 200, json.dumps(found)


def _dial_http(world: ContainerWorld, host: str, port: str, request: str) -> tuple[str, str]:
    text = f"GET /{request} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: close\r\n\r\n"
    reply = world.network.exchange(host, number_of(port, 0), text)
    if reply.error:
        return "errors", f'Get "http://{host}:{port}/{request}": {reply.error}'
    return "responses", reply.text.partition("\r\n\r\n")[2]


def _dial_udp(world: ContainerWorld, host: str, port: str, request: str) -> tuple[str, str]:
    reply = world.network.exchange(host, number_of(port, 0), request, protocol="UDP", timeout_ms=DIAL_MS)
    if reply.error or not reply.text:
        return "errors", f"reading from udp connection failed. err:'read udp {host}:{port}: i/o timeout'"
    return "responses", reply.text


def netexec_udp(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """A datagram and its answer."""
    asked, client = received.strip(), f"{world.client}:{32768 + world.now_ms % 28000}"
    name, _, rest = asked.lower().partition(" ")
    if not asked:
        return Said()
    answers = {
        "hostname": (world.process.hostname, "Sending udp hostName response"),
        "clientip": (client, f"Sending clientip back to UDP client {client}"),
        "serverport": (setting, f"Sending server port to UDP client {setting}"),
        "echo": (rest, f"Echoing {rest} to UDP client {client}"),
    }
    text, line = answers.get(name, ("", f"Unknown UDP command received from {client}: {asked.lower()}"))
    return Said(text, is_over=True, lines=(("stderr", f"{Stamp(world).go} {line}\n"),))


def hostname(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    line = f"{Stamp(world).go} HTTP request from {world.client}:{32768 + world.now_ms % 28000}"
    headers = (("Connection", "close"),) if setting == "true" else ()
    return go_answer(world, asked, world.process.hostname, lines=(line,), headers=headers)


def hostname_tcp(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """It says its name to whoever connects, and hangs up."""
    line = f"{Stamp(world).go} TCP request from {world.client}:{32768 + world.now_ms % 28000}\n"
    return Said(world.process.hostname, is_over=True, lines=(("stderr", line),))


def hostname_udp(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """It says its name to whoever sends something."""
    if not received:
        return Said()
    line = f"{Stamp(world).go} UDP request from {world.client}:{32768 + world.now_ms % 28000}\n"
    return Said(world.process.hostname, is_over=True, lines=(("stderr", line),))


def liveness(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """Well for ten seconds, then no more."""
    path, query = asked_for(asked)
    age_s = (world.now_ms - world.process.notes.get("began_ms", 0)) / 1000
    if path == "/healthz":
        return go_answer(world, asked, "ok") if age_s <= 10 else go_answer(world, asked, f"error: {age_s:.9g}", code=500)
    if path == "/started":
        return go_answer(world, asked, f"{age_s:.9g}s")
    if path == "/redirect":
        return go_answer(world, asked, "", code=302, headers=(("Location", query.get("loc", "")),))
    return go_answer(world, asked, "404 page not found\n", code=404)


def porter(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    name, _, is_json = setting.partition(" ")
    value = world.process.env.get(name, "")
    method = asked.method if isinstance(asked, Asked) else ""
    if is_json:
        return go_answer(world, asked, json.dumps({"Method": method, "Body": value}))
    return go_answer(world, asked, value, kind="text/html; charset=utf-8" if PAGE.match(value) else "text/plain; charset=utf-8")


def files(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """Any file of the container."""
    path, _ = asked_for(asked)
    text = world.read_file(path) if path else None
    if text is None and world.is_folder(path or "/"):
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in world.names(path))
        return go_answer(world, asked, f"<pre>\n{links}</pre>\n", kind="text/html; charset=utf-8")
    if text is None:
        return go_answer(world, asked, "404 page not found\n", code=404)
    return go_answer(world, asked, text, kind=TYPES.get(path[path.rfind(".") :], "text/plain; charset=utf-8"))


def nettest(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """`/write` counts who wrote, `/read` shows it, `/status` says that no peers were found, `/quit` ends the server."""
    path, _ = asked_for(asked)
    notes = world.process.notes
    if path == "/write":
        _received(notes, asked.body if isinstance(asked, Asked) else "")
        return go_answer(world, asked, json.dumps({"Hostname": world.process.hostname}, separators=(",", ":")) + "\n")
    if path == "/read":
        state = {"Hostname": world.process.hostname, "Sent": None, "Received": notes.get("received"), "Errors": notes.get("errors")}
        return go_answer(world, asked, json.dumps({**state, "Log": None, "StillContactingPeers": True}, indent="\t"))
    if path == "/quit":
        world.runtime.end_program(world.process, 0)
    is_known = path in ("/status", "/quit")
    return go_answer(world, asked, "running" if path == "/status" else "" if is_known else "404 page not found\n", code=200 if is_known else 404)


def _received(notes: dict, body: str) -> None:
    """Count a writer; what is no JSON, or has no source, is an error. Both are bounded, as the program's log is."""
    try:
        posted = json.loads(body)
    except ValueError:
        posted = None
    source = str(posted.get("Source") or posted.get("source") or "")[:100] if isinstance(posted, dict) else ""
    if source and len(notes.setdefault("received", {})) < 100:
        notes["received"][source] = notes["received"].get(source, 0) + 1
    elif not source and len(notes.setdefault("errors", [])) < 100:
        notes["errors"].append("EOF" if not body else "Got request with no source")


def reset(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    return Said(is_over=True)


def grpc_health(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """The health service of gRPC, in words: `Check SERVICE` is answered by a status, or by a code of gRPC and its description."""
    line, end, rest = received.partition("\n")
    if not end:
        return Said(rest=received)
    notes, now_ms = world.process.notes, world.now_ms
    began = f"{Stamp(world).go} Serving the Check request for health check, started at {notes.get('began', '')}"
    if line.partition(" ")[2] != setting:
        return Said("NotFound unknown service\n", rest, lines=(("stderr", began + "\n"),))
    is_old = 0 <= notes.get("delay_ms", -1) <= now_ms - notes.get("began_ms", 0)
    is_well = not notes.get("is_unhealthy", False) and not is_old
    return Said("SERVING\n" if is_well else "NOT_SERVING\n", rest, lines=(("stderr", began + "\n"),))


def grpc_control(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """`/make-not-serving` and `/make-serving`."""
    path, _ = asked_for(asked)
    if path not in ("/make-not-serving", "/make-serving"):
        return go_answer(world, asked, "404 page not found\n", code=404)
    world.process.notes["is_unhealthy"] = path == "/make-not-serving"
    age_s = (world.now_ms - world.process.notes.get("began_ms", 0)) / 1000
    return go_answer(world, asked, f"{age_s:.9g}s", lines=(f"{Stamp(world).go} Mark as {'unhealthy' if path == '/make-not-serving' else 'healthy'}",))


ANSWERS = {
    "grpc-control": grpc_control,
    "netexec": netexec,
    "tls-netexec": netexec,
    "hostname": hostname,
    "liveness": liveness,
    "porter": porter,
    "files": files,
    "nettest": nettest,
}
TALKS = {"netexec-udp": netexec_udp, "hostname-tcp": hostname_tcp, "hostname-udp": hostname_udp, "reset": reset, "grpc-health": grpc_health}
