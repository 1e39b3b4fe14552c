"""Owns one try of a probe or of an HTTP hook: what is asked, of whom, and what the answer means.

Sources: kubernetes pkg/kubelet/prober/prober.go, pkg/probe/{exec,http,tcp,grpc}, pkg/probe/util.go.
A simplification: HTTPS is spoken by few servers here (agnhost's webhook); the others answer it as one that speaks plain HTTP.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from cluster.runtime.commands import Ended
from cluster.runtime.http import answer_of
from cluster.runtime.servers import listening
from cluster.runtime.wire import PLAIN, REFUSED, TIMEOUT, Exchanged, Wire

SUCCESS, WARNING, FAILURE, UNKNOWN = "success", "warning", "failure", "unknown"
MOST_READ = 10 * 1024
VERSION = "1.36"
LOOPS = 10  # redirects that are followed
NO_TLS = "http: server gave HTTP response to HTTPS client"
GRPC = "grpc-health"  # a server that speaks it, see runtime/agnhost_servers.py


class Answer(NamedTuple):
    """result: one of the four above; error: why there is no result. took_ms: until it is known."""

    result: str
    output: str = ""
    error: str = ""
    took_ms: int = 0


def port_of(wanted: int | str, container: dict) -> int:
    """The number of a port. Raises ValueError in upstream's words."""
    if isinstance(wanted, int):
        number = wanted
    else:
        named = [port["containerPort"] for port in container.get("ports") or () if port.get("name") == wanted]
        if not named and not (wanted.isascii() and wanted.isdigit()):
            raise ValueError(f'strconv.Atoi: parsing "{wanted}": invalid syntax')
        number = named[0] if named else int(wanted)
    if not 0 < number < 65536:
        raise ValueError(f"invalid port number: {number}")
    return number


def of_command(ended: Ended) -> Answer:
    """What the end of a probe's command means."""
    if ended.is_late:
        return Answer(FAILURE, ended.error)
    if ended.error:
        return Answer(UNKNOWN, error=ended.error)
    return Answer(SUCCESS if ended.code == 0 else FAILURE, ended.output[:MOST_READ])


def ask(runtime: Any, probe: dict, container: dict, pod_ip: str) -> Answer:
    """One try of a probe that goes over the network, from the node."""
    timeout_ms = probe.get("timeoutSeconds", 1) * 1000
    try:
        if "httpGet" in probe:
            return http(runtime, probe["httpGet"], container, pod_ip, timeout_ms=timeout_ms, purpose="probe")
        if "tcpSocket" in probe:
            return _tcp(runtime, probe["tcpSocket"], container, pod_ip, timeout_ms)
        return _grpc(runtime, probe.get("grpc") or {}, pod_ip, timeout_ms)
    except ValueError as error:
        return Answer(UNKNOWN, error=str(error))


def _tcp(runtime: Any, action: dict, container: dict, pod_ip: str, timeout_ms: int) -> Answer:
    host, port = action.get("host") or pod_ip, port_of(action["port"], container)
    reply = Wire(runtime).exchange(host, port, timeout_ms=timeout_ms, is_traced=False)
    return Answer(FAILURE, dial_error(reply, host, port), took_ms=reply.took_ms) if reply.error else Answer(SUCCESS, took_ms=reply.took_ms)


def _grpc(runtime: Any, action: dict, pod_ip: str, timeout_ms: int) -> Answer:
    """Who speaks no gRPC never becomes a connection: the time runs out. A simplification: what is said is words, not protobuf."""
    port, service = action["port"], action.get("service") or ""
    seconds = timeout_ms // 1000
    if not serves_grpc(runtime, pod_ip, port):
        words = f'timeout: failed to connect service "{pod_ip}:{port}" within {seconds}s: context deadline exceeded'
        return Answer(FAILURE, words, took_ms=timeout_ms)
    reply = Wire(runtime).exchange(pod_ip, port, f"Check {service}\n", timeout_ms=timeout_ms, is_traced=False)
    said = reply.text.strip()
    if said == "SERVING":
        return Answer(SUCCESS, "service healthy", took_ms=reply.took_ms)
    if said == "NOT_SERVING":
        return Answer(FAILURE, f'service unhealthy (responded with "{said}")', took_ms=reply.took_ms)
    code, _, words = said.partition(" ")
    return Answer(FAILURE, f"error: health rpc probe failed: rpc error: code = {code} desc = {words}", took_ms=reply.took_ms)


def serves_grpc(runtime: Any, pod_ip: str, port: int) -> bool:
    """Whether what listens on a port of a Pod speaks gRPC's health protocol."""
    sandbox = runtime.state.sandboxes.get(runtime.state.addresses.get(pod_ip, ""))
    processes = [runtime.state.processes.get(each.id) for each in runtime.containers(sandbox.uid)] if sandbox else []
    found = [listening(process).get(port, "") for process in processes if process is not None]
    return any(server.partition(" ")[0] == GRPC for server in found)


