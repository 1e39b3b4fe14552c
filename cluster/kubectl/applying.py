"""kubectl apply: create what is missing, patch what differs, leave alone what does not.

Source: k8s.io/kubectl pkg/cmd/apply/{apply,patcher}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cluster.apiserver.patch import three_way_merge, three_way_strategic
from cluster.engine import Sleep
from cluster.meta import schema
from cluster.meta.gotext import quote

from . import manifest
from .failures import Failure
from .lastapplied import ANNOTATION, annotated, encoded, original_of, original_text, without_nulls
from .mapping import Mapping, by_kind

WRITE = {"fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict"}
STRATEGIC, MERGE = "application/strategic-merge-patch+json", "application/merge-patch+json"
RETRIES, RETRY_MS = 5, 1_000
NO_ANNOTATION = (
    "resource {} is missing the "
    + ANNOTATION
    + " annotation which is required by kubectl apply. kubectl apply should only be "
    "used on resources created declaratively by either kubectl create --save-config or kubectl apply. "
    "The missing annotation will be patched automatically."
)


class Info(NamedTuple):
    """An object of a file with the resource that serves it."""

    item: manifest.Item
    mapping: Mapping
    namespace: str
    value: dict

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def source(self) -> str:
        return self.item.source


def apply(run) -> Iterator:
    """All objects of all files: first all are read, then each is applied."""
    if not run.command.get("files"):
        run.fail(Failure("must specify one of -f and -k"))
        return
    infos = yield from read_infos(run, validate=True)
    if not infos and not run.undecoded and not run.failures:
        run.fail(Failure("no objects passed to apply"))
    for info in infos:
        yield from _apply_one(run, info)


def read_infos(run, *, validate: bool) -> Iterator:
    """Read every file, find out which resource serves each object, and settle its namespace."""
    infos = []
    for file in run.command.get("files") or ():
        found = list(manifest.items(file.get("name") or "manifest.yaml", file.get("text") or "", validate=validate))
        _trace_read(run, file, found)
        for entry in found:
            if isinstance(entry, manifest.ManifestError):
                run.undecoded.append(Failure(str(entry), bare=str(entry).startswith("unable to get type info")))
                continue
            info = yield from _info(run, entry)
            if run.unreachable:
                run.undecoded.append(run.unreachable)
                return infos
            if info is not None:
                infos.append(info)
    return infos


def _trace_read(run, file: dict, found: list) -> None:
    objects = [f"{entry.kind}/{entry.name}" for entry in found if isinstance(entry, manifest.Item)]
    errors = [str(entry) for entry in found if isinstance(entry, manifest.ManifestError)]
    run.actor.trace(
        "ManifestRead", file=file.get("name") or "manifest.yaml", documents=len(found), objects=objects, errors=errors
    )


def _info(run, item: manifest.Item) -> Iterator:
    mapping = yield from run.mapping(lambda known: by_kind(known, item.api_version, item.kind))
    if run.unreachable:
        return None
    if mapping is None:
        run.undecoded.append(_no_mapping(item))
        return None
    namespace = (item.namespace or run.namespace) if mapping.namespaced else ""
    if mapping.namespaced and item.namespace and run.enforces_namespace and item.namespace != run.namespace:
        run.undecoded.append(
            Failure(
                f"the namespace from the provided object {quote(item.namespace)} does not match "
                f"the namespace {quote(run.namespace)}. "
                f"You must pass '--namespace={item.namespace}' to perform this operation."
            )
        )
        return None
    return Info(item, mapping, namespace, _in_namespace(item.value, namespace))


def _no_mapping(item: manifest.Item) -> Failure:
    missing = f"no matches for kind {quote(item.kind)} in version {quote(item.api_version)}"
    if item.in_list:
        return Failure(f"unable to recognize {missing}", bare=True)
    return Failure(
        f"resource mapping not found for name: {quote(item.name)} namespace: {quote(item.namespace)} "
        f"from {quote(item.source)}: "
        f"{missing}\nensure CRDs are installed first"
    )


def _in_namespace(value: dict, namespace: str) -> dict:
    metadata = {key: item for key, item in (value.get("metadata") or {}).items() if key != "namespace"}
    return {**value, "metadata": {**metadata, "namespace": namespace} if namespace else metadata}


def _apply_one(run, info: Info) -> Iterator:
    metadata = info.value["metadata"]
    if not info.name and metadata.get("generateName"):
        run.fail(Failure(f"from {metadata['generateName']}: cannot use generate name with apply"))
        return
    if complaint := name_complaint(info.name):
        run.fail(_not_retrieved(info, complaint))
        return
    reply = yield run.call("get", info.mapping, info.namespace, info.name)
    if reply.ok:
        yield from _update(run, info, reply.body)
    elif reply.code == 404:
        yield from _create(run, info)
    else:
        failure = run.refusal(reply)
        run.fail(Failure(f"{_retrieving(info)}: {failure.message}", failure.status, failure.bare))


def name_complaint(name: str) -> str:
    """Why a name cannot be part of a path. Source: client-go rest/request.go."""
    if not name:
        return "resource name may not be empty"
    if name in (".", ".."):
        return f"invalid resource name {quote(name)}: [may not be '{name}']"
    wrong = [f"may not contain '{char}'" for char in "/%" if char in name]
    return f"invalid resource name {quote(name)}: [{' '.join(wrong)}]" if wrong else ""


def _retrieving(info: Info) -> str:
    mapping = info.mapping
    group = f"{mapping.group}/{mapping.version}"
    return (
        f'error when retrieving current configuration of:\nResource: "{group}, Resource={mapping.plural}", '
        f'GroupVersionKind: "{group}, Kind={mapping.kind}"\n'
        f"Name: {quote(info.name)}, Namespace: {quote(info.namespace)}\n"
        f"from server for: {quote(info.source)}"
    )


def _not_retrieved(info: Info, complaint: str) -> Failure:
    return Failure(f"{_retrieving(info)}: {complaint}")


def _create(run, info: Info) -> Iterator:
    run.actor.trace("ApplyDecided", _subject(info), decision="create", label=info.mapping.label, name=info.name)
    body = without_nulls(annotated(info.value))
    body["metadata"].pop("resourceVersion", None)
    reply = yield run.call("create", info.mapping, info.namespace, raw=encoded(body), options=dict(WRITE))
    run.show_warnings(reply)
    if reply.ok:
        run.print(f"{info.mapping.label}/{info.name} created")
    else:
        run.fail(run.refusal(reply, "creating", info.source))


def _update(run, info: Info, current: dict) -> Iterator:
    """Compare three: what was applied last, what the file says, what is there; send the difference."""
    if original_text(current) is None:
        run.warn(NO_ANNOTATION.format(f"{info.mapping.plural}/{info.name}"))
    for attempt in range(RETRIES + 1):
        try:
            patch = _patch(info, current)
        except ValueError as error:
            run.fail(_no_patch(info, current, str(error)))
            return
        if not patch:
            break
        run.actor.trace(
            "ApplyDecided", _subject(info), decision="patch", label=info.mapping.label, name=info.name, patch=patch
        )
        reply = yield run.call(
            "patch",
            info.mapping,
            info.namespace,
            info.name,
            raw=encoded(patch)[:-1],
            content_type=STRATEGIC if _is_published(info) else MERGE,
            options=dict(WRITE),
        )
        run.show_warnings(reply)
        if reply.code != 409 or attempt == RETRIES:
            break
        if attempt:
            yield Sleep(RETRY_MS)
        fresh = yield run.call("get", info.mapping, info.namespace, info.name)
        current = fresh.body if fresh.ok else current
    if not patch:
        run.actor.trace("ApplyDecided", _subject(info), decision="nothing", label=info.mapping.label, name=info.name)
    elif not reply.ok:
        run.fail(_not_patched(run, info, patch, reply))
        return
    if "deletionTimestamp" in current["metadata"]:
        run.warn(f"Detected changes to resource {info.name} which is currently being deleted.")
    run.print(f"{info.mapping.label}/{info.name} {'configured' if patch else 'unchanged'}")


def _is_published(info: Info) -> bool:
    """Whether it is known how the kind's lists merge; of custom resources it is not."""
    return schema.type_of(info.mapping.group, info.mapping.version, info.mapping.kind) is not None


