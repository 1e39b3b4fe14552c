"""kubectl scale: read the object, patch its scale.

Source: k8s.io/kubectl pkg/cmd/scale/scale.go, pkg/scale/scale.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.meta.gotext import to_json

from .applying import name_complaint
from .failures import Failure
from .mapping import by_name

MERGE = "application/merge-patch+json"


def scale(run) -> Iterator:
    """Set the number of replicas of one object."""
    replicas, resource, name = run.command.get("replicas"), run.command.get("resource", ""), run.command.get("name", "")
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
        run.fail(Failure("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"))
        return
    if not resource or name_complaint(name):
        run.fail(
            Failure(
                "resource(s) were provided, but no name was specified"
                if resource and not name
                else name_complaint(name)
            )
        )
        return
    mapping = yield from run.mapping(lambda known: by_name(known, resource))
    if mapping is None:
        run.fail(run.unreachable or Failure(f'the server doesn\'t have a resource type "{resource}"'))
        return
    namespace = run.namespace if mapping.namespaced else ""
    reply = yield run.call("get", mapping, namespace, name)
    if reply.ok:
        body = to_json({"spec": {"replicas": replicas}})
        reply = yield run.call("patch", mapping, namespace, name, raw=body, content_type=MERGE, subresource="scale")
        run.show_warnings(reply)
    if reply.ok:
        run.print(f"{mapping.label}/{name} scaled")
    else:
        run.fail(run.refusal(reply))
