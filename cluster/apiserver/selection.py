"""Label and field selectors of lists and watches, read once and turned into one test of an object.

Source: k8s.io/apiserver pkg/endpoints/handlers/get.go; k8s.io/apimachinery pkg/runtime/conversion.go.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cluster.kinds import Registry, registry
from cluster.kinds.base import Kind
from cluster.meta import labels, selectors, status
from cluster.meta.gotext import quote
from cluster.meta.remembering import remembered

from .conversion import TO_CORE, to_version

Matcher = Callable[[dict], bool]


def matcher(
    resource: str, label_selector: str = "", field_selector: str = "", kinds: Registry | None = None, version: str = ""
) -> Matcher | None:
    """The test that a resource's objects must pass, None if all do. kinds: the sandbox's. version: whose fields are meant. Raises BadRequest."""
    kinds = kinds or registry()
    plural, _, group = resource.partition(".")
    kind = kinds.version(group, version, plural) if version else kinds.plural(resource)
    if kind is None:
        raise status.no_such_path()
    return matcher_for(kind, label_selector, field_selector)


def matcher_for(kind: Kind, label_selector: str, field_selector: str) -> Matcher | None:
    """The test that a kind's stored objects must pass, None if all do. Raises BadRequest."""
    if not label_selector and not field_selector:
        return None
    return _made(kind, label_selector, field_selector) if kind.custom else _known(kind.group, kind.plural, label_selector, field_selector)


@remembered(4096)
def _known(group: str, plural: str, label_selector: str, field_selector: str) -> Matcher | None:
    """The same for a kind that every sandbox serves: who lists also watches, each kubelet its own."""
    return _made(registry().resource(group, plural), label_selector, field_selector)


def _made(kind: Kind, label_selector: str, field_selector: str) -> Matcher | None:
    by_labels = read_labels(label_selector)
    by_fields = read_fields(kind, field_selector)
    if not by_fields.terms:
        return None if by_labels.empty else lambda obj: by_labels.matches(obj["metadata"].get("labels"))
    has_fields = by_fields.bound(_readers(kind))
    if kind.custom and kind.custom.webhook:
        return lambda obj: by_labels.matches(obj["metadata"].get("labels")) and _matches_converted(kind, obj, has_fields)
    if by_labels.empty:
        return has_fields
    return lambda obj: by_labels.matches(obj["metadata"].get("labels")) and has_fields(obj)


def _matches_converted(kind: Kind, obj: dict, has_fields: Matcher) -> bool:
    """Whether an object matches in the version that was asked for; one that cannot be converted does not."""
    try:
        return has_fields(to_version(kind, obj))
    except status.StatusError:
        return False


def read_labels(text: str) -> labels.Selector:
    try:
        return labels.parse(text)
    except labels.SelectorError as error:
        raise status.bad_request(str(error)) from None


def read_fields(kind: Kind, text: str) -> selectors.FieldSelector:
    try:
        found = selectors.parse(text)
    except selectors.FieldSelectorError as error:
        raise status.bad_request(str(error)) from None
    unknown = found.unsupported(_readers(kind))
    if unknown is not None:
        raise status.bad_request(_unsupported(kind, unknown))
    return found


RENAMED = ("involvedObject", "reportingComponent", "source")   # of Events; in events.k8s.io they have other names


@lru_cache(maxsize=64)
def _readers_of(group: str, plural: str) -> dict[str, Callable[[dict], str]]:
    kind = registry().resource(group, plural)
    readers = dict(kind.selectable)
    if group == "events.k8s.io":
        readers = {name: reader for name, reader in readers.items() if name.partition(".")[0] not in RENAMED}
        for events, core in TO_CORE.items():
            for name, reader in kind.selectable.items():
                if name == core or name.startswith(core + "."):
                    readers[events + name[len(core):]] = reader
    return readers


def _readers(kind: Kind) -> dict[str, Callable[[dict], str]]:
    return kind.selectable if kind.custom else _readers_of(kind.group, kind.plural)


def _unsupported(kind: Kind, name: str) -> str:
    if kind.kind == "Job":
        return f"field label {quote(name)} not supported for Job"
    if kind.selectable:
        return f"field label not supported: {name}"
    return f'{quote(name)} is not a known field selector: only "metadata.name", "metadata.namespace"'
