"""Role-based access control: which rule of which binding lets somebody do something.

What is worked out from Roles and bindings is kept until one of them changes.
Source: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go,
pkg/apis/rbac/v1/evaluation_helpers.go; k8s.io/component-helpers auth/rbac/validation/policy_comparator.go.
"""
from __future__ import annotations

from typing import NamedTuple

from cluster.meta.gotext import quote
from cluster.store.memory import Store

from .identity import SERVICE_ACCOUNT, Identity

GROUP = "rbac.authorization.k8s.io"
FOLDERS = ("/registry/clusterroles/", "/registry/clusterrolebindings/", "/registry/roles/", "/registry/rolebindings/")
NODES = "system:nodes"
NODE_ROLE = "system:node"
MOST_KEPT = 20_000


class Attributes(NamedTuple):
    """What is to be done: to a resource, or (path) to something that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Grant(NamedTuple):
    """A rule that somebody has, and the binding that gave it."""

    rule: dict
    source: str


class Bound(NamedTuple):
    """Bindings, and for each name that their subjects give (see name_of) where it stands: (binding, subject, the subject)."""

    bindings: list[dict]
    by_name: dict[tuple[str, str], list[tuple[int, int, dict]]]


class Rbac:
    """Reads one store's Roles and bindings."""

    def __init__(self, store: Store):
        self.store = store
        self.stamps: tuple = ()
        self.bound: dict[str, Bound] = {}
        self.revision = -1       # of the store, when it was looked at last
        self.grants: dict[tuple[Identity, str], tuple[list[Grant], list[str]]] = {}
        self.answers: dict[tuple, str] = {}     # (user, groups, then what is asked but for a name) -> the binding, or ""
        self.words: dict[tuple, tuple[str, str]] = {}   # the same -> as rule_of

    def allows(self, identity: Identity, asked: Attributes) -> str:
        """The binding that allows it (`ClusterRoleBinding "x" of ClusterRole "y" to User "z"`), "" if none does."""
        self._forget_if_stale()
        verb, group, resource, subresource, namespace, _, path = asked
        key = (identity.user, identity.groups, verb, group, resource, subresource, namespace, path)
        kept = self.answers.get(key)
        if kept is None:
            if len(self.answers) >= MOST_KEPT:
                self.answers.clear()
            kept = self.answers[key] = self._search(identity, asked._replace(name=""))
        return kept or (self._search(identity, asked, named=True) if asked.name else "")

    def rule_of(self, identity: Identity, asked: Attributes) -> tuple[str, str]:
        """The rule by which `allows` allows something: (verbs, what they may be done to), what is asked first: `get +2`, `pods`."""
        self._forget_if_stale()
        verb, group, resource, subresource, namespace, _, path = asked
        key = (identity.user, identity.groups, verb, group, resource, subresource, namespace, path)
        kept = self.words.get(key)
        if kept is None:
            if len(self.words) >= MOST_KEPT:
                self.words.clear()
            kept = self.words[key] = self._words(identity, asked._replace(name=""))
        return kept if kept[0] else self._words(identity, asked)

    def _words(self, identity: Identity, asked: Attributes) -> tuple[str, str]:
        grants = self._grants(identity, asked.namespace)[0]
        return next((said(grant.rule, asked) for grant in grants if rule_allows(grant.rule, asked)), ("", ""))

    def rules(self, identity: Identity, namespace: str) -> list[dict]:
        """Every rule that somebody has in a namespace ("": in the cluster)."""
        self._forget_if_stale()
        return [grant.rule for grant in self._grants(identity, namespace)[0]]

    def errors(self, identity: Identity, namespace: str) -> list[str]:
        """What was wrong with the bindings that apply: Roles that are not there."""
        self._forget_if_stale()
        return self._grants(identity, namespace)[1]

    def role_rules(self, reference: dict, namespace: str) -> list[dict] | None:
        """The rules of the Role that a binding names, None if it is not there."""
        name = reference.get("name", "")
        key = f"/registry/roles/{namespace}/{name}" if reference.get("kind") == "Role" else f"/registry/clusterroles/{name}"
        stored = self.store.get(key)
        return None if stored is None else stored.value.get("rules") or []

    def _forget_if_stale(self) -> None:
        if self.store.revision == self.revision:
            return
        self.revision = self.store.revision
        touched = self.store.touched
        roles, bindings, local_roles, local_bindings = FOLDERS
        stamps = (touched.get(roles), touched.get(bindings), touched.get(local_roles), touched.get(local_bindings))
        if stamps != self.stamps:
            self.stamps = stamps
            self.bound.clear()
            self.grants.clear()
            self.words.clear()
            self.answers.clear()

    def _search(self, identity: Identity, asked: Attributes, *, named: bool = False) -> str:
        for grant in self._grants(identity, asked.namespace)[0]:
            if (not named or grant.rule.get("resourceNames")) and rule_allows(grant.rule, asked):
                return grant.source
        return ""

    def _grants(self, identity: Identity, namespace: str) -> tuple[list[Grant], list[str]]:
        """(what somebody has, complaints)."""
        key = (identity, namespace)
        found = self.grants.get(key)
        if found is None:
            found = self.grants[key] = ([], [])
            self._collect(identity, "", found)
            if namespace:
                self._collect(identity, namespace, found)
            self._node_rules(identity, found)
        return found

    def _collect(self, identity: Identity, namespace: str, found: tuple[list[Grant], list[str]]) -> None:
        bound = self._bound(namespace)
        mine: dict[int, tuple[int, dict]] = {}     # place of a binding -> its first subject that applies, with its own place
        for name in names_of(identity):
            for place, position, subject in bound.by_name.get(name, ()):
                if place not in mine or position < mine[place][0]:
                    mine[place] = (position, subject)
        for place in sorted(mine):
            binding, subject = bound.bindings[place], mine[place][1]
            reference = binding["roleRef"]
            rules = self.role_rules(reference, namespace)
            if rules is None:
                found[1].append(f"{reference.get('kind', '').lower()}.{GROUP} {quote(reference.get('name', ''))} not found")
                continue
            source = _described(binding, subject, namespace)
            found[0].extend(Grant(rule, source) for rule in rules)

    def _bound(self, namespace: str) -> Bound:
        """The bindings of a namespace ("": of the cluster), by whom they bind."""
        found = self.bound.get(namespace)
        if found is None:
            folder = f"/registry/rolebindings/{namespace}/" if namespace else "/registry/clusterrolebindings/"
            found = self.bound[namespace] = Bound([stored.value for _, stored in self.store.list(folder)], {})
            for place, binding in enumerate(found.bindings):
                for position, subject in enumerate(binding.get("subjects") or ()):
                    found.by_name.setdefault(name_of(subject, namespace), []).append((place, position, subject))
        return found

    def _node_rules(self, identity: Identity, found: tuple[list[Grant], list[str]]) -> None:
        """What the node authorizer gives a kubelet. Simplified: it is not limited to what the Pods of its node refer to.

        Source: plugin/pkg/auth/authorizer/node/node_authorizer.go.
        """
        if NODES in identity.groups and identity.user.startswith("system:node:"):
            rules = self.role_rules({"kind": "ClusterRole", "name": NODE_ROLE}, "") or []
            found[0].extend(Grant(rule, "node authorizer") for rule in rules)


