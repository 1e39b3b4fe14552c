"""agnhost: the many-in-one image of Kubernetes' own tests. Its first argument chooses what it is; with none it pauses.

Here are netexec, pause, serve-hostname, entrypoint-tester, liveness, porter, test-webserver, logs-generator, connect, dns-suffix,
dns-server-list, etc-hosts, stress, guestbook, grpc-health-checking, tcp-reset, mounttest, nettest, webhook, crd-conversion-webhook and
test-service-account-issuer-discovery; others say that they are not simulated, and end with 1.
Source: kubernetes test/images/agnhost.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.runtime import agnhost_guestbook, agnhost_openid, agnhost_webhook
from cluster.runtime.agnhost_mounttest import mounttest
from cluster.runtime.agnhost_servers import ANSWERS, TALKS
from cluster.runtime.image import Act, Image, Printed
from cluster.runtime.images.alpine import RELEASE
from cluster.runtime.images.vish_stress import allocate
from cluster.runtime.programs import Running
from cluster.runtime.wire import TIMEOUT, UNRESOLVED
from cluster.runtime.words import Stamp, duration_of, flags, number_of
from cluster.runtime.world import ContainerWorld

PEM = "-----BEGIN {what}-----\nMIIBszCCAVmgAwIBAgIUQ==\n-----END {what}-----\n"  # of localhost; porter's, which nobody reads here
METHODS, NAMESPACES = ("GET", "POST", "PUT"), ("kube-system", "default", "ns")


def agnhost(me: Running) -> Act:
    """Do what the first argument says."""
    name = me.argv[1] if len(me.argv) > 1 else "pause"
    if name in PROGRAMS:
        return PROGRAMS[name](me)
    me.say(f'Error: unknown command "{name}" for "app"\nRun \'app --help\' for usage.\n(not every command of agnhost is simulated)', "stderr")
    return Act(code=1)


def _serve(me: Running, port: int, server: str) -> Act:
    """Listen, or end as Go's log.Fatal does."""
    if me.listen(port, server):
        return Act()
    me.say(f"{Stamp(me.world).go} listen tcp :{port}: bind: address already in use", "stderr")
    return Act(code=1)


def pause(me: Running) -> Act:
    me.say("Paused\nSignals registered")
    return Act()


def netexec(me: Running) -> Act:
    found, _ = flags(me.argv[2:])
    port = number_of(found.get("http-port", ""), 8080)
    me.say(f"{Stamp(me.world).go} Started HTTP server on port {port}", "stderr")
    if (udp := number_of(found.get("udp-port", ""), 8081)) != -1:
        me.say(f"{Stamp(me.world).go} Started UDP server on port  {udp}", "stderr")
        me.hear(udp, f"netexec-udp {udp}")
    me.notes["delay_ms"] = number_of(found.get("delay-shutdown", ""), 0) * 1000
    return _serve(me, port, f"{'tls-' if found.get('tls-cert-file') else ''}netexec {port}")


def serve_hostname(me: Running) -> Act:
    found, _ = flags(me.argv[2:], plain=("tcp", "udp", "http", "close"))
    port = number_of(found.get("port", ""), 9376)
    if found.get("http", "true") == "true" and "true" in (found.get("tcp"), found.get("udp")):
        me.say(f"{Stamp(me.world).go} Can't server TCP/UDP mode and HTTP mode at the same time", "stderr")
        return Act(code=1)
    me.say(f"{Stamp(me.world).go} Serving on port {port}.", "stderr")
    me.notes["delay_ms"] = 60_000
    if found.get("udp") == "true":
        me.hear(port, f"hostname-udp {port}")
        if found.get("tcp") != "true":
            return Act()
    return _serve(me, port, "hostname-tcp" if found.get("tcp") == "true" else f"hostname {found.get('close', '')}")


def entrypoint_tester(me: Running) -> Act:
    me.say("[" + " ".join(me.argv) + "]")
    return Act(code=0)


def liveness(me: Running) -> Act:
    me.notes["began_ms"] = me.now_ms
    return _serve(me, 8080, "liveness")


def porter(me: Running) -> Act:
    """A port for each variable SERVE_PORT_n; TLS is answered without TLS."""
    is_json = "true" if "--json-response" in me.argv else ""
    for name in me.env:
        for lead in ("SERVE_PORT_", "SERVE_TCP_PORT_", "SERVE_TLS_PORT_"):
            port = number_of(name.removeprefix(lead), 0) if name.startswith(lead) else 0
            if 0 < port < 65536 and not me.listen(port, f"porter {name} {is_json}"):
                me.say(f"{Stamp(me.world).go} server on port \"{port}\" failed: listen tcp 0.0.0.0:{port}: bind: address already in use", "stderr")
    return Act()


