"""What is refused before anybody looks at it: other sites' pages in a visitor's browser, and bodies beyond measure."""
from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http import JsonResponse

from .kube_api import reply

SAFE = ("GET", "HEAD", "OPTIONS")


def same_origin(get_response):
    """Middleware: an unsafe request to /api/ that names an Origin must name this host's; one without comes from no page."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return _refused(request) or await get_response(request)

        return markcoroutinefunction(middleware)
    return lambda request: _refused(request) or get_response(request)


def _refused(request) -> JsonResponse | None:
    if request.method in SAFE or not request.path.startswith("/api/"):
        return None
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.get_host():
        return JsonResponse({"error": "requests from another site are refused"}, status=403)
    return None


same_origin.async_capable = True
same_origin.sync_capable = True


class BodyTooLarge(Exception):
    """More has come than is read."""


class BoundedBodies:
    """ASGI middleware: reads no more of a body than DATA_UPLOAD_MAX_MEMORY_SIZE, whether or not its length was said before."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        size, most = 0, settings.DATA_UPLOAD_MAX_MEMORY_SIZE

        async def counted():
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise BodyTooLarge
            return message

        try:
            await self.inner(scope, counted, send)
        except BodyTooLarge:
            body = b'{"error": "the body is larger than %d bytes"}' % most
            await reply(send, 413, [("Content-Type", "application/json")], body)


class SameOriginSockets:
    """ASGI middleware: a socket's Origin must be the very address that it is opened at, port and all, as for /api/.

    Another program's page on this machine is another site too. Which hosts are answered at all is checked outside of this.
    """

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        origin = urlsplit(headers.get(b"origin", b"").decode("latin-1")).netloc
        is_same = origin and origin == headers.get(b"host", b"").decode("latin-1")
        await (self.inner if is_same else WebsocketDenier())(scope, receive, send)
