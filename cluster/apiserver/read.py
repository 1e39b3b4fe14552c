"""Get and list: objects as they are, or as they were at a revision; whole or page by page.

Source: k8s.io/apiserver pkg/endpoints/handlers/get.go, pkg/storage/etcd3/store.go, pkg/storage/continue.go;
k8s.io/apimachinery pkg/apis/meta/internalversion/validation/validation.go.
"""
from __future__ import annotations

import base64
import json
import string
from dataclasses import dataclass

from cluster.kinds import list_kind
from cluster.meta import fields, gojson, status
from cluster.meta.gotext import quote, type_word
from cluster.meta.requests import Response
from cluster.store.memory import Compacted, Stored

from . import selection
from .call import Call, folder_for
from .conversion import to_version
from .delete_options import whole_number

Row = tuple[str, dict]            # (key, object)
# A get of a revision that is not there yet waits for it until the request times out; here that is at once.
NEVER = {"metadata": {}, "status": "Failure", "message": "Timeout: request did not complete within the allotted timeout",
         "reason": "Timeout", "details": {}, "code": 504}
COMPACTION_MS = 300_000     # Source: k8s.io/apiserver pkg/storage/storagebackend/config.go (DefaultCompactInterval)
LATEST = -1      # the revision in a token that goes on with whatever is there
TOKEN_VERSION = "meta.k8s.io/v1"
BASE64 = string.ascii_letters + string.digits + "-_"
MATCHES = ("Exact", "NotOlderThan", "")
INCONSISTENT = ("The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
                "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing "
                "with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the "
                "time the first chunk was returned and now may show up in the list.")


def get(call: Call) -> Response:
    """One object."""
    if call.kind.computed:
        found = next((obj for obj in call.kind.computed(call.context.hooks.is_on) if obj["metadata"]["name"] == call.name), None)
        if found is None:
            raise status.not_found(call.kind.singular, call.name, call.kind.group)
        return Response(code=200, body=found, warnings=call.warnings)
    sent = call.request.options.get("resourceVersion", "")
    if revision_of(sent) > call.context.store.revision:
        return Response(code=504, body=NEVER, headers={"Content-Type": "text/plain; charset=utf-8"})
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    call.trace("ReadServed", source="watch cache" if sent == "0" else "etcd", verb="get", revision=stored.mod_revision)
    return Response(code=200, body=to_version(call.kind, stored.value), warnings=call.warnings)


def list_objects(call: Call) -> Response:
    """A list of objects."""
    found = ListOptions.read(call)
    if call.kind.computed:
        return _computed(call, found)
    rows, revision, rest, continue_token = page(call, found)
    body = list_body(call, [obj for _, obj in rows], revision, continue_token, rest)
    call.trace("ReadServed", source="watch cache" if found.version == "0" else "etcd", verb="list", count=len(rows), revision=revision)
    return Response(code=200, body=body, warnings=call.warnings)


def _computed(call: Call, found: ListOptions) -> Response:
    """A list of what is worked out now; it has no revision."""
    matches = selection.matcher_for(call.kind, found.labels, found.fields)
    objects = [obj for obj in call.kind.computed(call.context.hooks.is_on) if matches is None or matches(obj)]
    body = {**list_body(call, objects, 0), "metadata": {}}
    return Response(code=200, body=body, warnings=call.warnings)


def list_body(call: Call, objects: list[dict], revision: int, continue_token: str = "", rest: int | None = None) -> dict:
    """The List object around some objects."""
    meta: dict = {"resourceVersion": str(revision)}
    if continue_token:
        meta["continue"] = continue_token
        if rest is not None:
            meta["remainingItemCount"] = rest
    elif call.kind.custom:
        meta["continue"] = ""              # as untyped lists are written
    return {"kind": list_kind(call.kind), "apiVersion": call.api_version, "metadata": meta,
            "items": [to_version(call.kind, obj) for obj in objects]}


