"""The server: Daphne in this process's own event loop, until it is told to stop."""

import asyncio
import contextlib
import errno
import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable

# Both take a good tenth of a second to load and are not needed: TLS is a proxy's work here, and autobahn's
# native helpers matter for large WebSocket messages from browsers, which there are none of.
os.environ.setdefault("AUTOBAHN_USE_NVX", "0")
IS_TLS_UNLOADED = "OpenSSL" not in sys.modules
if IS_TLS_UNLOADED:
    sys.modules["OpenSSL"] = None

from daphne import server as daphne_server  # noqa: E402 - installs Twisted's reactor on its event loop
from daphne.endpoints import build_endpoint_description_strings  # noqa: E402
from twisted.internet import reactor  # noqa: E402
from twisted.internet.error import CannotListenError  # noqa: E402

from webui import denial  # noqa: E402
from webui.setup import ports  # noqa: E402
from webui.setup.problems import Problem  # noqa: E402
from webui.transport import Connection, Factory, room_for  # noqa: E402

if IS_TLS_UNLOADED:
    del sys.modules["OpenSSL"]

daphne_server.HTTPFactory = Factory  # Daphne makes its factory by this name
denial.install()
loop = daphne_server.twisted_loop  # everything here runs in this loop
CLOSE_WITHIN_S = 1.0
LOAD_LATER_S = 1.0
# How long a thread that works lets another wait which could: the simulation's a request that came in. Python's own choice is 5 ms.
SWITCH_S = 0.001
# A limit for both directions: the snapshot of a busy sandbox is some megabytes; what a page may send, its consumer limits.
MOST_MESSAGE_BYTES = 64 * 1024 * 1024


class Server(daphne_server.Server):
    """Daphne, started inside a running event loop instead of running one itself."""

    def start(self) -> None:
        self.abort_start = True  # run() then does all but run the reactor
        self.run()
        if not reactor.running:
            reactor.startRunning(installSignalHandlers=False)

    async def handle_reply(self, protocol, message):
        """Write a message, then wait until its reader has made room for the next."""
        room = room_for(protocol, message)
        await super().handle_reply(protocol, message)
        if room is not None:
            await room.event.wait()

    def listen_success(self, port):
        super().listen_success(port)
        port.transport = Connection
        return port

    def listen_error(self, failure):
        return failure

    async def close(self) -> None:
        """Stop listening, then end what is still being answered."""
        for listener in self.listeners:
            if port := getattr(listener, "result", None):
                port.stopListening()
        tasks = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        for protocol in list(self.connections):
            if transport := getattr(protocol, "transport", None):
                transport.loseConnection()
        await asyncio.sleep(0)


async def serve(bind: str, port: int, on_ready: Callable[[str], None], stop: asyncio.Event, application=None) -> None:
    """Serve at the address until `stop` is set; `on_ready(url)` is called once the page answers.

    The simulation wakes meanwhile: what asks for it earlier waits for it.

    Raises: Problem when nothing can listen there.
    """
    from channels.layers import get_channel_layer
    from channels.worker import Worker

    from cluster.worker import consumer
    from cluster.worker.consumer import CHANNEL

    if application is None:
        from webui.asgi import application
    server = Server(
        application,
        endpoints=build_endpoint_description_strings(host=bind, port=port),
        signal_handlers=False,
        server_name="Podlife",
        websocket_max_message_size=MOST_MESSAGE_BYTES,
        websocket_max_frame_size=MOST_MESSAGE_BYTES,
    )
    server.start()
    sys.setswitchinterval(SWITCH_S)
    worker = loop.create_task(Worker(application, [CHANNEL], get_channel_layer()).handle())
    waking: asyncio.Task | None = None
    try:
        await _listening(server, bind, port)
        host, port = server.listening_addresses[0][:2]
        await _answers(_reachable(host), port)
        on_ready(url(bind, port))
        waking = loop.create_task(_wake())
        loop.call_later(LOAD_LATER_S, threading.Thread(target=_load_later, daemon=True).start)
        await stop.wait()
    finally:
        worker.cancel()
        if waking is not None:
            waking.cancel()
        await asyncio.gather(server.close(), loop.run_in_executor(None, consumer.stop))


async def _wake() -> None:
    """Load the simulation beside the event loop and wake the sandboxes."""
    from .door import door

    await loop.run_in_executor(None, importlib.import_module, "cluster.worker.host")
    await door().ask({"do": "sandbox_list"})


def _load_later() -> None:
    """Load what no first page needs, before somebody needs it."""
    from .urls import LATER

    for module in LATER.values():
        importlib.import_module(module)


async def _listening(server: Server, bind: str, port: int) -> None:
    try:
        for listener in server.listeners:
            await listener.asFuture(loop)
    except CannotListenError as error:
        cause = error.socketError
        if not isinstance(cause, OSError):
            cause = OSError(errno.EADDRINUSE, str(cause))
        raise ports.of_listen_error(cause, bind, port) from error


async def _answers(host: str, port: int) -> None:
    """Ask for the page once: that it answers is then known, and what a first request loads is loaded."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    first_line = answer.partition(b"\r\n")[0].decode("latin-1")
    if " 200 " not in first_line:
        raise Problem(f"The page cannot be served ({first_line}): what went wrong stands above.")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def url(bind: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    host = _reachable(bind)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def names_of_machine() -> list[str]:
    """The names and addresses by which others may ask for this machine when it serves the whole network."""
    name = socket.gethostname()
    found = {name, socket.getfqdn()} - {""}
    with contextlib.suppress(OSError):
        found |= {entry[4][0] for entry in socket.getaddrinfo(name, None)}
    return sorted(f"[{each}]" if ":" in each else each for each in found)
