"""Table: what wget, curl, nc, nslookup and ping say of the answers they get, and when."""

import pytest

from cluster.runtime.wire import NO_NAME, NO_SERVER, PLAIN, REFUSED, TIMEOUT, UNRESOLVED, Exchanged, Resolved

from .programs import Container

PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nhi\n"
GONE = "HTTP/1.1 404 Not Found\r\n\r\nno\n"
MOVED = "HTTP/1.1 301 Moved Permanently\r\nLocation: http://web/new\r\n\r\n"
REPLIES = {
    ("web", 80, "/"): Exchanged(text=PAGE, address="10.96.0.5", took_ms=3),
    ("web", 80, "/new"): Exchanged(text=PAGE, address="10.96.0.5", took_ms=2),
    ("web", 80, "/old"): Exchanged(text=MOVED, address="10.96.0.5", took_ms=2),
    ("web", 80, "/none"): Exchanged(text=GONE, address="10.96.0.5", took_ms=2),
    ("shut", 80, "/"): Exchanged(REFUSED, address="10.96.0.6", took_ms=1),
    ("safe", 443, "/"): Exchanged(text=PAGE, address="10.96.0.8", took_ms=3),
    ("plain", 443, "/"): Exchanged(PLAIN, address="10.96.0.9", took_ms=1),
    ("far", 80, "/"): Exchanged(TIMEOUT, address="10.96.0.7", took_ms=2_000),
}


class Network:
    """Answers out of a table; keeps what was asked."""

    def __init__(self):
        self.asked = []

    def exchange(self, host, port, text="", **about):
        path = text.split(" ")[1] if " " in text else "/"
        self.asked.append((host, port, text))
        return REPLIES.get((host, port, path)) or Exchanged(UNRESOLVED, address=host)

    def resolve(self, name, kind="A", **about):
        if name.startswith("silent"):
            return Resolved(name=name, error=NO_SERVER)
        if name == "web.default.svc.cluster.local.":
            return Resolved(("10.96.0.5",) if kind == "A" else (), name, "" if kind == "A" else "nodata", "10.96.0.10", 2)
        return Resolved(name=name, error=NO_NAME, server="10.96.0.10", took_ms=1)

    def addresses(self):
        return ["10.244.1.7"]

    def ping(self, host, **about):
        return Exchanged(UNRESOLVED) if host == "nope" else Exchanged(address="10.244.0.9", took_ms=1)


def asked(script, behaviour="debian"):
    container = Container(["sh", "-c", script], network=Network(), behaviour=behaviour)
    container.world.process.resolver = "search default.svc.cluster.local\nnameserver 10.96.0.10\n"
    return container.run(until_ms=300_000), container


@pytest.mark.parametrize(
    ("script", "output", "errors", "code", "at_ms"),
    [
        ("wget -qO- web", "hi\n", "", 0, 3),
        ("wget -qO- http://web/old", "hi\n", "", 0, 4),
        ("wget -q web && cat index.html", "hi\n", "", 0, 3),
        ("wget -qO- web/none", "", "wget: server returned error: HTTP/1.1 404 Not Found\n", 1, 2),
        ("wget -qO- shut", "", "wget: can't connect to remote host (10.96.0.6): Connection refused\n", 1, 1),
        ("wget -qO- -T 2 far", "", "wget: download timed out\n", 1, 2_000),
        ("wget -qO- nowhere", "", "wget: bad address 'nowhere'\n", 1, 0),
        ("curl -g -q -s --interface 10.0.0.1 web", "hi\n", "", 0, 3),
        ("dig +noall +answer +search web A", "", "", 0, 1),
        ("dig +short web.default.svc.cluster.local", "10.96.0.5\n", "", 0, 2),
        ("dig +noall +answer web.default.svc.cluster.local", "web.default.svc.cluster.local.\t30\tIN\tA\t10.96.0.5\n", "", 0, 2),
        ("getent hosts web.default.svc.cluster.local.", "10.96.0.5       web.default.svc.cluster.local\n", "", 0, 2),
        ("getent hosts nope", "", "", 2, 1),
        ("ip link add dummy0 type dummy", "", "ip: RTNETLINK answers: Operation not permitted\n", 2, 0),
        ("ip route", "10.244.1.0/24 dev eth0 scope link  src 10.244.1.7\n", "", 0, 0),
        ("curl -s web", "hi\n", "", 0, 3),
        ("curl -sL web/old", "hi\n", "", 0, 4),
        ("curl -so /dev/null -w '%{http_code}\\n' web/none", "404\n", "", 0, 2),
        ("curl -sSf web/none", "", "curl: (22) The requested URL returned error: 404\n", 22, 2),
        ("curl -sS shut", "", "curl: (7) Failed to connect to shut port 80 after 1 ms: Could not connect to server\n", 7, 1),
        ("curl -sS -m 2 far", "", "curl: (28) Connection timed out after 2000 milliseconds\n", 28, 2_000),
        ("curl -s nowhere", "", "", 6, 0),
        ("curl -sk https://safe", "hi\n", "", 0, 3),
        ("curl -s --cacert /etc/hostname https://safe", "hi\n", "", 0, 3),
        ("curl -sS --cacert /none https://safe", "", "curl: (77) error setting certificate file: /none\n", 77, 0),
        ("curl -s https://safe", "", "", 60, 3),
        ("curl -sSk https://plain", "", "curl: (35) TLS connect error: error:0A0000C6:SSL routines::packet length too long\n", 35, 1),
        ("nc -z web 80 && echo open; nc -z shut 80 || echo closed", "open\nclosed\n", "", 0, 4),
        ("ping -c 2 web | tail -2 | head -1", "2 packets transmitted, 2 packets received, 0% packet loss\n", "", 0, 1_001),
        ("ping -c 1 nope", "", "ping: bad address 'nope'\n", 1, 0),
        ("until wget -q -O /dev/null nowhere 2>/dev/null; do n=$((n+1)); [ $n = 3 ] && exit 9; sleep 2; done", "", "", 9, 4_000),
    ],
)
def test_a_tool_says_what_came_of_it_when_its_time_has_come(script, output, errors, code, at_ms):
    ended, _ = asked(script)
    assert ended == (output, errors, code, at_ms)


def test_a_name_is_looked_up_below_the_search_domains():
    ended, _ = asked("nslookup web; echo $?; nslookup web.elsewhere; echo $?; nslookup silent.x; echo $?")
    head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
    full = "web.default.svc.cluster.local"
    known = f"{head}Name:\t{full}\nAddress: 10.96.0.5\n\n*** Can't find {full}: No answer\n\n0\n"
    unknown = head + "** server can't find web.elsewhere: NXDOMAIN\n\n" * 2 + "1\n"
    assert ended.output == known + unknown + ";; connection timed out; no servers could be reached\n\n1\n"


def test_what_is_sent_names_the_host_and_carries_the_data():
    _, container = asked("curl -s -X PUT -d a=1 -H 'X-Me: you' http://web:80/; wget -qO- --header 'A: b' --post-data q=2 web >/dev/null")
    [(_, _, first), (_, _, second)] = container.world.network.asked
    assert first.startswith("PUT / HTTP/1.1\r\nHost: web\r\n") and "\r\nX-Me: you\r\n" in first and first.endswith("\r\n\r\na=1")
    assert second.startswith("POST / HTTP/1.1\r\n") and "\r\nA: b\r\n" in second and second.endswith("\r\n\r\nq=2")


def test_busybox_has_no_curl():
    ended, _ = asked("curl web; echo $?", behaviour="busybox")
    assert (ended.output, ended.errors) == ("127\n", "sh: curl: not found\n")
