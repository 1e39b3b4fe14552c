"""Owns the short way of a Pod that a controller makes of a template of which it has just made another.

Such Pods differ in what chance gives them: their names, their uids, the name of the token's volume; and in their times. All else
came of the template and of what the plugins read, and comes of it again while nothing of that has changed. What is kept lies in
the context, so it is one server's. A test holds what comes of both ways against each other, and the plugins' reads against READ.
Source: as create.py.
"""
from __future__ import annotations

from typing import NamedTuple

from cluster.meta.requests import Response
from cluster.store.memory import Store

from . import admission, options
from .admission import limit_ranger, priority, resource_quota, service_account
from .call import SUFFIX, Call, Write, generated

MOST_KEPT = 500
READ = (limit_ranger.FOLDER, "/registry/serviceaccounts/", priority.FOLDER, "/registry/namespaces/", "/registry/runtimeclasses/")
ASKED = admission.ASKED | {resource_quota.FOLDER}      # what asks anew of each Pod


class Made(NamedTuple):
    """A Pod as it was stored: what it was made of, when what the plugins read had changed last, and the name of its token's volume.

    told: the facts about its way (see Call), None where nobody was to be told. owned: the managedFields of those that are made in one
    second, which share them, by its text.
    """

    body: dict
    stamps: tuple
    pod: dict
    token: str
    told: list[tuple[str, bool, dict]] | None
    owned: dict[str, list[dict]]


def another(call: Call) -> Write | None:
    """The Write of a Pod like one that is kept; None where there is none, or where anything else is wanted."""
    if not _is_plain(call):
        return None
    body = call.request.body
    made = call.context.made.get(_key(call))
    if made is None or body["spec"] is not made.body["spec"] or body != made.body or made.stamps != _stamps(call.context.store):
        return None
    told = made.told if call.context.is_explained else []
    if told is None:
        return None
    if told:
        _tell(call, told, has_name=False)
    spec = _with_token(made, service_account.VOLUME_PREFIX + call.context.rng("names").suffix(SUFFIX))
    now, old = call.context.time_text(), made.pod["metadata"]
    meta = {**old, "managedFields": _owned(made, now), "creationTimestamp": now,
            "uid": call.context.rng("uids").uuid(), "name": generated(call, old["generateName"])}
    call.rename(meta["name"])
    if told:
        _tell(call, told, has_name=True)
    return Write(request=call.request, key=call.key, expected=0, code=201, value={**made.pod, "metadata": meta, "spec": spec}, generated=True,
                 is_own=True)


def keep(call: Call, write: Write | Response) -> None:
    """Remember a Pod that has come the general way, if the next one of its template may go the short one."""
    if not _is_plain(call) or not isinstance(write, Write) or not write.generated or write.warnings:
        return
    body, pod = call.request.body, write.value
    if body["spec"].get("nodeName") or pod["status"].get("conditions"):
        return
    volumes, before = pod["spec"].get("volumes") or (), body["spec"].get("volumes") or ()
    if len(volumes) != len(before) + 1 or len(pod["metadata"].get("managedFields") or ()) != 1:
        return      # it has no token of its own
    kept = call.context.made
    if len(kept) >= MOST_KEPT:
        kept.clear()
    told = call.told if call.context.is_explained else None
    kept[_key(call)] = Made(body, _stamps(call.context.store), pod, volumes[-1]["name"], told, {})


def _tell(call: Call, told: list[tuple[str, bool, dict]], *, has_name: bool) -> None:
    """Tell what was told of the Pod that is kept, of its way before it had its name, or after."""
    for kind, had_name, data in told:
        if had_name == has_name:
            call.trace(kind, **data)


def _is_plain(call: Call) -> bool:
    """Whether a request makes a Pod for a component, past nobody who asks anew of each."""
    return (call.kind.kind == "Pod" and not call.kind.group and call.request.raw is None and not call.dry_run
            and call.context.store.touched.keys().isdisjoint(ASKED))


def _key(call: Call) -> tuple[str, str, str]:
    return call.namespace, call.request.body["metadata"].get("generateName", ""), options.manager_of(call.request)


def _stamps(store: Store) -> tuple:
    return tuple(map(store.touched.get, READ))


def _owned(made: Made, now: str) -> list[dict]:
    """The managedFields of a Pod that is made now."""
    entries = made.owned.get(now)
    if entries is None:
        made.owned.clear()
        entries = made.owned[now] = [{**entry, "time": now} for entry in made.pod["metadata"]["managedFields"]]
    return entries


def _with_token(made: Made, token: str) -> dict:
    """The spec of the Pod that is kept, with another name for the volume of its token."""
    spec = made.pod["spec"]
    changed = {**spec, "volumes": [*spec["volumes"][:-1], {**spec["volumes"][-1], "name": token}]}
    for field in ("initContainers", "containers"):
        if spec.get(field):
            changed[field] = [_mounting(container, made.token, token) for container in spec[field]]
    return changed


def _mounting(container: dict, token: str, other: str) -> dict:
    mounts = container.get("volumeMounts")
    if not mounts or mounts[-1]["name"] != token:
        return container
    return {**container, "volumeMounts": [*mounts[:-1], {**mounts[-1], "name": other}]}