def http(runtime: Any, action: dict, container: dict, pod_ip: str, *, timeout_ms: int, purpose: str) -> Answer:
    """A GET as Go's client makes it; redirects to the same host are followed, others end it."""
    host, port = action.get("host") or pod_ip, port_of(action["port"], container)
    scheme, path = (action.get("scheme") or "HTTP").lower(), action.get("path") or "/"
    took_ms = 0
    for _ in range(LOOPS):
        url = f"{scheme}://{host}:{port}{path if path.startswith('/') else '/' + path}"
        request = request_text(path, f"{host}:{port}", action.get("httpHeaders") or [], purpose)
        left_ms, is_tls = max(timeout_ms - took_ms, 1), scheme == "https"
        reply = Wire(runtime).exchange(host, port, request, timeout_ms=left_ms, is_traced=False, is_tls=is_tls)
        took_ms += reply.took_ms
        if reply.error and reply.error != PLAIN:
            return Answer(FAILURE, f'Get "{url}": {_http_error(reply, host, port)}', took_ms=took_ms)
        if reply.error:
            return Answer(FAILURE, f'Get "{url}": {NO_TLS}', took_ms=took_ms)
        code, location, body = read(reply.text)
        if not code:
            return Answer(FAILURE, f'Get "{url}": {_no_http(reply.text)}', took_ms=took_ms)
        if code in (301, 302, 303, 307, 308) and location:
            there, path = _target(location, f"{host}:{port}")
            if there.partition(":")[0] == host and int(there.partition(":")[2] or 80) == port:
                continue
        return _judged(code, body, took_ms)
    return Answer(FAILURE, f'Get "{url}": stopped after 10 redirects', took_ms=took_ms)


def _judged(code: int, body: str, took_ms: int) -> Answer:
    if not 200 <= code < 400:
        return Answer(FAILURE, f"HTTP probe failed with statuscode: {code}", took_ms=took_ms)
    if code >= 300:
        return Answer(WARNING, f"Probe terminated redirects, Response body: {body}", took_ms=took_ms)
    return Answer(SUCCESS, body, took_ms=took_ms)


def request_text(path: str, host: str, headers: list[dict], purpose: str) -> str:
    """The request with its headers; those of the Pod take the place of the kubelet's own."""
    return _request_text(path, host, tuple((each["name"], each.get("value", "")) for each in headers), purpose)


@lru_cache(maxsize=1024)
def _request_text(path: str, host: str, headers: tuple[tuple[str, str], ...], purpose: str) -> str:
    named = {name.lower(): value for name, value in headers}
    lines = [f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1", f"Host: {named.get('host') or host}"]
    if "user-agent" not in named:
        lines.append(f"User-Agent: kube-{purpose}/{VERSION}")
    if "accept" not in named:
        lines.append("Accept: */*")
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in ("host", "connection")]
    return "\r\n".join([*lines, "Connection: close", "", ""])


def read(text: str) -> tuple[int, str, str]:
    """(code, Location, body) of an answer; code 0 when it is none."""
    if text.startswith("HTTP/1.1 200 "):  # the usual answer, at little cost
        return 200, "", text.partition("\r\n\r\n")[2][:MOST_READ]
    answered = answer_of(text)
    if answered is None:
        return 0, "", ""
    return answered.code, answered.headers.get("location", ""), answered.body[:MOST_READ]


def _no_http(text: str) -> str:
    """Go's words for an answer that is no HTTP."""
    if not text:
        return "EOF"
    line = text.partition("\n")[0].rstrip("\r")
    version, is_cut, _ = line.partition(" ")
    what = f'malformed HTTP version "{version}"' if is_cut else f'malformed HTTP response "{line}"'
    return f"net/http: HTTP/1.x transport connection broken: {what}"


def _target(location: str, here: str) -> tuple[str, str]:
    """(host:port, path) that a Location leads to."""
    scheme, separator, rest = location.partition("://")
    if not separator:
        return here, location if location.startswith("/") else "/" + location
    host, _, path = rest.partition("/")
    return (host if ":" in host else f"{host}:{443 if scheme == 'https' else 80}"), "/" + path


def _http_error(reply: Exchanged, host: str, port: int) -> str:
    if reply.error == TIMEOUT:
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return dial_error(reply, host, port)


def dial_error(reply: Exchanged, host: str, port: int) -> str:
    """Go's words for a connection that did not come about."""
    if reply.resolved is not None and reply.resolved.error:
        return f"dial tcp: lookup {host}: no such host"
    words = {REFUSED: "connect: connection refused", TIMEOUT: "i/o timeout"}.get(reply.error, "connect: no route to host")
    return f"dial tcp {reply.address or host}:{port}: {words}"
