"""What the four kinds of RBAC share: rules, references to roles, subjects.

Source: pkg/apis/rbac/validation/validation.go, pkg/apis/rbac/v1/defaults.go, pkg/apis/rbac/helpers.go.
"""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._columns import age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import Column
from cluster.meta import fields, names

GROUP = "rbac.authorization.k8s.io"
SUBJECT_KINDS = ("ServiceAccount", "User", "Group")
CREATED_AT = column("Created At", "meta.v1.ObjectMeta#creationTimestamp", type="date")


def default_rules(draft: dict) -> None:
    """Rules are always written, and so are their verbs."""
    draft.setdefault("rules", None)
    for rule in draft["rules"] or ():
        rule.setdefault("verbs", None)


def rules(errors: Errors, found: list[dict] | None, *, namespaced: bool) -> None:
    """Source: ValidatePolicyRule."""
    for index, rule in enumerate(found or ()):
        _rule(errors, rule, f"rules[{index}]", namespaced)


def _rule(errors: Errors, rule: dict, path: str, namespaced: bool) -> None:
    urls = rule.get("nonResourceURLs")
    if not rule.get("verbs"):
        errors.append(fields.required(f"{path}.verbs", "verbs must contain at least one value"))
    if urls:
        if namespaced:
            errors.append(fields.invalid(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            errors.append(fields.invalid(f"{path}.nonResourceURLs", urls,
                                         "rules cannot apply to both regular resources and non-resource URLs"))
        return
    if not rule.get("apiGroups"):
        errors.append(fields.required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        errors.append(fields.required(f"{path}.resources", "resource rules must supply at least one resource"))


def default_binding(draft: dict) -> None:
    """Groups of the role and of subjects."""
    reference = draft["roleRef"] = {"apiGroup": "", "kind": "", "name": "", **(draft.get("roleRef") or {})}
    reference["apiGroup"] = reference["apiGroup"] or GROUP
    for subject in draft.get("subjects") or ():
        subject.setdefault("name", "")
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def binding(found: dict, role_kinds: tuple[str, ...], *, namespaced: bool) -> Errors:
    """Source: ValidateRoleBinding, ValidateClusterRoleBinding."""
    errors: Errors = []
    reference = found["roleRef"]
    _rules.one_of(errors, "roleRef.apiGroup", reference["apiGroup"], (GROUP,))
    _rules.one_of(errors, "roleRef.kind", reference["kind"], role_kinds)
    _rules.required_name(errors, "roleRef.name", reference["name"], names.path_segment)
    for index, subject in enumerate(found.get("subjects") or ()):
        _subject(errors, subject, f"subjects[{index}]", namespaced)
    return errors


def _subject(errors: Errors, subject: dict, path: str, namespaced: bool) -> None:
    """Source: ValidateRoleBindingSubject."""
    kind, name, group = (subject.get(field) or "" for field in ("kind", "name", "apiGroup"))
    if not name:
        errors.append(fields.required(f"{path}.name"))
    if kind == "ServiceAccount":
        if name:
            _rules.subdomain(errors, f"{path}.name", name)
        if group:
            errors.append(fields.not_supported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            errors.append(fields.required(f"{path}.namespace"))
    elif kind in SUBJECT_KINDS:
        _rules.one_of(errors, f"{path}.apiGroup", group, (GROUP,))
    else:
        errors.append(fields.not_supported(f"{path}.kind", kind, SUBJECT_KINDS))


def reference_fixed(errors: Errors, new: dict, old: dict) -> None:
    """A binding keeps its role."""
    if new["roleRef"] != old["roleRef"]:
        shown = {"APIGroup": new["roleRef"]["apiGroup"], "Kind": new["roleRef"]["kind"], "Name": new["roleRef"]["name"]}
        errors.append(fields.invalid("roleRef", shown, "cannot change roleRef"))


def plain_cells(role: dict, now_unix_ms: int) -> list:
    """Kinds without a printer of their own show name and time of creation."""
    return [role["metadata"]["name"], role["metadata"].get("creationTimestamp")]


def binding_columns(name: Column, age_column: Column, kind: str) -> tuple[Column, ...]:
    """Columns of a sort of binding. What the role is reads as in v1beta1, where it may still change."""
    word = kind[:1].lower() + kind[1:]
    where = "a ClusterRole" if kind == "ClusterRoleBinding" else "a Role in the current namespace or a ClusterRole"
    about = (f"RoleRef can {'only ' if kind == 'ClusterRoleBinding' else ''}reference {where} in the global namespace. "
             "If the RoleRef cannot be resolved, the Authorizer must return an error.")
    return (name, column("Role", about), age_column, column("Users", f"Users in the {word}", priority=1),
            column("Groups", f"Groups in the {word}", priority=1), column("ServiceAccounts", f"ServiceAccounts in the {word}", priority=1))


def binding_cells(found: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printRoleBinding)."""
    reference, subjects = found["roleRef"], found.get("subjects") or ()
    users = [subject["name"] for subject in subjects if subject.get("kind") == "User"]
    groups = [subject["name"] for subject in subjects if subject.get("kind") == "Group"]
    accounts = [f"{subject.get('namespace') or ''}/{subject['name']}" for subject in subjects if subject.get("kind") == "ServiceAccount"]
    return [found["metadata"]["name"], f"{reference['kind']}/{reference['name']}", age(found, now_unix_ms), ", ".join(users),
            ", ".join(groups), ", ".join(accounts)]