def _patch(info: Info, current: dict) -> dict:
    if not _is_published(info):
        return three_way_merge(original_of(current), annotated(info.value), current)
    return three_way_strategic(
        original_of(current),
        annotated(info.value),
        current,
        info.mapping.group,
        info.mapping.version,
        info.mapping.kind,
    )


def _not_patched(run, info: Info, patch: dict, reply) -> Failure:
    failure = run.refusal(reply, "patching", info.source)
    if failure.bare:
        return failure
    return Failure(_applying(info, encoded(patch)[:-1], failure.message), failure.status)


def _no_patch(info: Info, current: dict, complaint: str) -> Failure:
    """The three objects cannot be compared."""
    modified = encoded(annotated(info.value))
    message = (
        f"error when patching {quote(info.source)}: creating patch with:\noriginal:\n{original_text(current) or ''}\n"
        f"modified:\n{modified}\ncurrent:\n{encoded(current)}\nfor: {complaint}"
    )
    return Failure(_applying(info, "", message))


def _applying(info: Info, patch: str, message: str) -> str:
    mapping = info.mapping
    group = f"{mapping.group}/{mapping.version}"
    return (
        f"error when applying patch:\n{patch}\nto:\n"
        f'Resource: "{group}, Resource={mapping.plural}", GroupVersionKind: "{group}, Kind={mapping.kind}"\n'
        f"Name: {quote(info.name)}, Namespace: {quote(info.namespace)}\nfor: {quote(info.source)}: {message}"
    )


def _subject(info: Info) -> str:
    return f"{info.mapping.plural}/{info.namespace}/{info.name}"
