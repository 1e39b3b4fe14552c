"""Owns the tools that use the network: wget, nc, nslookup, ping, httpd; curl.py is beside it. What answers is behind `world.network`
(runtime/wire.py).

An answer is worked out when it is asked for and said when its time has come. Source: busybox 1.35 networking/.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from .. import capabilities
from ..octets import bytes_of
from ..wire import CONNECT_TIMEOUT_MS, NO_NAME, NO_ROUTE, NO_SERVER, REFUSED, RESET, TIMEOUT, UNRESOLVED
from .call import Blocked, Call, Failed, Usage
from .durations import duration_ms

URL = re.compile(r"(?:([a-z]+)://)?(?:[^@/]*@)?(\[[^\]]*\]|[^:/?#]+)(?::([0-9]{1,5}))?([/?][^#]*)?")
MOST_REDIRECTS = 5
WHY = {REFUSED: "Connection refused", TIMEOUT: "Connection timed out", NO_ROUTE: "No route to host", RESET: "Connection reset by peer"}


class Reply(NamedTuple):
    """An answer as `call.memory` keeps it."""

    error: str
    text: str
    address: str
    took_ms: int


class Address(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """As the header Host has it."""
        return self.host if self.port == (443 if self.scheme == "https" else 80) else f"{self.host}:{self.port}"


def address_of(text: str) -> Address:
    found = URL.match(text)
    if not found:
        raise Failed(f"bad address '{text}'")
    scheme, host, port, path = found.groups()
    path = path or "/"
    return Address(scheme or "http", host.strip("[]"), int(port or (443 if scheme == "https" else 80)), path if path[0] == "/" else "/" + path)


def asked(call: Call, key: str, make) -> Reply:
    """An exchange, done once and waited for; the answer when its time has come."""
    if key not in call.memory:
        found = make(call.world.network)
        call.memory[key] = [found.error, found.text, found.address, found.took_ms]
        call.memory[key + " due"] = call.world.now_ms + found.took_ms
    if call.world.now_ms < call.memory[key + " due"]:
        raise Blocked(["until", call.memory[key + " due"]])
    return Reply(*call.memory[key])


def request_text(method: str, address: Address, headers: dict[str, str], body: str) -> str:
    lines = [f"{method} {address.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value != "")]
    return "\r\n".join(lines) + "\r\n\r\n" + body


class Answer(NamedTuple):
    code: int
    line: str
    headers: dict[str, str]
    head: str
    body: str


def answer_of(text: str) -> Answer | None:
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdigit():
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(parts[1][:3]), first, headers, head, body)


# -- wget -----------------------------------------------------------------------------------------------------------


def wget(call: Call) -> int:
    options = call.options("cqSnv", "OoUPTtYed", longs={"spider": "s", "header": "H", "post-data": "D", "quiet": "q", "no-check-certificate": "n",
                           "output-document": "O", "timeout": "T", "user-agent": "U", "tries": "t", "server-response": "S"})  # fmt: skip
    names = [word for word in options.rest if word not in call.memory]
    headers, body, method, names = wget_headers(call, options, names)
    if not names:
        raise Usage
    limit = duration_ms(options.get("T", "900")) or CONNECT_TIMEOUT_MS
    address = address_of(names[0])
    for number in range(MOST_REDIRECTS):
        if address.scheme not in ("http", "https"):
            raise Failed(f"not an http or ftp url: {names[0]}")
        found = fetched(call, address, number, limit, request_text(method, address, {"Host": address.name, "User-Agent": options.get("U", "Wget"),
                        "Connection": "close", **headers}, body), is_quiet="q" in options)  # fmt: skip
        if found.code not in (301, 302, 303, 307, 308) or "location" not in found.headers:
            break
        address = moved(address, found.headers["location"])
    else:
        raise Failed("too many redirections")
    if "S" in options:
        call.err("".join(f"  {line}\n" for line in found.head.split("\r\n")))
    if found.code not in (200, 201, 202, 203, 204, 206):
        raise Failed(f"server returned error: {found.line}")
    if "s" in options:
        call.err("" if "q" in options else "remote file exists\n")
        return 0
    return saved(call, options, address, found.body)


def wget_headers(call: Call, options, names: list[str]) -> tuple[dict, str, str, list[str]]:
    """Headers and body; values of long options that stand as words of their own are taken out of the names."""
    headers: dict[str, str] = {}
    body, method, words, kept = "", "GET", list(call.arguments), list(names)
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name not in ("--header", "--post-data"):
            continue
        if not equals:
            value = words[at + 1] if at + 1 < len(words) else ""
            kept = [each for each in kept if each != value]
        if name == "--header":
            key, _, text = value.partition(":")
            headers[key.strip()] = text.strip()
        else:
            body, method = value, "POST"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(bytes_of(value)))}
    return headers, body, method, kept


def fetched(call: Call, address: Address, number: int, limit_ms: int, text: str, *, is_quiet: bool) -> Answer:
    reply = asked(call, f"reply{number}", lambda network: network.exchange(address.host, address.port, text, timeout_ms=limit_ms))
    if not is_quiet and reply.error != UNRESOLVED and not call.memory.get(f"said{number}"):
        call.memory[f"said{number}"] = True
        call.err(f"Connecting to {address.name} ({reply.address}:{address.port})\n")
    if reply.error == UNRESOLVED:
        raise Failed(f"bad address '{address.name}'")
    if reply.error == TIMEOUT and limit_ms < CONNECT_TIMEOUT_MS:
        raise Failed("download timed out")
    if reply.error:
        raise Failed(f"can't connect to remote host ({reply.address}): {WHY.get(reply.error, reply.error)}")
    found = answer_of(reply.text)
    if found is None:
        raise Failed("error getting response")
    return found


def moved(address: Address, target: str) -> Address:
    if target.startswith("/"):
        return address._replace(path=target)
    return address_of(target)


def saved(call: Call, options, address: Address, body: str) -> int:
    name = options.get("O") or posixpath.basename(address.path.partition("?")[0]) or "index.html"
    if name == "-":
        call.out(body)
        return 0
    name = posixpath.join(options.get("P"), name) if "P" in options else name
    if "O" not in options and call.world.look(call.path(name)) is not None:
        raise Failed(f"can't open '{name}': File exists")
    if not call.world.put_file(call.path(name), body):
        raise Failed(f"can't open '{name}': {call.world.why}")
    if "q" not in options:
        size = len(bytes_of(body))
        call.err(f"saving to '{name}'\n{name[:20]:<20} 100% |********************************| {size:5}  0:00:00 ETA\n'{name}' saved\n")
    return 0


# -- nc, nslookup, ping -------------------------------------------------------------------------------------------------


def netcat(call: Call) -> int:
    """`nc [-zvu] [-w SECS] HOST PORT`, `nc -l[k] -p PORT`."""
    options = call.options("zvunlkt" + ("U" if call.world.process.behaviour == "agnhost" else ""), "wpies", stops=False)
    if "l" in options:
        return listen_at_path(call, options) if "U" in options else listen(call, options)
    if "U" in options:
        raise Failed("-U without -l is not simulated")
    if len(options.rest) != 2 or not options.rest[1].isdigit():
        raise Usage
    host, port = options.rest[0], int(options.rest[1][:6])
    limit = duration_ms(options.get("w", "")) if "w" in options else CONNECT_TIMEOUT_MS
    text = "" if "z" in options else call.read_all()
    protocol = "UDP" if "u" in options else "TCP"
    reply = asked(call, "reply", lambda network: network.exchange(host, port, text, protocol=protocol, timeout_ms=limit or CONNECT_TIMEOUT_MS))
    if reply.error == UNRESOLVED:
        raise Failed(f"bad address '{host}'")
    if reply.error:
        if "v" in options:
            call.err(f"nc: {host} ({reply.address}:{port}): {WHY.get(reply.error, reply.error)}\n")
            return 1
        if "z" in options:
            return 1
        why = "timed out" if reply.error == TIMEOUT and "w" in options else ""
        raise Failed(why or f"can't connect to remote host ({reply.address}): {WHY.get(reply.error, reply.error)}")
    if "v" in options:
        call.err(f"{host} ({reply.address}:{port}) open\n")
    call.out("" if "z" in options else reply.text)
    return 0


def listen(call: Call, options) -> int:
    """Wait for a connection, print what is said on it; all that is to be said in return is read before. -k: and again."""
    port = options.get("p", options.rest[-1] if options.rest else "")
    if "e" in options:
        raise Failed("-e is not simulated")
    if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise Failed(f"bad local port '{port}'")
    note, notes, listens = f"nc {int(port)}", call.world.process.notes, call.world.process.listens
    if not call.memory.get("listens"):
        runtime = call.world.runtime
        if port in listens or (runtime is not None and runtime.is_taken(call.world.container, int(port))):
            raise Failed("bind: Address already in use")
        notes[note], listens[port] = [call.read_all(), None], note
        call.memory["listens"] = True
        call.task.serves.append(port)
    says, heard = notes[note]
    if heard:
        call.out(heard)
    if heard is None or "k" in options:
        notes[note] = [says, None]
        raise Blocked(["heard", note])
    del notes[note]
    listens.pop(port, None)
    return 0


def listen_at_path(call: Call, options) -> int:
    """Wait at a socket in the file system; nobody can connect there, so for ever."""
    if len(options.rest) != 1:
        raise Usage
    if not call.memory.get("listens") and not call.world.make_special(call.path(options.rest[0]), "socket", mode=0o777 & ~call.task.mask):
        raise Failed("Address in use" if call.world.why == "File exists" else call.world.why)
    call.memory["listens"] = True
    raise Blocked(["ever"])


def name_server_lookup(call: Call) -> int:
    """`nslookup [-type=T] NAME [SERVER]`: a name with a dot as it is, another below each search domain."""
    words = [word for word in call.arguments if not word.startswith("-")]
    kinds = [word.partition("=")[2].upper() for word in call.arguments if word.startswith(("-type=", "-query=", "-q="))]
    if not 1 <= len(words) <= 2:
        raise Usage
    server = words[1] if len(words) > 1 else ""
    if "found" not in call.memory:
        look_up(call, words[0], kinds or (["PTR"] if re.fullmatch(r"[0-9.]+", words[0]) else ["A", "AAAA"]), server)
    if call.world.now_ms < call.memory["due"]:
        raise Blocked(["until", call.memory["due"]])
    call.out(call.memory["found"])
    return call.memory["code"]


def look_up(call: Call, name: str, kinds: list[str], server: str) -> None:
    names = [name] if "." in name else [f"{name}.{domain}" for domain in search_domains(call)] or [name]
    network, took, said, found_any, server_name, is_silent = call.world.network, 0, "", False, server, False
    for each in names:
        for kind in kinds:
            found = network.resolve(each.rstrip(".") + ".", kind, server=server)
            took, server_name = max(took, found.took_ms), found.server or server_name
            shown = each.rstrip(".")
            if found.error == NO_SERVER:
                is_silent = True
            elif found.error == NO_NAME:
                said += f"** server can't find {shown}: NXDOMAIN\n\n"
            elif found.error or not (found.addresses or found.records):
                said += f"*** Can't find {shown}: No answer\n\n"
            else:
                found_any = True
                said += "".join(f"{shown}\tcanonical name = {alias}\n" for alias in found.aliases)
                said += "".join(f"Name:\t{found.name.rstrip('.') or shown}\nAddress: {address}\n" for address in found.addresses)
                said += "".join(record_text(shown, record, text) for record, text in found.records) + "\n"
    head = f"Server:\t\t{server_name}\nAddress:\t{server_name}:53\n\n" if server_name else ""
    call.memory["found"] = ";; connection timed out; no servers could be reached\n\n" if is_silent and not found_any else head + said
    call.memory["code"], call.memory["due"] = 0 if found_any else 1, call.world.now_ms + (took or (10_000 if is_silent else 0))


def record_text(name: str, kind: str, text: str) -> str:
    word = {"PTR": "name", "SRV": "service", "CNAME": "canonical name", "TXT": "text"}.get(kind, kind)
    return f"{name}\t{word} = {text}\n"


def search_domains(call: Call) -> list[str]:
    text = call.world.read_file("/etc/resolv.conf") or ""
    return next((line.split()[1:] for line in text.split("\n") if line.startswith("search ")), [])


def ping(call: Call) -> int:
    options = call.options("q46An", "cWwisItTp")
    if len(options.rest) != 1:
        raise Usage
    host, memory = options.rest[0], call.memory
    count = int(options["c"][:6]) if options.get("c", "").isdigit() else 0
    while True:
        sent = memory.setdefault("sent", 0)
        if (count and sent >= count) or ("w" in options and call.world.now_ms >= memory.get("ends", call.world.now_ms + 1)):
            return ping_summary(call, host)
        if call.world.now_ms < memory.get("next", 0):
            raise Blocked(["until", memory["next"]])
        memory.setdefault("ends", call.world.now_ms + (duration_ms(options.get("w", "inf")) or 0))
        found = call.world.network.ping(host, is_traced=sent == 0)
        if found.error == UNRESOLVED:
            raise Failed(f"bad address '{host}'")
        if not sent:
            call.out(f"PING {host} ({found.address}): 56 data bytes\n")
        memory["sent"] = sent + 1
        last = bool(count) and sent + 1 >= count
        if not found.error:
            time = 0.05 + found.took_ms * 0.9 if found.took_ms else 0.062
            memory.setdefault("times", []).append(time)
            memory["times"] = memory["times"][-1000:]
            memory["got"] = memory.get("got", 0) + 1
            call.out("" if "q" in options else f"64 bytes from {found.address}: seq={sent} ttl=64 time={time:.3f} ms\n")
        wait = (
            (duration_ms(options.get("W", "10")) or 0)
            if last and found.error
            else found.took_ms
            if last
            else duration_ms(options.get("i", "1")) or 1_000
        )
        memory["next"] = call.world.now_ms + wait
        if not count:
            call.runner.process.looped = True


def ping_summary(call: Call, host: str) -> int:
    if call.world.now_ms < call.memory["next"]:
        raise Blocked(["until", call.memory["next"]])
    sent, got, times = call.memory["sent"], call.memory.get("got", 0), call.memory.get("times", [])
    call.out(f"\n--- {host} ping statistics ---\n{sent} packets transmitted, {got} packets received, {100 * (sent - got) // sent}% packet loss\n")
    if times:
        call.out(f"round-trip min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms\n")
    return 0 if got else 1


def serve_files(call: Call) -> int:
    """busybox's httpd: `httpd [-f] [-p PORT] [-h HOME]` listens; without -f in the background."""
    options = call.options("ifv", "cpurhedm")
    port, home = options.get("p", "80").rpartition(":")[2], options.get("h", ".")
    if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise Failed(f"bad address '{options.get('p')}'")
    listens = call.world.process.listens
    if not call.memory.get("listens"):
        folder = call.path(home)
        if not call.world.is_folder(folder):
            raise Failed(f"can't change directory to '{home}': No such file or directory")
        runtime = call.world.runtime
        if port in listens or (runtime is not None and runtime.is_taken(call.world.container, int(port))):
            raise Failed("bind: Address already in use")
        listens[port] = f"httpd {folder}"
        call.memory["listens"] = True
        if "f" in options:
            call.task.serves.append(port)
    if "f" in options:
        raise Blocked(["ever"])
    return 0


