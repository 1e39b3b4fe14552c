"""A custom resource as a Kind: made from a CustomResourceDefinition's version.

Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/{strategy,status_strategy,validator}.go,
pkg/apiserver/customresource_handler.go.
"""
from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from cluster.kinds.base import Kind
from cluster.meta import fields, gojson, status
from cluster.meta import schema as types
from cluster.meta.fields import FieldError
from cluster.meta.gotext import quote
from cluster.meta.objectmeta import STANDARD_FINALIZERS
from cluster.meta.objects import draft

from .. import decode
from ..patch import repeated_keys
from ..resource_lists import version_rank
from ..typed import Decoder, GoError
from . import cel, check, columns, converting, invariants, jsonpath, structural

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
UNCHECKED = ("some validation rules were not checked because the object was invalid; "
             "correct the existing errors to complete validation")
DOMAIN_ADVISED = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
BLOCKING = ("NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid")
PERMISSIVE = {"type": "object", structural.PRESERVE: True}
TITLE = {"en": "A custom resource: a kind that a CustomResourceDefinition has added to this cluster.",
         "zh": "自定义资源：由 CustomResourceDefinition 添加到本集群的一种 kind。"}


@dataclass(frozen=True)
class Resource:
    """What one version of a custom resource is beside its Kind."""

    group: str
    version: str
    kind: str
    schema: dict
    struct: types.Struct
    has_status: bool
    scale: dict | None
    rules: cel.Rules | None
    is_terminating: bool = False
    storage: str = ""                     # the apiVersion in which objects are stored
    webhook: dict | None = None           # spec.conversion.webhook, where that converts
    post: Any = None                      # how it is asked: converting.Post

    # -- between versions ---------------------------------------------------------------------------------------------

    def converted(self, obj: dict, wanted: str) -> dict:
        """The object in another version. Raises StatusError."""
        return converting.by_webhook(obj, wanted, self.webhook, self.post) if self.webhook else converting.by_name(obj, wanted)

    def shown(self, obj: dict) -> dict:
        """A stored object in this version: what the schema does not know dropped, defaults filled in that it got later.

        Source: k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go (schemaCoercingConverter, unstructuredDefaulter).
        """
        made = self.converted(obj, f"{self.group}/{self.version}")
        filled = draft(made)
        structural.prune(filled, self.schema)
        structural.default(filled, self.schema)
        return filled if filled != made else made

    # -- in ---------------------------------------------------------------------------------------------------------

    def decode(self, raw: bytes, content_type: str, validation: str) -> tuple[dict, list[str]]:
        """(object, warnings) of a body, unknown fields pruned. Raises StatusError."""
        value, repeated = decode.read_value(raw, content_type, self.kind)
        try:
            group, version, kind = self._identity(value, raw)
            obj, complaints = self.typed(value, version, kind)
        except decode.DecodeError as error:
            raise decode.refusal(error, self.kind, raw) from None
        if (group, version) != (self.group, self.version):
            found = f"{group}/{version}" if group else version
            raise status.bad_request(f"the API version in the data ({found}) does not match the expected API version "
                                     f"({self.group}/{self.version})")
        return obj, self._strictness(repeated + complaints, validation, raw)

    def _identity(self, value: object, raw: bytes) -> tuple[str, str, str]:
        found = decode.identity(value)
        if not found[2]:
            raise decode.DecodeError(f"Object 'Kind' is missing in '{raw.decode('utf-8', 'replace')}'")
        return found

    def _strictness(self, complaints: list[str], validation: str, raw: bytes) -> list[str]:
        if validation == "Ignore" or not complaints:
            return []
        if validation == "Strict":
            error = decode.DecodeError(f"strict decoding error: {', '.join(complaints)}", self.kind, self.version)
            raise decode.refusal(error, self.kind, raw)
        return complaints

    def typed(self, value: dict, version: str = "", kind: str = "") -> tuple[dict, list[str]]:
        """(a private object without unknown fields, complaints about those and about repeated ones). Raises DecodeError."""
        repeated = repeated_keys(value)
        try:
            obj = gojson.plain(value)
        except gojson.JSONError as error:
            raise decode.DecodeError(str(error), kind or self.kind, version or self.version) from None
        obj["metadata"], unknown = self._metadata(obj.get("metadata"), version, kind)
        gone = structural.prune(obj, self.schema)
        return obj, repeated + unknown + [f"unknown field {quote(path)}" for path in gone]

    def _metadata(self, meta: object, version: str, kind: str) -> tuple[dict, list[str]]:
        decoder = Decoder()
        try:
            found = decoder.object(meta if meta is not None else {}, types.struct_of(structural.OBJECT_META))
        except GoError as error:
            text = str(error).replace("Go value of type ObjectMeta", "Go value of type v1.ObjectMeta")
            raise decode.DecodeError(text, kind or self.kind, version or self.version) from None
        return found, [text.replace('unknown field "', 'unknown field "metadata.', 1) for text in decoder.strict_errors]

    # -- the strategy -----------------------------------------------------------------------------------------------------

    def default(self, obj: dict) -> None:
        structural.default(obj, self.schema)

    def prepare_create(self, obj: dict) -> None:
        if self.has_status:
            obj.pop("status", None)

    def prepare_update(self, obj: dict, old: dict) -> None:
        if self.has_status:
            if "status" in old:
                obj["status"] = old["status"]
            else:
                obj.pop("status", None)
        if _content(obj) != _content(old):
            obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def prepare_status(self, obj: dict, old: dict) -> None:
        """Only the status is taken over, and who owns it."""
        wanted, owners = obj.get("status"), obj["metadata"].get("managedFields")
        version = obj["metadata"].get("resourceVersion")
        obj.clear()
        obj.update(old)
        obj["metadata"] = {**old["metadata"], "resourceVersion": version}
        obj["metadata"].pop("managedFields", None)
        if owners:
            obj["metadata"]["managedFields"] = owners
        obj.pop("status", None)
        if wanted is not None:
            obj["status"] = wanted

    # -- validation ---------------------------------------------------------------------------------------------------------

    def validate(self, obj: dict, old: dict | None = None) -> list[FieldError]:
        """The complaints about an object, or about what an update changes."""
        self._check_identity(obj)
        found = check.errors(obj, self.schema, old=check.MISSING if old is None else old)
        found += self._invariant_errors(obj, old)
        return found + self._rule_errors(obj, old, found)

    def _invariant_errors(self, obj: dict, old: dict | None) -> list[FieldError]:
        """What was wrong before may stay so. Source: pkg/registry/customresource/strategy.go (ValidateUpdate)."""
        found = invariants.of_scale(obj, self.scale) if self.scale else []
        for judge in (invariants.embedded, invariants.repeated):
            complaints = judge(obj, self.schema)
            found += complaints if complaints and (old is None or not judge(old, self.schema)) else []
        return found

    def validate_update(self, obj: dict, old: dict) -> list[FieldError]:
        return self.validate(obj, old)

    def validate_status(self, obj: dict, old: dict) -> list[FieldError]:
        inner, found = (self.schema.get("properties") or {}).get("status"), []
        if inner is not None and "status" in obj:
            complaints = check.errors(obj["status"], inner, "", old.get("status", check.MISSING))
            found = [error if error.path == check.NO_FIELD else replace(error, path=f"status.{error.path}") for error in complaints]
        found += self._invariant_errors(obj, old)
        return found + self._rule_errors(obj, old, found)

    def warn(self, obj: dict, old: dict | None) -> list[str]:
        """Finalizers without a domain. Source: pkg/registry/customresource/strategy.go (generateWarningsFromObj)."""
        before = (old or {}).get("metadata", {}).get("finalizers") or ()
        return [f"metadata.finalizers: {quote(name)}: {DOMAIN_ADVISED}" for name in obj["metadata"].get("finalizers") or ()
                if "/" not in name and name not in before and name not in STANDARD_FINALIZERS]

    def _check_identity(self, obj: dict) -> None:
        errors = []
        if obj.get("kind") != self.kind:
            errors.append(fields.invalid("kind", obj.get("kind") or "", f"must be {self.kind}"))
        if errors:
            raise status.invalid(obj.get("kind") or "", obj["metadata"].get("name", ""), errors, self.group)

    def _rule_errors(self, obj: dict, old: dict | None, found: list[FieldError]) -> list[FieldError]:
        if self.rules is None:
            return []
        if not obj["metadata"].get("name") or any(error.type in BLOCKING for error in found):
            return [FieldError("Invalid", check.NO_FIELD, None, UNCHECKED)]
        return self.rules.errors(obj, old)

    # -- scale --------------------------------------------------------------------------------------------------------------

    def scale_of(self, obj: dict) -> tuple[int | None, int, str]:
        """(wanted replicas, present replicas, selector) of an object."""
        wanted, present = (next(iter(jsonpath.find(obj, self.scale[name])), None) for name in ("specReplicasPath", "statusReplicasPath"))
        selector = next(iter(jsonpath.find(obj, self.scale.get("labelSelectorPath") or "")), "") if self.scale.get("labelSelectorPath") else ""
        return wanted, present or 0, selector if isinstance(selector, str) else ""

    def scaled(self, obj: dict, replicas: int) -> dict:
        """The object with other wanted replicas; a private copy as far as it differs."""
        changed = gojson.plain(obj)
        jsonpath.set_at(changed, self.scale["specReplicasPath"], replicas)
        return changed


