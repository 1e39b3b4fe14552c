"""The API server as programs in containers reach it: HTTP over TLS at its own address and at the Service `kubernetes`.

Who comes without a token is anonymous. What is asked is answered at once, a write too, as a step's detail.
A simplification: watches are not answered (501), since there are no connections that last.
"""

from __future__ import annotations

from typing import Any

from cluster.apiserver import http, identity, pipeline
from cluster.runtime.http import Malformed, answer, request_of
from cluster.runtime.octets import bytes_of, text_of

UNSIMULATED = "a watch from inside a container is not simulated\n"


def answered(server: Any, text: str) -> str:
    """What the API server says to an HTTP request."""
    try:
        asked, _ = request_of(text)
    except Malformed as wrong:
        return _plain(wrong.code, "400 Bad Request")
    if asked is None:
        return ""
    path, _, query = asked.target.partition("?")
    request = http.parse(asked.method, path, query, asked.headers, bytes_of(asked.body), user=identity.ANONYMOUS, groups=(identity.UNAUTHENTICATED,))
    if request.verb == "watch":
        return _plain(501, UNSIMULATED)
    is_read = pipeline.is_read(request, server.context)
    response = server.handle(request) if is_read else server.at_once(request)
    code, headers, body = http.render(response, request.accept, pretty=http.is_pretty(request))
    return answer(code, [*headers, ("Content-Length", str(len(body)))], text_of(body), has_body=asked.method != "HEAD")


def _plain(code: int, words: str) -> str:
    return answer(code, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(words)))], words)