def name_of(subject: dict, namespace: str) -> tuple[str, str]:
    """What a binding's subject says of whom it means: a kind, and a user's or group's name ("" in none's place)."""
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if kind != "ServiceAccount":
        return kind, name
    place = subject.get("namespace") or namespace
    return kind, f"{SERVICE_ACCOUNT}{place}:{name}" if place else ""


def names_of(identity: Identity) -> list[tuple[str, str]]:
    """All that a subject may say to mean this identity."""
    named = [("User", identity.user), *(("Group", group) for group in identity.groups)]
    return [*named, ("ServiceAccount", identity.user)] if identity.user.startswith(SERVICE_ACCOUNT) else named


def _described(binding: dict, subject: dict, namespace: str) -> str:
    """A binding as messages name it."""
    name, reference = binding["metadata"]["name"], binding["roleRef"]
    kind, who = subject.get("kind", ""), subject.get("name", "")
    if kind == "ServiceAccount":
        who = f"{who}/{subject.get('namespace') or namespace}"
    bound = f"RoleBinding {quote(f'{name}/{namespace}')}" if namespace else f"ClusterRoleBinding {quote(name)}"
    return f"{bound} of {reference.get('kind', '')} {quote(reference.get('name', ''))} to {kind} {quote(who)}"


def rule_allows(rule: dict, asked: Attributes) -> bool:
    """Whether one rule allows something."""
    verbs = rule.get("verbs") or ()
    if asked.verb not in verbs and "*" not in verbs:
        return False
    if not asked.resource:
        return any(url_covers(url, asked.path) for url in rule.get("nonResourceURLs") or ())
    groups = rule.get("apiGroups") or ()
    if asked.group not in groups and "*" not in groups:
        return False
    names = rule.get("resourceNames")
    if names and asked.name not in names:
        return False
    return _names_resource(rule.get("resources") or (), asked.resource, asked.subresource)


