"""What is refused before anybody looks at it: other sites' pages in a visitor's browser, and bodies beyond measure."""
from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http import JsonResponse

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
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return JsonResponse({"error": f"the body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes"}, status=413)
    return None


same_origin.async_capable = True
same_origin.sync_capable = True


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
