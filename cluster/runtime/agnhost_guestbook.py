"""Owns agnhost's guestbook: a primary that keeps what is set and hands it on, replicas that register with it, front ends that ask both.

Source: kubernetes test/images/agnhost/guestbook/guestbook.go.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from .http import Asked, Malformed, answer_of
from .image import Act
from .programs import Running
from .servers import Served
from .words import Stamp, asked_for, flags, go_answer, number_of
from .world import ContainerWorld

SLEEP_MS, REGISTER_MS, DIAL_MS = 1_000, 15_000, 5_000
MOST_KEYS, MOST_TEXT, MOST_REPLICAS = 100, 1000, 20
KINDS = {"set": "agnhost-primary", "get": "agnhost-replica"}


def guestbook(me: Running) -> Act:
    """Serve, and where it is a replica register first; after fifteen seconds without a primary it gives up."""
    found, _ = flags(me.argv[2:])
    port, backend = number_of(found.get("http-port", ""), 80), number_of(found.get("backend-port", ""), 6379)
    if not me.step and not me.listen(port, f"guestbook {backend}"):
        me.say(f"{Stamp(me.world).go} listen tcp :{port}: bind: address already in use", "stderr")
        return Act(code=1)
    primary = found.get("replicaof") or found.get("slaveof") or ""
    me.notes.setdefault("began_ms", me.now_ms)
    if not primary or _registered(me, primary, backend):
        return Act()
    if me.now_ms - me.notes["began_ms"] >= REGISTER_MS:
        me.say(f"{Stamp(me.world).go} Timed out while registering to primary.", "stderr")
        return Act(code=1)
    return Act(SLEEP_MS)


def _registered(me: Running, primary: str, port: int) -> bool:
    own = (me.world.network.addresses() or [""])[0]
    me.say(f"{Stamp(me.world).go} Registering to primary: {primary}:{port}/register?host={own}", "stderr")
    code, text = _dial(me.world, primary, port, f"register?host={own}")
    if not code:
        me.say(f"{Stamp(me.world).go} encountered error while registering to primary: {text}. Retrying in 1s.", "stderr")
        return False
    me.notes["store"] = dict(_data(text))
    me.say(f"{Stamp(me.world).go} Registered to node: {primary}", "stderr")
    return True


def _data(text: str) -> dict:
    try:
        found = json.loads(text).get("data")
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def _dial(world: ContainerWorld, host: str, port: int, request: str) -> tuple[int, str]:
    """(code, body) of a GET; code 0 and why where there is no answer."""
    head = f"GET /{request} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: close\r\n\r\n"
    reply = world.network.exchange(host, port, head, timeout_ms=DIAL_MS)
    found = answer_of(reply.text) if not reply.error else None
    return (found.code, found.body) if found is not None else (0, f'Get "http://{host}:{port}/{request}": {reply.error or "EOF"}')


def serve(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """An endpoint of it; setting: the port on which the others listen."""
    path, query = asked_for(asked)
    key, value, cmd = query.get("key", "")[:100], query.get("value", "")[:MOST_TEXT], query.get("cmd", "").lower()
    if path == "/register":
        return _register(world, asked, query.get("host", ""))
    if path == "/get":
        store = world.process.notes.get("store", {})
        return _json(world, asked, {"data": store.get(key, "") if key else store}, f"GET /get?key={key}")
    if path == "/set":
        return _set(world, asked, key, value, number_of(setting, 6379))
    if path == "/guestbook":
        return _front(world, asked, cmd, key, value, number_of(setting, 6379))
    return go_answer(world, asked, "404 page not found\n", code=404)


def _json(world: ContainerWorld, asked: Asked | Malformed, value: dict, said: str) -> Served:
    return go_answer(world, asked, json.dumps(value, separators=(",", ":")), lines=(f"{Stamp(world).go} {said}",))


def _register(world: ContainerWorld, asked: Asked | Malformed, host: str) -> Served:
    replicas = world.process.notes.setdefault("replicas", [])
    if host and host not in replicas and len(replicas) < MOST_REPLICAS:
        replicas.append(host)
    return _json(world, asked, {"data": world.process.notes.get("store", {})}, f"Node '{host}' registered.")


def _set(world: ContainerWorld, asked: Asked | Malformed, key: str, value: str, port: int) -> Served:
    """Keep it, and hand it on."""
    if not key:
        return go_answer(world, asked, "cannot set with empty key.\n", code=400)
    store = world.process.notes.setdefault("store", {})
    if key in store or len(store) < MOST_KEYS:
        store[key] = value
    for replica in world.process.notes.get("replicas", ()):
        code, why = _dial(world, replica, port, f"set?key={quote(key)}&value={quote(value)}")
        if not code:
            return go_answer(world, asked, f"encountered error while propagating to replica '{replica}': {why}\n", code=417)
    return _json(world, asked, {"message": "Updated"}, f"GET /set?key={key}&value={value}")


def _front(world: ContainerWorld, asked: Asked | Malformed, cmd: str, key: str, value: str, port: int) -> Served:
    """Ask the primary to set, a replica to get."""
    if cmd not in KINDS:
        return go_answer(world, asked, f"unsupported cmd: '{cmd}'\n", code=400)
    if cmd == "set" and not key:
        return go_answer(world, asked, "cannot set with empty key.\n", code=400)
    code, text = _dial(world, KINDS[cmd], port, f"{cmd}?key={quote(key)}&value={quote(value)}")
    line = f"{Stamp(world).go} GET /guestbook?cmd={cmd}&key={key}&value={value}"
    return go_answer(world, asked, text if code else f"encountered error: {text}\n", code=200 if code else 417, lines=(line,))