def stored_rows(call: Call) -> tuple[list[Stored], dict]:
    """What a deletecollection is about: the rows that its selectors find, and the list of them as it is answered."""
    found = ListOptions.read(call)
    rows, revision, rest, continue_token = page(call, found)
    store = call.context.store
    kept = [stored for key, _ in rows if (stored := store.get(key)) is not None]
    return kept, list_body(call, [obj for _, obj in rows], revision, continue_token, rest)


@dataclass(frozen=True)
class ListOptions:
    """What a list asks for."""

    labels: str
    fields: str
    limit: int
    continue_token: str
    version: str
    match: str

    @classmethod
    def read(cls, call: Call) -> ListOptions:
        """The request's options; raises BadRequest or Invalid."""
        query = call.request.options
        field_selector = query.get("fieldSelector", "")
        if call.name and call.request.verb == "list":
            field_selector = field_selector or f"metadata.name={call.name}"
        found = cls(query.get("labelSelector", ""), field_selector, whole_number(query.get("limit")) or 0,
                    query.get("continue", ""), query.get("resourceVersion", ""), query.get("resourceVersionMatch", ""))
        whole_number(query.get("timeoutSeconds"))
        errors = found.errors("sendInitialEvents" in query)
        if errors:
            raise status.invalid("ListOptions", "", errors, "meta.k8s.io")
        return found

    def errors(self, sends_initial_events: bool) -> list:
        """Complaints about the combination. Source: ValidateListOptions."""
        errors, path = [], "resourceVersionMatch"
        if self.match:
            if not self.version:
                errors.append(fields.forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
            if self.continue_token:
                errors.append(fields.forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
            if self.match not in MATCHES:
                errors.append(fields.not_supported(path, self.match, MATCHES))
            if self.match == "Exact" and self.version == "0":
                errors.append(fields.forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
        if sends_initial_events:
            errors.append(fields.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
        return errors


def page(call: Call, found: ListOptions) -> tuple[list[Row], int, int | None, str]:
    """(rows, revision of the list, how many remain if that is known, continue token)."""
    matches = selection.matcher_for(call.kind, found.labels, found.fields)
    folder = folder_for(call.kind, call.namespace)
    rows, revision = _snapshot(call, found, folder)
    if found.continue_token:
        start = _start_of(found.continue_token, folder)[0]
        rows = [row for row in rows if row[0] >= start]
    kept = rows if matches is None else [row for row in rows if matches(row[1])]
    if found.limit <= 0 or len(kept) <= found.limit or (found.version == "0" and not found.continue_token):
        return kept, revision, None, ""
    shown = kept[:found.limit]
    rest = len(kept) - found.limit if matches is None else None
    return shown, revision, rest, _token(revision, shown[-1][0][len(folder):])


def _snapshot(call: Call, found: ListOptions, folder: str) -> tuple[list[Row], int]:
    """The folder's rows at the revision that a list asks for."""
    store = call.context.store
    if found.continue_token:
        _, revision = _start_of(found.continue_token, folder)
        if found.version not in ("", "0"):
            raise status.bad_request("specifying resource version is not allowed when using continue")
        return (_at(call, folder, revision), revision) if revision > 0 else (_now(store, folder), store.revision)
    wanted = _list_revision(found.version)
    if wanted > store.revision:
        raise too_large(wanted, store.revision, retries=found.match == "Exact")
    is_exact = found.match == "Exact" or (not found.match and wanted and found.limit > 0)
    return (_at(call, folder, wanted), wanted) if is_exact else (_now(store, folder), store.revision)


def _now(store, folder: str) -> list[Row]:
    return [(key, stored.value) for key, stored in store.list(folder)]


def _at(call: Call, folder: str, revision: int) -> list[Row]:
    """The rows as they were: the present with the log taken back."""
    store = call.context.store
    if _is_compacted(call, revision):
        raise _expired(call, folder)
    try:
        changes = store.since(folder, revision)
    except Compacted:
        raise _expired(call, folder) from None
    rows = dict(_now(store, folder))
    for change in reversed(changes):
        if change.previous is None:
            rows.pop(change.key, None)
        else:
            rows[change.key] = change.previous
    return sorted(rows.items())


def _is_compacted(call: Call, revision: int) -> bool:
    """Whether lists of a revision are a thing of the past: every five minutes it forgets what was over five minutes before.

    Watches go on from their cache, which keeps more. Source: k8s.io/apiserver pkg/storage/etcd3/compact.go (compactor).
    """
    at_ms = call.context.store.left_at_ms(revision)
    return at_ms is not None and at_ms <= (call.context.now_ms // COMPACTION_MS - 1) * COMPACTION_MS


def _expired(call: Call, folder: str) -> status.StatusError:
    """Who goes on with a list gets a token that goes on with what is there now. Source: etcd3/errors.go (handleCompactedErrorForPaging)."""
    token = call.request.options.get("continue")
    if token:
        refusal, start = status.expired(INCONSISTENT), _start_of(token, folder)[0]
        refusal.status["metadata"] = {"continue": _token(LATEST, start[len(folder):].removesuffix("\0"))}
        return refusal
    return status.expired("The resourceVersion for the provided list is too old.")


# -- revisions and tokens ---------------------------------------------------------------------------------------------


def revision_of(text: str) -> int:
    """A resourceVersion as a number; raises upstream's answer to what is none."""
    if not text or text == "0":
        return 0
    complaint = number_complaint(text)
    if complaint:
        raise status.failure(500, "", complaint)
    return int(text.lstrip("0") or 0)


def _list_revision(text: str) -> int:
    complaint = number_complaint(text) if text else ""
    if complaint:
        raise status.bad_request(f"invalid resource version: {complaint}")
    return int(text.lstrip("0") or 0)


def number_complaint(text: str) -> str:
    """What is wrong with a resourceVersion, or ""."""
    is_number = text.isascii() and text.isdigit()
    if is_number and len(text.lstrip("0")) <= 20 and int(text.lstrip("0") or "0") < 1 << 64:
        return ""
    problem = "value out of range" if is_number else "invalid syntax"
    return f"resourceVersion: Invalid value: {quote(text)}: strconv.ParseUint: parsing {quote(text)}: {problem}"


def too_large(wanted: int, current: int, *, retries: bool = False) -> status.StatusError:
    """A revision that is not there yet. Source: k8s.io/apiserver pkg/storage/errors.go."""
    refusal = status.timeout(f"Too large resource version: {wanted}, current: {current}", 1 if retries else 0)
    refusal.status["details"]["causes"] = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return refusal


def _token(revision: int, last: str) -> str:
    text = json.dumps({"v": TOKEN_VERSION, "rv": revision, "start": last + "\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _start_of(token: str, folder: str) -> tuple[str, int]:
    """(first key, revision) of a continue token; raises BadRequest. Source: k8s.io/apiserver pkg/storage/continue.go (DecodeContinue)."""
    found = _opened(token)
    if found.get("v") != TOKEN_VERSION:
        raise _bad_token(": server does not recognize this encoded version")
    revision, start = found.get("rv"), found.get("start")
    if not isinstance(revision, int) or revision == 0:
        raise _bad_token(f": incorrect encoded start resourceVersion (version {TOKEN_VERSION})")
    if not isinstance(start, str) or not start:
        raise _bad_token(f": encoded start key empty (version {TOKEN_VERSION})")
    plain = start.removeprefix("/")
    if any(part in ("", ".", "..") for part in plain.split("/")):
        raise _bad_token(f": {start}")
    return folder + plain, revision


def _opened(token: str) -> dict:
    """What a token says, before it is checked."""
    wrong = next((index for index, char in enumerate(token) if char not in BASE64), len(token) - 1 if len(token) % 4 == 1 else None)
    if wrong is not None:
        raise _bad_token(f": illegal base64 data at input byte {wrong}")
    try:
        found = gojson.plain(gojson.parse(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    except gojson.JSONError as error:
        raise _bad_token(f": {error}") from None
    if not isinstance(found, dict):
        raise _bad_token(f": json: cannot unmarshal {type_word(found)} into Go value of type storage.continueToken")
    return found


def _bad_token(why: str) -> status.StatusError:
    return status.bad_request(f"invalid continue token: continue key is not valid{why}")
