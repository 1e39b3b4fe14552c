"""What a kind is: the one dataclass that each file of this folder fills in as `KIND`."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cluster.meta.fields import FieldError
from cluster.meta.schema import definitions


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`: name, type, format, description, priority (1: only with -o wide).

    described_by: in place of a description, a field of the published schemas, "core.v1.PodStatus#podIP".
    """

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0
    described_by: str = ""

    @property
    def about(self) -> str:
        """The description; the schemas are read when one is first asked for."""
        if not self.described_by:
            return self.description
        definition, _, field_name = self.described_by.partition("#")
        prefix = "io.k8s.apimachinery.pkg.apis." if definition.startswith("meta.") else "io.k8s.api."
        return definitions()[prefix + definition]["properties"][field_name]["description"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A served kind. Every callable is pure; drafts are private and may be changed in place."""

    kind: str
    plural: str
    singular: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    list_kind: str = ""                        # default: kind + "List"
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    subresources: tuple[str, ...] = ()         # "status", "scale", "binding", "log", …
    storage_version_hash: str = ""
    prefix: str = ""                           # etcd's folder, default /registry/<plural>; nodes are /registry/minions, leases /registry/leases
    columns: tuple[Column, ...] = ()
    cells: Callable[[dict, int], list] | None = None             # (object, now_unix_ms) -> one cell a column
    row_order: Callable[[dict], Any] | None = None               # how the rows of a table are ordered, if not as they are listed
    default: Callable[[dict], None] | None = None                # fills a decoded draft in
    fill_status: Callable[[dict], None] | None = None            # fills in what a status always shows, where a component wrote it
    prepare_create: Callable[[dict], None] | None = None         # strategy: what a client may not set is dropped
    prepare_update: Callable[[dict, dict], None] | None = None   # (new draft, old): keeps status, raises generation
    prepare_status: Callable[[dict, dict], None] | None = None   # same for /status: keeps spec and metadata
    validate: Callable[[dict], list[FieldError]] | None = None
    validate_update: Callable[[dict, dict], list[FieldError]] | None = None
    validate_status: Callable[[dict, dict], list[FieldError]] | None = None
    warn: Callable[[dict, dict | None], list[str]] | None = None  # warnings for a create (old None) or update
    warn_status: Callable[[dict, dict], list[str]] | None = None  # the same for an update of the status
    # How upstream's own ValidateUpdate looks at metadata again, after what is done for all: "update" what may not change, "whole" all of it.
    metadata_on_update: tuple[str, ...] = ("update", "whole")
    plain_metadata: bool = False               # its finalizers need no domain: upstream's core rules do not look at its metadata
    name_check: Callable[[str, bool], list[str]] | None = None   # (name, is a prefix) -> complaints; default DNS-1123 subdomain
    selectable: dict[str, Callable[[dict], str]] = field(default_factory=dict)  # field selectors beside metadata.name/namespace
    has_generation: bool = False
    unconditional_update: bool = True
    create_on_update: bool = False             # PUT of a missing name creates (Lease, Event, Node status …)
    graceful: Callable[[dict, int | None], int | None] | None = None  # (object, asked seconds) -> grace seconds; None: deleted at once
    # {"": ("status",), "status": ("spec", "metadata.labels", …)}: dropped from managedFields
    reset_fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prepare_for: dict[str, Callable[[dict, dict], None]] = field(default_factory=dict)  # as prepare_update, for other subresources
    validate_for: dict[str, Callable[[dict, dict], list[FieldError]]] = field(default_factory=dict)  # {"resize": …, "finalize": …}
    second_face: dict[str, object] = field(default_factory=dict)  # fields that differ where it is served in a second group
    stamp: Callable[[dict, dict, str], None] | None = None       # (new draft, old, time as text): times that a status write sets
    asked_by: Callable[[dict, dict, str], None] | None = None    # (new draft, who creates it: username, uid, groups, extra; time as text)
    orphans_dependents: bool = False           # a delete that says nothing of dependents leaves them alone (Job)
    deprecation: str = ""                      # warned of in every answer about the kind
    computed: Callable[[Callable[[str], bool]], list[dict]] | None = None  # its objects where they are worked out on a read and never stored
    # Other versions (or groups) in which the same objects are served: arguments of this class, `version` among them, and how
    # an object comes from them and goes back: `to_stored(obj)`, `from_stored(obj)`, where more differs than apiVersion.
    faces: tuple[dict[str, object], ...] = ()
    stored_as: str = ""                        # of a face: the apiVersion in which its objects are stored
    to_stored: Callable[[dict], dict] | None = None
    from_stored: Callable[[dict], dict] | None = None
    virtual: bool = False                      # created, answered and never stored (reviews)
    custom: Any = None                         # of a custom resource: its type, apiserver/custom/resource.py
    icon: str = ""
    title: dict[str, str] = field(default_factory=dict)          # {"en": …, "zh": …}: one sentence on what it is for

    @cached_property
    def api_version(self) -> str:
        """`v1`, `apps/v1`: what the kind's objects carry as apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def root(self) -> str:
        """The folder in etcd that holds the kind's objects, without a slash at its end."""
        return self.prefix or f"/registry/{self.plural}"


STORED_ONLY = {"en": " Stored only here so far.", "zh": "目前在此仅存储。"}


def stored_only(title: dict[str, str]) -> dict[str, str]:
    """A title that says too that nothing here acts on the kind."""
    return {language: title[language] + said for language, said in STORED_ONLY.items()}


def is_stored_only(kind: Kind) -> bool:
    """Whether nothing here acts on a kind."""
    return kind.title.get("en", "").endswith(STORED_ONLY["en"])