def test_webserver(me: Running) -> Act:
    found, _ = flags(me.argv[2:])
    return _serve(me, number_of(found.get("port", ""), 80), "files")


def logs_generator(me: Running) -> Act:
    """So many lines over so long a time, evenly."""
    found, _ = flags(me.argv[2:])
    total = number_of(found.get("log-lines-total", found.get("t", "")), 0)
    length_ms = duration_of(found.get("run-duration", found.get("d", "")))
    if total <= 0 or length_ms <= 0:
        wrong = f"total number of lines: {total}" if total <= 0 else f"duration: {length_ms // 1000}s"
        me.say(f"F{Stamp(me.world).klog}       1 logs_generator.go:{66 if total <= 0 else 70}] Invalid {wrong}", "stderr")
        return Act(code=255)
    done, delay_ms = me.notes.get("done", 0), max(1, length_ms // total)
    if done >= total:
        return Act(code=0)
    random = me.runtime.engine.rng("program/" + me.runtime.name)
    url = f"/api/v1/namespaces/{random.choice(NAMESPACES)}/pods/{random.suffix(random.between(3, 4))}"
    me.say(f"I{Stamp(me.world).klog}       1 logs_generator.go:76] {done} {random.choice(METHODS)} {url} {random.between(200, 599)}", "stderr")
    me.notes["done"] = done + 1
    return Act(delay_ms, is_background=True)


def connect(me: Running) -> Act:
    """Try a connection once, and tell what came of it."""
    code, words = _connected(me.world, me.argv[2:])
    if words:
        me.say(words, "stderr")
    return Act(code=code)


def _connected(world: ContainerWorld, words: list[str]) -> tuple[int, str]:
    found, rest = flags(words)
    host, colon, port = (rest[0] if rest else "").rpartition(":")
    if not colon or number_of(port, 0) <= 0:
        return 1, f"UNKNOWN: address {rest[0] if rest else ''}: missing port in address"
    limit_ms = duration_of(found.get("timeout", "")) or 127_000
    reply = world.network.exchange(host, int(port), timeout_ms=limit_ms)
    if not reply.error:
        return 0, ""
    if reply.error == UNRESOLVED:
        return 1, f"DNS: lookup {host}: no such host"
    return 1, {"refused": "REFUSED", TIMEOUT: "TIMEOUT"}.get(reply.error, "OTHER: connect: no route to host")


def _resolver_line(world: ContainerWorld, name: str) -> list[str]:
    lines = [line.split() for line in (world.read_file("/etc/resolv.conf") or "").splitlines()]
    return [word for line in lines if line[:1] == [name] for word in line[1:]]


def dns_suffix(me: Running) -> Act:
    me.say(",".join(_resolver_line(me.world, "search")))
    return Act(code=0)


def dns_server_list(me: Running) -> Act:
    me.say(",".join(_resolver_line(me.world, "nameserver")))
    return Act(code=0)


def etc_hosts(me: Running) -> Act:
    me.say((me.world.read_file("/etc/hosts") or "").rstrip("\n"))
    return Act(code=0)


def nettest(me: Running) -> Act:
    """A server that counts who writes to it. Its peers are Endpoints, which it cannot read without a client of the API: it never finds any."""
    found, _ = flags(me.argv[2:])
    if not me.step:
        return _serve(me, number_of(found.get("port", ""), 8080), "nettest")
    return Act()


def webhook(me: Running) -> Act:
    """It speaks TLS; the certificate that it is given is not read."""
    found, _ = flags(me.argv[2:])
    name = "tls-webhook" if me.argv[1] == "webhook" else "tls-conversion"
    return _serve(me, number_of(found.get("port", ""), 443), f"{name} {found.get('sidecar-image', '')}")


def tcp_reset(me: Running) -> Act:
    found, _ = flags(me.argv[2:])
    return _serve(me, number_of(found.get("port", ""), 8080), "reset")


def grpc_health_checking(me: Running) -> Act:
    """gRPC's health service, and a port over which it is made to fail."""
    found, _ = flags(me.argv[2:])
    port, control = number_of(found.get("port", ""), 5000), number_of(found.get("http-port", ""), 8080)
    delay_s = number_of(found.get("delay-unhealthy-sec", ""), -1)
    me.notes.update(began_ms=me.now_ms, began=me.world.date_text, delay_ms=delay_s * 1000 if delay_s >= 0 else -1)
    me.say(f"{Stamp(me.world).go} Http server starting to listen on :{control}", "stderr")
    if not me.listen(control, "grpc-control"):
        me.say(f"{Stamp(me.world).go} listen tcp :{control}: bind: address already in use", "stderr")
        return Act(code=1)
    me.say(f"{Stamp(me.world).go} gRPC server starting to listen on :{port}", "stderr")
    return _serve(me, port, f"grpc-health {found.get('service', '')}")


PROGRAMS: dict[str, Callable[[Running], Act]] = {
    "pause": pause,
    "netexec": netexec,
    "serve-hostname": serve_hostname,
    "entrypoint-tester": entrypoint_tester,
    "liveness": liveness,
    "porter": porter,
    "test-webserver": test_webserver,
    "logs-generator": logs_generator,
    "connect": connect,
    "dns-suffix": dns_suffix,
    "dns-server-list": dns_server_list,
    "etc-hosts": etc_hosts,
    "stress": allocate,
    "guestbook": agnhost_guestbook.guestbook,
    "grpc-health-checking": grpc_health_checking,
    "tcp-reset": tcp_reset,
    "mounttest": mounttest,
    "nettest": nettest,
    "webhook": webhook,
    "crd-conversion-webhook": webhook,
    "test-service-account-issuer-discovery": agnhost_openid.discovery,
}


def on_signal(me: Running, name: str) -> Act | None:
    """Go programs end on a signal that they do not wait for; netexec, serve-hostname and pause wait for TERM."""
    command = me.argv[1] if len(me.argv) > 1 else "pause"
    if name not in ("TERM", "INT"):
        return None
    if command == "pause":
        words = f'exiting because of signal "{"terminated" if name == "TERM" else "interrupt"}"'
        me.world.put_file(me.env.get("TERMINATION_MESSAGE_PATH") or "/dev/termination-log", words + "\n")
        me.say(words)
        return Act(code=2 if name == "TERM" else 1)
    if command == "serve-hostname" and name == "TERM":
        me.say(f"{Stamp(me.world).go} Shutting down after receiving signal: terminated.\n{Stamp(me.world).go} Awaiting pod deletion.", "stderr")
        return Act(me.notes.get("delay_ms", 0), 0)
    if command == "netexec" and name == "TERM":
        if me.notes.get("delay_ms"):
            me.say(f"{Stamp(me.world).go} Sleeping {me.notes['delay_ms'] // 1000} seconds before terminating...", "stderr")
        me.notes["is_ending"] = True
        return Act(me.notes.get("delay_ms", 0), 0)
    return None  # as the first process the kernel spares it; Go's runtime then exits with 2 (runtime/signal_unix.go, dieFromSignal)


def tool(world: ContainerWorld, words: list[str]) -> Printed:
    """`/agnhost connect …` and the like, run beside the first process."""
    if words[1:2] == ["connect"]:
        code, said = _connected(world, words[2:])
        return Printed(code, errors=said + "\n" if said else "")
    for name, kind in (("dns-suffix", "search"), ("dns-server-list", "nameserver")):
        if words[1:2] == [name]:
            return Printed(0, ",".join(_resolver_line(world, kind)) + "\n")
    return Printed(1, errors=f"agnhost {' '.join(words[1:2])}: this command of agnhost is not simulated in exec\n")


IMAGE = Image(
    repositories=("registry.k8s.io/e2e-test-images/agnhost", "k8s.gcr.io/e2e-test-images/agnhost", "gcr.io/k8s-staging-e2e-test-images/agnhost"),
    size_bytes=0,
    entrypoint=("/agnhost",),
    command=("/agnhost", "pause"),
    exit_codes={"TERM": 2, "INT": 2, "QUIT": 2, "HUP": 2},
    programs={"agnhost": agnhost, "agnhost-2": agnhost},
    signals=on_signal,
    answers={
        **ANSWERS,
        "guestbook": agnhost_guestbook.serve,
        "tls-webhook": agnhost_webhook.webhook,
        "tls-conversion": agnhost_webhook.conversion,
    },
    talks=TALKS,
    tools={"agnhost": tool},
    files={"/etc/os-release": RELEASE, "/localhost.crt": PEM.format(what="CERTIFICATE"), "/localhost.key": PEM.format(what="PRIVATE KEY")},
    groups={1000: (1000, 50000)},
    lacks=("dash",),
    prompt_shows_folder=True,
)
