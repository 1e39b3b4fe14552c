"""kubectl delete: each object of a file, or named ones; then wait until they are gone.

Source: k8s.io/kubectl pkg/cmd/delete/delete.go, pkg/cmd/wait/delete.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.meta.gotext import to_json

from .applying import name_complaint, read_infos
from .failures import Failure
from .mapping import Mapping, by_name

PROPAGATION = {"": "Background", "background": "Background", "foreground": "Foreground", "orphan": "Orphan"}
AT_ONCE = (
    "Immediate deletion does not wait for confirmation that the running resource has been terminated. "
    "The resource may continue to run on the cluster indefinitely."
)


def delete(run) -> Iterator:
    """Delete all, say so at once for each, and wait for all of them."""
    targets = yield from (_from_files(run) if run.command.get("files") else _named(run))
    if _grace(run) == 0:
        run.warn(AT_ONCE)
    deleted = []
    for mapping, namespace, name, source in targets:
        done = yield from _delete_one(run, mapping, namespace, name, source)
        deleted += [done] if done else []
    if not targets and not run.failures and not run.undecoded:
        run.print("No resources found")
    if run.failures or run.undecoded:
        return
    for mapping, namespace, name, uid in deleted:
        yield from _wait(run, mapping, namespace, name, uid)


def _from_files(run) -> Iterator:
    infos = yield from read_infos(run, validate=False)
    return [(info.mapping, info.namespace, info.name, info.source) for info in infos]


def _named(run) -> Iterator:
    resource, name = run.command.get("resource", ""), run.command.get("name", "")
    if not resource or not name:
        run.fail(
            Failure(
                "resource(s) were provided, but no name was specified"
                if resource
                else "You must provide one or more resources by argument or filename."
            )
        )
        return []
    mapping = yield from run.mapping(lambda known: by_name(known, resource))
    if mapping is None:
        run.fail(run.unreachable or Failure(f'the server doesn\'t have a resource type "{resource}"'))
        return []
    return [(mapping, run.namespace if mapping.namespaced else "", name, "")]


def _grace(run) -> int | None:
    """Seconds that were asked for; --force means none."""
    asked = run.command.get("grace_period")
    return 0 if run.command.get("force") and asked is None else asked


def _delete_one(run, mapping: Mapping, namespace: str, name: str, source: str) -> Iterator:
    if complaint := name_complaint(name):
        run.fail(Failure(f'error when deleting "{source}": {complaint}' if source else complaint))
        return None
    grace = _grace(run)
    options = {"gracePeriodSeconds": grace} if grace is not None else {}
    options["propagationPolicy"] = PROPAGATION.get(run.command.get("cascade") or "", "Background")
    reply = yield run.call("delete", mapping, namespace, name, raw=to_json(options) + "\n")
    run.show_warnings(reply)
    if not reply.ok:
        run.fail(run.refusal(reply, "deleting", source))
        return None
    where = f" from {namespace} namespace" if namespace else ""
    run.print(f'{mapping.label} "{name}" {"force deleted" if grace == 0 else "deleted"}{where}')
    return mapping, namespace, name, _uid(reply.body)


def _uid(body: dict) -> str:
    """The uid of what was deleted: of the object that came back, or of the Status that stands for it."""
    if body.get("kind") == "Status" and body.get("details"):
        return body["details"].get("uid", "")
    return (body.get("metadata") or {}).get("uid", "")


def _wait(run, mapping: Mapping, namespace: str, name: str, uid: str) -> Iterator:
    reply = yield run.call("get", mapping, namespace, name)
    if not reply.ok or reply.body["metadata"].get("uid") != uid:
        return
    listing = yield run.call("list", mapping, namespace, options={"fieldSelector": f"metadata.name={name}"})
    if not listing.ok or not any(one["metadata"].get("uid") == uid for one in listing.body.get("items") or ()):
        return
    run.waits = True
    run.actor.wait_until_gone(
        run.record.id, mapping, namespace, name, uid, int(listing.body["metadata"]["resourceVersion"])
    )
