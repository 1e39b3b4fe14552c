"""A client of the Kubernetes endpoint that costs little: raw HTTP over many connections, in a process of its own.

`python -m benchmarks.load ORDER` where ORDER is JSON (see `main`); it prints one line of JSON with what it saw.
"""
from __future__ import annotations

import asyncio
import json
import re
import sys
import time

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Connection:
    """One kept-alive connection that asks one thing at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, place: dict) -> Connection:
        return cls(*await asyncio.open_connection(place["host"], place["port"]))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """(status, body)."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await self.reader.readexactly(int(LENGTH.search(head)[1]))
        return int(head[9:12]), body


def encoded(method: str, place: dict, path: str, body: bytes = b"") -> bytes:
    """A request's bytes."""
    lines = [f"{method} /k8s/{place['token']}{path} HTTP/1.1", "Host: localhost", "User-Agent: bench", "Accept: application/json"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def pod(name: str, spec: dict) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "bench"}},
                       "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}], **spec}}).encode()


async def post(order: dict) -> dict:
    """`count` Pods over `connections` connections, each connection one after another; {"wall_s", "spent_ms", "codes"}."""
    place, numbers, spent_ms, codes = order["place"], iter(range(order["count"])), [], {}
    connections = [await Connection.open(place) for _ in range(order["connections"])]

    async def work(connection: Connection) -> None:
        for number in numbers:
            body = pod(f"{order['prefix']}-{number}", order.get("spec", {}))
            begun_s = time.perf_counter()
            code, _ = await connection.ask(encoded("POST", place, "/api/v1/namespaces/default/pods", body))
            spent_ms.append((time.perf_counter() - begun_s) * 1000)
            codes[code] = codes.get(code, 0) + 1

    begun_s = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in connections))
    return {"wall_s": time.perf_counter() - begun_s, "spent_ms": spent_ms, "codes": codes}


async def get(order: dict) -> dict:
    """A GET every 1 / `rate` s for `seconds`, whether or not the one before was answered; {"spent_ms", "codes"}."""
    place, spent_ms, codes, idle = order["place"], [], {}, []
    request = encoded("GET", place, order["path"])

    async def one(due_s: float) -> None:
        connection = idle.pop() if idle else await Connection.open(place)
        code, _ = await connection.ask(request)
        spent_ms.append((time.perf_counter() - due_s) * 1000)
        codes[code] = codes.get(code, 0) + 1
        idle.append(connection)

    idle += [await Connection.open(place) for _ in range(8)]
    tasks, begun_s = [], time.perf_counter()
    for number in range(int(order["rate"] * order["seconds"])):
        due_s = begun_s + number / order["rate"]
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one(time.perf_counter())))
    await asyncio.gather(*tasks)
    return {"spent_ms": spent_ms, "codes": codes}


async def watch(order: dict) -> dict:
    """`count` watches of Pods; prints "open" when all have begun, ends when each has seen `events`; {"wall_s", "seen"}."""
    place, seen = order["place"], [0] * order["count"]
    request = encoded("GET", place, "/api/v1/pods?watch=1&resourceVersion=" + order["revision"])
    connections = [await Connection.open(place) for _ in range(order["count"])]
    for connection in connections:
        connection.writer.write(request)
        await connection.reader.readuntil(b"\r\n\r\n")
    print("open", flush=True)

    async def follow(number: int, reader: asyncio.StreamReader) -> None:
        while seen[number] < order["events"]:
            size = int(await reader.readline(), 16)
            seen[number] += (await reader.readexactly(size + 2)).count(b'{"type":"ADDED"')

    begun_s = time.perf_counter()
    follows = [asyncio.ensure_future(follow(number, each.reader)) for number, each in enumerate(connections)]
    await asyncio.wait(follows, timeout=order["within_s"])
    for each in follows:
        each.cancel()
    return {"wall_s": time.perf_counter() - begun_s, "seen": seen}


def main() -> None:
    order = json.loads(sys.argv[1])
    work = {"post": post, "get": get, "watch": watch}[order["do"]]
    print(json.dumps(asyncio.run(work(order))), flush=True)


if __name__ == "__main__":
    main()