def _names_resource(resources: list, resource: str, subresource: str) -> bool:
    if "*" in resources:
        return True
    if not subresource:
        return resource in resources
    return f"{resource}/{subresource}" in resources or f"*/{subresource}" in resources


def url_covers(url: str, path: str) -> bool:
    """Whether a path that is no resource falls under a rule's URL."""
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


def said(rule: dict, asked: Attributes) -> tuple[str, str]:
    """A rule in a few words: its verbs, and what they may be done to, each with what was asked first."""
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    things = _few(rule.get("resources") or (), resource) if asked.resource else _few(rule.get("nonResourceURLs") or (), asked.path)
    names = rule.get("resourceNames") or ()
    return _few(rule.get("verbs") or (), asked.verb), things + (f" ({_few(names, asked.name)})" if names else "")


def _few(words: list[str] | tuple[str, ...], first: str) -> str:
    """`get +2`: one of several words, and how many there are besides."""
    if not words:
        return ""
    shown = first if first in words else "*" if "*" in words else words[0]
    return f"{shown} +{len(words) - 1}" if len(words) > 1 else shown


# -- what one set of rules lacks of another ---------------------------------------------------------------------------


def missing(owned: list[dict], wanted: list[dict]) -> list[dict]:
    """The parts of some rules that others do not cover, each with one verb."""
    return [part for rule in wanted for part in _parts(rule) if not any(_covers(owner, part) for owner in owned)]


def _parts(rule: dict) -> list[dict]:
    parts = []
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule.get("verbs") or ():
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames")
                parts += [{**part, "resourceNames": [name]} for name in names] if names else [part]
    return parts + [{"nonResourceURLs": [url], "verbs": [verb]} for url in rule.get("nonResourceURLs") or ()
                    for verb in rule.get("verbs") or ()]


def _covers(owner: dict, part: dict) -> bool:
    verbs, groups = owner.get("verbs") or (), owner.get("apiGroups") or ()
    if part["verbs"][0] not in verbs and "*" not in verbs:
        return False
    if "nonResourceURLs" in part:
        return any(url_covers(url, part["nonResourceURLs"][0]) for url in owner.get("nonResourceURLs") or ())
    if part["apiGroups"][0] not in groups and "*" not in groups:
        return False
    names = owner.get("resourceNames")
    if names and ("resourceNames" not in part or part["resourceNames"][0] not in names):
        return False
    resource, _, subresource = part["resources"][0].partition("/")
    return _names_resource(owner.get("resources") or (), resource, subresource)


def compact(parts: list[dict]) -> list[str]:
    """Parts as messages list them: those of one resource in one line, sorted."""
    merged: dict[tuple, dict] = {}
    for part in parts:
        key = tuple((name, tuple(value)) for name, value in part.items() if name != "verbs")
        found = merged.setdefault(key, {**part, "verbs": []})
        found["verbs"] = found["verbs"] + part["verbs"]
    return sorted({_compact_text(rule): None for rule in merged.values()})


FIELDS = (("APIGroups", "apiGroups"), ("Resources", "resources"), ("NonResourceURLs", "nonResourceURLs"),
          ("ResourceNames", "resourceNames"), ("Verbs", "verbs"))


def _compact_text(rule: dict) -> str:
    shown = [f"{go}:[{' '.join(quote(value) for value in rule[name])}]" for go, name in FIELDS if rule.get(name)]
    return "{" + ", ".join(shown) + "}"
