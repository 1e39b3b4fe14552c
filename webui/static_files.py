"""Static files straight from ASGI, before Django: WhiteNoise's index, types, ETags and compressed variants."""

from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise import WhiteNoise

PREFIX = "/static/"
# The bundler puts a content hash into the names of these; all others are asked for again each time.
IMMUTABLE = r"^/static/dist/(assets|chunks)/"
ASKED_FOR = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
BLOCK_BYTES = 256 * 1024


class StaticFiles:
    """An ASGI application: answers what lies under /static/ and passes the rest on."""

    def __init__(self, application):
        self.application = application
        self.index: WhiteNoise | None = None

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            return await self.application(scope, receive, send)
        if self.index is None or settings.DEBUG:
            self.index = _index()
        found = self.index.files.get(scope["path"])
        if found is None:
            return await self.application(scope, receive, send)
        return await _answer(found.get_response(scope["method"], _headers(scope)), send)


def _index() -> WhiteNoise:
    index = WhiteNoise(
        None, max_age=0, allow_all_origins=False, immutable_file_test=IMMUTABLE, add_headers_function=_add_headers
    )
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            url = PREFIX + path.replace("\\", "/")
            index.files.get(url) or index.add_file_to_dictionary(url, storage.path(path))
    return index


def _add_headers(headers, path, url) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def _headers(scope) -> dict:
    """The request's headers by the names that WhiteNoise expects, WSGI's."""
    return {
        "HTTP_" + name.decode("latin1").upper().replace("-", "_"): value.decode("latin1")
        for name, value in scope["headers"]
        if name in ASKED_FOR
    }


async def _answer(response, send) -> None:
    headers = [(name.lower().encode("latin1"), str(value).encode("latin1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    if response.file is not None:
        with response.file as file:
            while block := file.read(BLOCK_BYTES):
                await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
