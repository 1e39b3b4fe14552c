"""The Kubernetes endpoint as plain ASGI: it moves bytes; what they mean is the API server's. Whose they are: address.py."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import math

from .address import address_of
from .door import Answers, door
from .terminal.held import tell_if_held

MAX_BODY = 3 * 1024 * 1024  # the real one's limit, apiserver's MaxRequestBodyBytes
BOOKMARK_S, LAST_BOOKMARK_S = 60.0, 2.0
QUICK_S = 0.5  # an answer within this is not worth watching for the client's end meanwhile
LINGER_S = 8.0  # for the answer of a client that has gone; Daphne would end it two seconds later
GZIP_FROM = 128 * 1024  # k8s.io/apiserver pkg/endpoints/handlers/responsewriters: smaller answers are not compressed
TOO_LARGE = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Request entity too large: '
    b'limit is 3145728","reason":"RequestEntityTooLarge","code":413}\n'
)


class KubeApi:
    """ASGI middleware: answers what is for a sandbox's API, passes everything else on."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send) -> None:
        address = address_of(scope) if scope["type"] == "http" else None
        if address is None:
            await self.inner(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            await reply(send, 413, [("Content-Type", "application/json")], TOO_LARGE)
            return
        command = {
            "do": "kube",
            "token": address.token,
            "method": scope["method"],
            "path": address.path,
            "query": scope["query_string"].decode("latin-1"),
            "headers": address.headers,
            "body": body,
            "terminal": bool(address.session),
        }
        await converse(command, address.token, address.headers, receive, send, address.session)


async def converse(command: dict, token: str, headers: dict, receive, send, session: str = "") -> None:
    """Ask the worker; a plain answer is sent on, a watch is streamed until one side ends it."""
    is_told = session and command["method"] not in ("GET", "HEAD")
    async with door().conversation(command) as answers:
        telling = asyncio.ensure_future(tell_if_held(token, session, command["method"])) if is_told else None
        try:
            answer = await first_answer(answers, receive)
            if answer is None:
                if command["method"] == "GET":
                    await end_unseen(answers, token)
                return
            if "watch" in answer:
                await stream(answer, answers, token, receive, send)
            elif "status" in answer:
                await reply(send, answer["status"], answer["headers"], answer["body"], headers.get("accept-encoding", ""))
            else:
                await reply(send, 500, [("Content-Type", "text/plain")], answer["error"]["en"].encode() + b"\n")
        finally:
            if telling is not None:
                telling.cancel()


async def first_answer(answers: Answers, receive) -> dict | None:
    """What the worker says; None if the client goes away before that."""
    try:
        async with asyncio.timeout(QUICK_S):
            return await answers.get()
    except TimeoutError:
        gone = asyncio.ensure_future(disconnected(receive))
    try:
        gone.add_done_callback(lambda _: answers.wake())
        while answers.empty() and not gone.done():
            await answers.changed()
        return None if answers.empty() else answers.get_nowait()
    finally:
        gone.cancel()


async def stream(answer: dict, answers: Answers, token: str, receive, send) -> None:
    """A watch's lines. One whose reader is too slow ends as any other, and so does the reader of what it was sent."""
    gone = asyncio.ensure_future(disconnected(receive))
    gone.add_done_callback(lambda _: answers.wake())
    try:
        async with answers.unless_given_up():
            await send({"type": "http.response.start", "status": answer["status"], "headers": encoded(answer["headers"])})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            await lines(answer, answers, token, gone, send)
    finally:
        gone.cancel()
        if answer["watch"]:
            await unwatch(answer, token)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unwatch(answer: dict, token: str) -> None:
    """Tell the worker that nobody reads a stream any more."""
    await door().tell({"do": "unwatch", "token": token, "watch": answer["watch"], "run": answer.get("run")})


async def end_unseen(answers: Answers, token: str) -> None:
    """The client went before it was answered: a watch that begins all the same would go on for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            answer = await answers.get()
        if answer.get("watch"):
            await unwatch(answer, token)


async def lines(answer: dict, answers: Answers, token: str, gone: asyncio.Future, send) -> None:
    """Send on what comes, with bookmarks now and then if asked for, until an end."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + answer["timeout_s"] if answer.get("timeout_s") else math.inf
    mark_s = next_mark(loop.time(), end_s)
    while not gone.done():
        try:
            async with asyncio.timeout_at(min(mark_s, end_s)):
                await answers.changed()
        except TimeoutError:
            if loop.time() >= end_s:
                return
            mark_s = next_mark(loop.time(), end_s)
            await bookmark(answer, token)
            continue
        items = []
        while not answers.empty() and not (items and items[-1].get("end")):
            items.append(answers.get_nowait())
        if data := b"".join(item.get("line", b"") for item in items):
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if items and items[-1].get("end"):
            return


def next_mark(now_s: float, end_s: float) -> float:
    """When to tell how far a watch has come: each minute, and shortly before its end, so that whoever goes on misses little.

    Source: k8s.io/apiserver pkg/storage/cacher/cache_watcher.go (nextBookmarkTime).
    """
    last_s = end_s - LAST_BOOKMARK_S
    return min(now_s + BOOKMARK_S, last_s if last_s > now_s else math.inf)


async def bookmark(answer: dict, token: str) -> None:
    """Have a watch that wants to know be told how far it has come; that comes as its events do, in their order."""
    if answer.get("bookmarks") and answer["watch"]:
        await door().tell({"do": "bookmark", "token": token, "watch": answer["watch"]})


async def read_body(receive) -> bytes | None:
    """The whole body; None when it is longer than MAX_BODY."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def disconnected(receive) -> None:
    """Returns when the client has gone."""
    while not (await receive())["type"].endswith(".disconnect"):
        pass


async def reply(send, status: int, headers: list, body: bytes, accepts: str = "") -> None:
    headers = [(name, value) for name, value in headers]
    if len(body) > GZIP_FROM and "gzip" in accepts:
        body = gzip.compress(body, 4, mtime=0)
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    headers.append(("Content-Length", str(len(body))))
    await send({"type": "http.response.start", "status": status, "headers": encoded(headers)})
    await send({"type": "http.response.body", "body": body})


def encoded(headers: list) -> list:
    """Headers as bytes: UTF-8, as net/http sends them (a warning may quote what was typed)."""
    return [(name.encode("latin-1"), str(value).encode()) for name, value in headers]
