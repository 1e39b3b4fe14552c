"""Admission: what may still change or refuse a request after authorisation. One file a plugin, in upstream's order.

A plugin is a module with NAME and `admit(call, obj, live) -> [fields it set]` or `validate(call, obj, live)` (of VALIDATED
resources at VALIDATED_AT subresources, or of all); either may raise a refusal. obj: the new object, None for a delete; live: the one that is
stored, None for a create.
Left out so far: NodeRestriction.
Source: k8s.io/kubernetes pkg/kubeapiserver/options/plugins.go.
"""
from __future__ import annotations

from functools import cache

from cluster.apiserver import paths
from cluster.meta import status

from . import (
    _policies,
    _webhooks,
    certificates,
    claim_resize,
    default_ingress_class,
    default_storage_class,
    default_tolerations,
    limit_ranger,
    mutating_policy,
    mutating_webhook,
    namespace_lifecycle,
    pod_resize,
    pod_security,
    pod_topology_labels,
    priority,
    resource_quota,
    runtime_class,
    service_account,
    storage_protection,
    taint_new_nodes,
    validating_policy,
    validating_webhook,
)

MUTATING = (limit_ranger, service_account, taint_new_nodes, priority, default_tolerations, default_storage_class, storage_protection,
            runtime_class, default_ingress_class, pod_topology_labels)
MUTATING_BINDINGS = (pod_topology_labels,)
VALIDATING = (limit_ranger, pod_security, priority, claim_resize, runtime_class, pod_resize, validating_policy, validating_webhook,
              resource_quota)
OF_DELETIONS = (validating_policy, validating_webhook)     # nobody else looks at an object that goes
# each of them says whether it had anything to look at
OF_CERTIFICATES = (*certificates.PLUGINS, validating_policy, validating_webhook, resource_quota)


@cache
def _mutating(resource: str) -> tuple:
    """The mutating plugins that look at a resource."""
    return tuple(plugin for plugin in MUTATING
                 if resource in ((plugin.RESOURCE,) if isinstance(plugin.RESOURCE, str) else plugin.RESOURCE))


@cache
def _validating(resource: str, subresource: str) -> tuple:
    """The validating plugins that look at a write: those that do not say at which they look, and those that name it."""
    return tuple(plugin for plugin in VALIDATING if resource in getattr(plugin, "VALIDATED", (resource,))
                 and subresource in getattr(plugin, "VALIDATED_AT", (subresource,)))


# the folders of what looks at each write anew: what may change it, and what may refuse it
CHANGING = frozenset((mutating_policy.POLICIES, mutating_webhook.CONFIGURATIONS))
ASKED = CHANGING | {validating_policy.POLICIES, validating_webhook.CONFIGURATIONS}

ACTIVE = {"phase": "Active"}     # the status of nearly all namespaces


def is_asked(store, folders: frozenset[str] = ASKED) -> bool:
    """Whether there are, or were, policies or webhooks, which look at each write anew."""
    return not store.touched.keys().isdisjoint(folders)


def is_open(namespace: str, store) -> bool:
    """Whether a namespace is plainly there and not about to go."""
    stored = store.rows.get(f"/registry/namespaces/{namespace}")
    return stored is not None and stored.value.get("status") == ACTIVE


def check_place(call, obj: dict, live: dict | None) -> None:
    """Of `mutate`, what is left for a write in a namespace at which no plugin looks: whether that lets it be."""
    if is_open(call.namespace, call.context.store):
        return
    try:
        namespace_lifecycle.check(call, obj, live)
    except status.StatusError as refusal:
        refusal.plugin = namespace_lifecycle.NAME
        raise


def check_rest(call, obj: dict, live: dict) -> None:
    """Of `validate`, what is left for an update in a namespace at which no plugin looks: policies and webhooks."""
    if is_asked(call.context.store):
        validate(call, obj, live)
    else:
        call.trace("AdmissionValidated", plugin=namespace_lifecycle.NAME)


def mutate(call, obj: dict, live: dict | None) -> None:
    """Run the mutating plugins over a private object, which they change in place. A refusal says whose it is."""
    plugin = namespace_lifecycle
    try:
        plugin.check(call, obj, live)
        plugins = _mutating(call.kind.plural) if not call.subresource else MUTATING_BINDINGS if call.subresource == "binding" else ()
        for plugin in plugins:
            filled = plugin.admit(call, obj, live)
            if filled:
                call.trace("AdmissionMutated", plugin=plugin.NAME, fields=filled)
        plugin = mutating_policy
        if call.context.store.touched.get(plugin.POLICIES) and call.kind.group != _policies.CONFIGURATION:
            _ask_policies(call, obj, live, plugins)
        plugin = mutating_webhook
        if call.context.store.touched.get(plugin.CONFIGURATIONS):
            _ask_webhooks(call, obj, live, plugins)
    except status.StatusError as refusal:
        refusal.plugin = plugin.NAME
        raise


def _ask_policies(call, obj: dict, live: dict | None, plugins: tuple) -> None:
    """Let policies change an object; what they changed may want something of the plugins before them again."""
    before = dict(obj)
    changed = mutating_policy.admit(call, obj, live)
    if not changed:
        return
    call.trace("AdmissionMutated", plugin=mutating_policy.NAME, fields=paths.changed(before, obj))
    for plugin in plugins:
        plugin.admit(call, obj, live)


def _ask_webhooks(call, obj: dict, live: dict | None, plugins: tuple) -> None:
    """Let webhooks change an object; what they changed may want something of the plugins before them again."""
    changed = mutating_webhook.admit(call, obj, live)
    if not changed:
        return
    call.trace("WebhookMutated", plugin=mutating_webhook.NAME, hooks=changed)
    for plugin in plugins:
        plugin.admit(call, obj, live)


def validate(call, obj: dict | None, live: dict | None) -> None:
    """Run the validating plugins. A refusal says whose it is."""
    plugin = namespace_lifecycle
    try:
        if obj is None:
            plugin.check(call, obj, live)
        if call.kind.namespaced or call.kind.kind == "Namespace":
            call.trace("AdmissionValidated", plugin=plugin.NAME)
        plugins = OF_DELETIONS if obj is None else _validating(call.kind.plural, call.subresource)
        for plugin in plugins if call.kind.group != certificates.GROUP else OF_CERTIFICATES:
            if plugin.validate(call, obj, live):
                call.trace("AdmissionValidated", plugin=plugin.NAME)
    except status.StatusError as refusal:
        refusal.plugin = plugin.NAME
        raise


def connect(call, options: dict) -> None:
    """Ask webhooks about a connection (exec, attach, port-forward). options: its options as an object."""
    touched = call.context.store.touched
    for plugin in (mutating_webhook, validating_webhook):
        if touched.get(plugin.CONFIGURATIONS):
            hooks = _webhooks.configured(call, plugin.CONFIGURATIONS)
            validating_webhook.judged(hooks, _webhooks.connecting(call, options))


def refused(call, obj: dict | None, why: str):
    """A plugin's Forbidden, with the name as admission knows it. Source: k8s.io/apiserver pkg/admission/errors.go."""
    meta = (obj or {}).get("metadata") or {}
    return call.forbidden(why, call.name or meta.get("name") or meta.get("generateName") or "Unknown")
