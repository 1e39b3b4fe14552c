"""The names of a custom resource: their form, and who has them already.

Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionNames),
pkg/controller/status/naming_controller.go.
"""
from __future__ import annotations

from cluster.meta import fields, names
from cluster.meta.fields import FieldError
from cluster.meta.gotext import quote

MIXED = "may have mixed case, but should otherwise match: "
CONFLICTS = (("plural", "PluralConflict"), ("singular", "SingularConflict"), ("shortNames", "ShortNamesConflict"),
             ("kind", "KindConflict"), ("listKind", "ListKindConflict"))


def errors(wanted: dict, path: str) -> list[FieldError]:
    """The complaints about a set of names; empty ones are none."""
    found = []
    for key, prefix in (("plural", ""), ("singular", ""), ("kind", MIXED), ("listKind", MIXED)):
        value = wanted.get(key) or ""
        complaints = names.dns1035_label(value.lower() if prefix else value) if value else []
        if complaints:
            found.append(fields.invalid(f"{path}.{key}", value, prefix + ",".join(complaints)))
    found += _labels(wanted, path, "shortNames")
    if wanted.get("kind") and wanted["kind"] == wanted.get("listKind"):
        found.append(fields.invalid(f"{path}.listKind", wanted["listKind"], "kind and listKind may not be the same"))
    return found + _labels(wanted, path, "categories")


def _labels(wanted: dict, path: str, key: str) -> list[FieldError]:
    return [fields.invalid(f"{path}.{key}[{index}]", value, ",".join(complaints))
            for index, value in enumerate(wanted.get(key) or ()) if (complaints := names.dns1035_label(value))]


def accepted(crd: dict, others: list[dict]) -> tuple[dict, str, str]:
    """(names that a definition gets, reason of the first conflict or "", its message). others: the group's other definitions."""
    taken = [other["status"].get("acceptedNames") or {} for other in others]
    resources = [name for one in taken for name in (one.get("plural"), one.get("singular"), *(one.get("shortNames") or ()))]
    kinds = [name for one in taken for name in (one.get("kind"), one.get("listKind"))]
    wanted, result = crd["spec"]["names"], dict(crd["status"].get("acceptedNames") or {})
    reason = message = ""
    for key, conflict in CONFLICTS:
        asked, mine = wanted.get(key), result.get(key)
        used = kinds if key in ("kind", "listKind") else resources
        clash = [one for one in (asked if isinstance(asked, list) else [asked]) if one and one != mine and one not in (mine or ())
                 and one in used]
        if clash:
            texts = [f"{quote(one)} is already in use" for one in clash]
            reason, message = conflict, texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
        elif asked:
            result[key] = asked
        else:
            result.pop(key, None)
    if wanted.get("categories"):
        result["categories"] = wanted["categories"]
    else:
        result.pop("categories", None)
    return result, reason, message


def conditions(crd: dict, reason: str, message: str, stamp: str) -> list[dict]:
    """The conditions that follow from names that were accepted or not."""
    is_accepted = not reason
    naming = _condition("NamesAccepted", is_accepted, reason or "NoConflicts", message or "no conflicts found")
    old = find(crd, "Established")
    established = old or _condition("Established", False, "NotAccepted", "not all names are accepted")
    if established["status"] != "True" and is_accepted:
        established = _condition("Established", False, "Installing", "the initial names have been accepted")
    found = crd["status"].get("conditions") or []
    return put(put(found, naming, stamp), established, stamp)


def established(crd: dict, stamp: str) -> list[dict]:
    """The conditions once the kind is served."""
    return put(crd["status"].get("conditions") or [], _condition("Established", True, "InitialNamesAccepted", "the initial names have been accepted"),
               stamp)


def terminating(crd: dict, is_ending: bool, reason: str, message: str, stamp: str) -> list[dict]:
    """The conditions while, and after, the objects of a deleted definition are deleted."""
    return put(crd["status"].get("conditions") or [], _condition("Terminating", is_ending, reason, message), stamp)


def find(crd: dict, kind: str) -> dict | None:
    """A definition's condition."""
    return next((one for one in (crd.get("status") or {}).get("conditions") or () if one["type"] == kind), None)


def is_true(crd: dict, kind: str) -> bool:
    condition = find(crd, kind)
    return condition is not None and condition["status"] == "True"


def _condition(kind: str, is_so: bool, reason: str, message: str) -> dict:
    return {"type": kind, "status": "True" if is_so else "False", "reason": reason, "message": message}


def put(found: list[dict], condition: dict, stamp: str) -> list[dict]:
    """The conditions with one of them changed or added; its time changes with its status."""
    old = next((one for one in found if one["type"] == condition["type"]), None)
    changed = old is None or old["status"] != condition["status"]
    new = {"type": condition["type"], "status": condition["status"], "lastTransitionTime": stamp if changed else old.get("lastTransitionTime"),
           "reason": condition["reason"], "message": condition["message"]}
    return [*found, new] if old is None else [new if one is old else one for one in found]