def _content(obj: dict) -> dict:
    return {name: value for name, value in obj.items() if name not in ("metadata", "apiVersion")}


# -- from a definition ------------------------------------------------------------------------------------------------------


def kinds_of(crd: dict, post: converting.Post | None = None) -> list[Kind]:
    """The kinds of a definition's served versions, the one that is stored first. post: how its webhook is asked."""
    spec = crd["spec"]
    served = sorted((one for one in spec["versions"] if one.get("served")), key=lambda one: not one.get("storage"))
    stored = next((one["name"] for one in spec["versions"] if one.get("storage")), "")
    return [_kind(crd, version, f"{spec['group']}/{stored}", post) for version in served]


def _kind(crd: dict, version: dict, stored_as: str, post: converting.Post | None) -> Kind:
    spec, names = crd["spec"], crd["status"]["acceptedNames"]
    group, name, kind = spec["group"], version["name"], names["kind"]
    made = resource_of(crd, version, kind, storage=stored_as, post=post)
    wanted = version.get("additionalPrinterColumns") or []
    return Kind(
        metadata_on_update=("update",), plain_metadata=True,
        kind=kind, plural=names["plural"], singular=names.get("singular", ""), group=group, version=name,
        namespaced=spec["scope"] == "Namespaced", list_kind=names.get("listKind", ""), short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()), verbs=VERBS,
        subresources=tuple(one for one in ("status", "scale") if one in (version.get("subresources") or {})),
        storage_version_hash=_hash(f"{group}/{stored_as}/{kind}"), prefix=f"/registry/{group}/{names['plural']}",
        columns=columns.columns(wanted), cells=columns.cells(wanted), default=made.default, prepare_create=made.prepare_create,
        prepare_update=made.prepare_update, prepare_status=made.prepare_status, validate=made.validate,
        validate_update=made.validate_update, validate_status=made.validate_status, warn=made.warn, has_generation=True, unconditional_update=False,
        reset_fields={"": ("status",), "status": ("metadata", "spec")} if made.has_status else {}, selectable=_selectable(version),
        stored_as="" if made.webhook or stored_as == f"{group}/{name}" else stored_as, custom=made, deprecation=_deprecation(version, spec, kind),
        icon="puzzle", title=TITLE)


