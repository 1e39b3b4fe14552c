"""Owns curl: its options, its words, its numbers. What answers is behind `world.network` (runtime/wire.py).

https is a mark on the connection: no certificate is read, so `--cacert` only has to name a file.
Source: curl's manual.
"""

from __future__ import annotations

import posixpath
import re

from ..octets import bytes_of
from ..wire import CONNECT_TIMEOUT_MS, PLAIN, RESET, TIMEOUT, UNRESOLVED
from .call import Call
from .durations import duration_ms
from .networking import MOST_REDIRECTS, URL, Address, Answer, Reply, address_of, answer_of, asked, moved, request_text

CURL_LONGS = {"silent": "s", "show-error": "S", "fail": "f", "verbose": "v", "include": "i", "head": "I", "output": "o", "remote-name": "O",
              "location": "L", "request": "X", "data": "d", "header": "H", "max-time": "m", "write-out": "w", "insecure": "k", "user-agent": "A",
              "connect-timeout": "1", "retry": "2", "data-raw": "d", "data-binary": "d", "user": "u", "no-buffer": "N", "noproxy": "3",
              "retry-connrefused": "4", "retry-delay": "5", "compressed": "6", "get": "G", "http1.1": "7", "resolve": "8",
              "interface": "9", "disable": "q", "globoff": "g", "cacert": "0"}  # fmt: skip


UNVERIFIED = ("SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html\n\n"
              "curl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about "
              "this situation and\nhow to fix it, please visit the webpage mentioned above.")  # fmt: skip


