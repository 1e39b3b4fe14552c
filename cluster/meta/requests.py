"""The typed request and response that pass through the API server's one door."""
from __future__ import annotations

from typing import Any

import msgspec


class Request(msgspec.Struct, kw_only=True):
    """One request. `raw` holds an undecoded body (HTTP clients, kubectl); components send `body`, an object.

    options: query parameters by their wire names (fieldManager, dryRun, fieldValidation, labelSelector, limit, …).
    verb: get, list, watch, create, update, patch, delete, deletecollection; "raw" for paths that are no resource.
    """

    verb: str
    resource: str = ""
    group: str = ""
    version: str = "v1"
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    body: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    options: dict[str, str] = {}
    user: str = "kubernetes-admin"
    groups: list[str] = []
    user_agent: str = ""
    path: str = ""
    outcome: list | None = None   # of a component's patch of a status: [the resourceVersion it read, the status it means]
    id: int = 0          # given by the API server; groups the trace of one request
    is_quiet: bool = False   # found by the API server on its way: it is background noise on the page


def agent_of(user_agent: str) -> str:
    """The program's name out of a User-Agent: `Helm/3.18.4` is `Helm`."""
    return user_agent.replace("/", " ").partition(" ")[0][:24] or "client"


UNHEARD = "connection refused"


class Response(msgspec.Struct, kw_only=True):
    """One answer. `body` is an object, a list, a Table, a Status, or text."""

    code: int
    body: Any = None
    warnings: list[str] = []
    headers: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        return self.code < 400

    @property
    def is_unheard(self) -> bool:
        """Whether nobody listened: not an answer of the server, but what a client sees where there is none."""
        return self.code == 503 and self.message == UNHEARD

    @property
    def reason(self) -> str:
        """The Status reason of a refusal ("AlreadyExists", "Conflict", …), else ""."""
        return self.body.get("reason", "") if isinstance(self.body, dict) and not self.ok else ""

    @property
    def message(self) -> str:
        return self.body.get("message", "") if isinstance(self.body, dict) and not self.ok else ""