def resource_of(crd: dict, version: dict, kind: str, *, storage: str = "", post: converting.Post | None = None) -> Resource:
    """What a version is."""
    conversion = crd["spec"].get("conversion") or {}
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or PERMISSIVE
    subresources = version.get("subresources") or {}
    ending = any(one["type"] == "Terminating" and one["status"] == "True" for one in crd["status"].get("conditions") or ())
    return Resource(group=crd["spec"]["group"], version=version["name"], kind=kind, schema=schema,
                    struct=structural.struct_of(schema, kind), has_status="status" in subresources, scale=subresources.get("scale"),
                    rules=cel.rules_of(schema), is_terminating=ending, storage=storage, post=post,
                    webhook=conversion.get("webhook") if conversion.get("strategy") == "Webhook" else None)


def _selectable(version: dict) -> dict:
    paths = [one["jsonPath"] for one in version.get("selectableFields") or ()]
    return {path.removeprefix("."): lambda obj, path=path: jsonpath.as_text(next(iter(jsonpath.find(obj, path)), "")) for path in paths}


def _deprecation(version: dict, spec: dict, kind: str) -> str:
    """The warning of a version that goes: its own, or one that names the newest that stays. Source: customresource_handler.go."""
    if not version.get("deprecated"):
        return ""
    group, name = spec["group"], version["name"]
    lasting = [one["name"] for one in spec["versions"] if one.get("served") and not one.get("deprecated")]
    newer = [one for one in lasting if version_rank(one) < version_rank(name)]
    instead = f"; use {group}/{min(newer, key=version_rank)} {kind}" if newer else ""
    return version.get("deprecationWarning") or f"{group}/{name} {kind} is deprecated{instead}"


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()
