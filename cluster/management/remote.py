"""How shell commands reach the running server: its address is in the data folder, its control API does the work."""
from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError


def server_url() -> str:
    """The running server's address; CommandError when none is known."""
    try:
        return json.loads((settings.DATA_DIR / "server.json").read_text())["url"].rstrip("/")
    except (OSError, ValueError, KeyError):
        raise CommandError("no server is running here: start one with `python3 manage.py up`") from None


def call(method: str, path: str, body: dict | None = None) -> Any:
    """One call of the control API; its JSON, or its text. CommandError carries the server's words."""
    request = urllib.request.Request(server_url() + "/api" + path, method=method,
                                     data=json.dumps(body).encode() if body is not None else None,
                                     headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the server is on this machine
    try:
        with opener.open(request, timeout=60) as reply:
            text = reply.read().decode()
            return json.loads(text) if reply.headers["Content-Type"].startswith("application/json") else text
    except urllib.error.HTTPError as error:
        raise CommandError(_words(error)) from None
    except OSError as error:
        raise CommandError(f"the server at {server_url()} does not answer ({error}): start it with `python3 manage.py up`") from None


def _words(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        return f"{error.code}: {text[:300]}"
    return str(found.get("error") or found.get("detail") or found)