class CurlFailed(Exception):
    """An end of curl with a number."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def curl(call: Call) -> int:
    options = call.options("sSfviIOLkNG467qg", "oXdHmwAu0123589", longs=CURL_LONGS)
    if not options.rest:
        call.err("curl: (2) no URL specified\n")
        return 2
    status = 0
    for number, text in enumerate(options.rest):
        if number < call.memory.get("done", 0):
            continue
        try:
            curl_one(call, options, text, number)
        except CurlFailed as wrong:
            status = call.memory["status"] = wrong.code
            if "s" not in options or "S" in options:
                call.err(f"curl: ({wrong.code}) {wrong}\n")
        call.memory["done"] = number + 1
    return call.memory.get("status", status)


def curl_one(call: Call, options, text: str, number: int) -> None:
    found_address = URL.match(text)
    if not found_address:
        raise CurlFailed(3, "URL rejected: Malformed input to a URL function")
    address = address_of(text)
    data = "&".join(options.values.get("d", []))
    if data.startswith("@"):
        data = call.read_all() if data == "@-" else call.world.read_file(call.path(data[1:])) or ""
    if data and "G" in options:
        address, data = address._replace(path=address.path + ("&" if "?" in address.path else "?") + data), ""
    method = options.get("X") or ("HEAD" if "I" in options else "POST" if data else "GET")
    limit = min(duration_ms(options.get("m", "inf")) or 10**9, duration_ms(options.get("1", "inf")) or 10**9, CONNECT_TIMEOUT_MS)
    found, reply = None, None
    for hop in range(MOST_REDIRECTS):
        if address.scheme not in ("http", "https"):
            raise CurlFailed(1, f'Protocol "{address.scheme}" not supported')
        is_tls = address.scheme == "https"
        if is_tls and "k" not in options:
            check_authority(call, options, address, f"curl {number} {hop} tls", limit)
        headers = {"Host": address.name, "User-Agent": options.get("A", "curl/8.14.1"), "Accept": "*/*"}
        headers |= {"Content-Length": str(len(bytes_of(data))), "Content-Type": "application/x-www-form-urlencoded"} if data else {}
        for each in options.values.get("H", []):
            name, _, value = each.partition(":")
            headers = {key: kept for key, kept in headers.items() if key.lower() != name.lower()} | {name: value.strip()}
        sent = request_text(method, address, headers, data)
        reply = asked(call, f"curl {number} {hop}", lambda network, at=address, sent=sent, is_tls=is_tls: network.exchange(
            at.host, at.port, sent, timeout_ms=limit, is_tls=is_tls))  # fmt: skip
        found = curl_answer(reply, address, limit)
        if "L" not in options or found.code not in (301, 302, 303, 307, 308) or "location" not in found.headers:
            break
        address = moved(address, found.headers["location"])
    curl_shown(call, options, address, found, reply, method)


def check_authority(call: Call, options, address: Address, key: str, limit_ms: int) -> None:
    """What comes of TLS before anything is asked: an authority has to be named, though its certificate is not read."""
    name = options.get("0")
    if name and call.world.read_file(call.path(name)) is None:
        raise CurlFailed(77, f"error setting certificate file: {name}")
    if not name:
        reply = asked(call, key, lambda network: network.exchange(address.host, address.port, timeout_ms=limit_ms, is_tls=True))
        curl_answer(reply._replace(text="HTTP/1.1 200 OK\r\n\r\n"), address, limit_ms)
        raise CurlFailed(60, UNVERIFIED)


def curl_answer(reply: Reply, address: Address, limit_ms: int) -> Answer:
    if reply.error == UNRESOLVED:
        raise CurlFailed(6, f"Could not resolve host: {address.host}")
    if reply.error == TIMEOUT and limit_ms < CONNECT_TIMEOUT_MS:
        raise CurlFailed(28, f"Connection timed out after {limit_ms} milliseconds")
    if reply.error == PLAIN:
        raise CurlFailed(35, "TLS connect error: error:0A0000C6:SSL routines::packet length too long")
    if reply.error == RESET:
        raise CurlFailed(56, "Recv failure: Connection reset by peer")
    if reply.error:
        raise CurlFailed(28 if reply.error == TIMEOUT else 7, f"Failed to connect to {address.host} port {address.port} after {reply.took_ms} ms: "
                         "Could not connect to server")  # fmt: skip
    if not reply.text:
        raise CurlFailed(52, "Empty reply from server")
    found = answer_of(reply.text)
    if found is None:
        raise CurlFailed(1, "Received HTTP/0.9 when not allowed")
    return found


def curl_shown(call: Call, options, address: Address, found: Answer, reply: Reply, method: str) -> None:
    if "v" in options:
        call.err(f"* Connected to {address.host} ({reply.address}) port {address.port}\n> {method} {address.path} HTTP/1.1\n>\n"
                 + "".join(f"< {line}\n" for line in found.head.split("\r\n")) + "<\n")  # fmt: skip
    if "f" in options and found.code >= 400:
        written_out(call, options, found, reply, address)
        raise CurlFailed(22, f"The requested URL returned error: {found.code}")
    body = (found.head + "\r\n\r\n" if "i" in options or "I" in options else "") + ("" if "I" in options else found.body)
    name = options.get("o") or (posixpath.basename(address.path.partition("?")[0]) if "O" in options else "")
    if name and name != "-":
        if name != "/dev/null" and not call.world.put_file(call.path(name), body):
            raise CurlFailed(23, f"Failure writing output to destination: {call.world.why}")
    else:
        call.out(body)
    written_out(call, options, found, reply, address)


def written_out(call: Call, options, found: Answer, reply: Reply, address: Address) -> None:
    """`-w`."""
    if "w" not in options:
        return
    seconds = f"{reply.took_ms / 1000:.6f}"
    values = {"http_code": f"{found.code:03}", "response_code": f"{found.code:03}", "time_total": seconds, "time_connect": seconds,
              "size_download": str(len(bytes_of(found.body))), "remote_ip": reply.address, "remote_port": str(address.port),
              "exitcode": "0"}  # fmt: skip
    text = re.sub(r"%\{(\w+)\}", lambda match: values.get(match[1], ""), options["w"])
    call.out(text.replace("\\n", "\n").replace("\\t", "\t"))


CURL = {"curl": curl}