def ip_route(call: Call) -> int:
    """busybox's `ip`: it shows addresses; with CAP_NET_ADMIN, links without a use (`type dummy`) can be made and removed."""
    what = (call.arguments or [""])[0]
    verb = (call.arguments[1:2] or ["show"])[0]
    if what not in ("link", "addr", "address", "a", "l", "route", "r"):
        raise Usage
    if verb not in ("show", "list", "ls"):
        return change_link(call, verb, call.arguments[2:]) if what.startswith("l") else not_permitted(call)
    rows = ["1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000", "    inet 127.0.0.1/8 scope host lo"]
    for address in call.world.network.addresses():
        rows += ["2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue", f"    inet {address}/24 scope global eth0"]
    rows += [f"{number}: {name}: <BROADCAST,NOARP> mtu 1500 qdisc noop qlen 1000" for number, name in enumerate(links_of(call), 3)]
    if what.startswith("r"):
        rows = [f"{address.rpartition('.')[0]}.0/24 dev eth0 scope link  src {address}" for address in call.world.network.addresses()]
    call.out("".join(row + "\n" for row in rows if not what.startswith("l") or not row.startswith(" ")))
    return 0


def links_of(call: Call) -> list[str]:
    """The links that programs of this container have made. A simplification: those of the Pod's other containers are not seen."""
    return call.world.process.notes.get("links") or []


def change_link(call: Call, verb: str, words: list[str]) -> int:
    names = [word for word in words if word not in ("name", "dev", "type", "dummy")]
    if not capabilities.may(call.world.process, "NET_ADMIN"):
        return not_permitted(call)
    if verb not in ("add", "del", "delete") or len(names) != 1 or (verb == "add" and "dummy" not in words):
        raise Failed("of changes to links, `add NAME type dummy` and `del NAME` are simulated")
    links, name = links_of(call), names[0]
    if (name in (*links, "lo", "eth0")) == (verb == "add"):
        call.err("ip: RTNETLINK answers: File exists\n" if verb == "add" else f"ip: can't find device '{name}'\n")
        return 2 if verb == "add" else 1
    call.world.process.notes["links"] = [*links, name] if verb == "add" else [each for each in links if each != name]
    return 0


def not_permitted(call: Call) -> int:
    call.err("ip: RTNETLINK answers: Operation not permitted\n")
    return 2


NETWORKING = {"ip": ip_route, "wget": wget, "nc": netcat, "nslookup": name_server_lookup, "ping": ping, "httpd": serve_files}
