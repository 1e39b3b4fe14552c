"""What a Pod and a Pod template must be. What an update may change is in _pod_update.

Errors come in upstream's order, since the message shows them all.
Source: pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodSpec, ValidatePodTemplateSpec).
"""
from __future__ import annotations

import re

from cluster.kinds import (
    _addresses,
    _pod_amounts,
    _pod_annotations,
    _pod_containers,
    _pod_sameness,
    _pod_scheduling,
    _pod_security,
    _pod_visit,
    _pod_volumes,
    _pod_windows,
    _rules,
)
from cluster.kinds._rules import Errors
from cluster.meta import fields, names, objectmeta

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
MAX_INT32 = 2**31 - 1
_SEARCH_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH = rf"{_SEARCH_LABEL}(\.{_SEARCH_LABEL})*"
_is_search = re.compile(_SEARCH + r"\Z").match
_SEARCH_RULE = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
                "and must start and end with an alphanumeric character")


def validate(pod: dict) -> Errors:
    """A Pod to be created. Those of one template are judged once."""
    likeness = _pod_sameness.sameness(pod)
    if _pod_sameness.is_sound(likeness):
        return []
    errors = _judged(pod)
    if likeness is not None and not errors:
        _pod_sameness.remember(likeness)
    return errors


def _judged(pod: dict) -> Errors:
    errors: Errors = []
    spec, annotations = pod["spec"], pod["metadata"].get("annotations") or {}
    whole(errors, pod)
    if spec.get("ephemeralContainers"):
        errors.append(fields.forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(fields.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    if annotations:
        _pod_annotations.fields_agree(errors, annotations, spec, "spec")
    return errors


def whole(errors: Errors, pod: dict, old: dict | None = None) -> None:
    """Metadata of Pods and the spec. old: what is stored, on an update."""
    meta, spec = pod["metadata"], pod["spec"]
    if meta.get("annotations"):
        stored = None if old is None else old["metadata"].get("annotations") or {}
        _pod_annotations.check(errors, meta["annotations"], spec, "metadata.annotations", stored)
    pod_spec(errors, spec, meta, "spec", is_pod=True)
    if not spec.get("serviceAccountName"):
        _no_tokens(errors, spec)
    for name in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            _pod_containers.image_unpadded(errors, container, f"spec.{name}[{index}]")


def _no_tokens(errors: Errors, spec: dict) -> None:
    for index, volume in enumerate(spec.get("volumes") or ()):
        for position, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if source.get("serviceAccountToken") is not None:
                errors.append(fields.forbidden(f"spec.volumes[{index}].projected.sources[{position}].serviceAccountToken",
                                               "must not be specified when serviceAccountName is not set"))


def template(errors: Errors, found: dict, path: str) -> None:
    """A Pod template."""
    meta, spec = found.get("metadata") or {}, found["spec"]
    annotations = meta.get("annotations") or {}
    errors += objectmeta.validate_labels(meta.get("labels"), f"{path}.labels")
    if annotations:
        errors += objectmeta.validate_annotations(annotations, f"{path}.annotations")
        _pod_annotations.check(errors, annotations, spec, f"{path}.annotations")
    pod_spec(errors, spec, None, f"{path}.spec", is_pod=False)
    if annotations:
        _pod_annotations.fields_agree(errors, annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        errors.append(fields.forbidden(f"{path}.spec.ephemeralContainers",
                                       "ephemeral containers not allowed in pod template"))


def pod_spec(errors: Errors, spec: dict, meta: dict | None, path: str, *, is_pod: bool) -> None:
    """A Pod's spec, or a template's."""
    if spec.get("terminationGracePeriodSeconds") is None:
        errors.append(fields.required(f"{path}.terminationGracePeriodSeconds"))
    volumes = _pod_volumes.volumes(errors, spec, meta, f"{path}.volumes", is_pod=is_pod)
    claims = spec.get("resourceClaims")
    is_static = _pod_annotations.MIRROR in ((meta or {}).get("annotations") or ())
    claim_names = _pod_amounts.resource_claims(errors, claims, f"{path}.resourceClaims", is_static=is_static) if claims else []
    _containers(errors, spec, path, volumes, claim_names)
    if spec.get("resources") is not None:
        _pod_amounts.pod(errors, spec, f"{path}.resources", claim_names)
    if spec.get("hostNetwork"):
        _host_ports(errors, spec, path, is_pod)
    _choices(errors, spec, path)
    _further(errors, spec, path)
    _names(errors, spec, path)
    _rare(errors, spec, path)


def _containers(errors: Errors, spec: dict, path: str, volumes: dict, claim_names: list[str]) -> None:
    around = _pod_containers.Around(volumes, claim_names, spec.get("restartPolicy") or "", spec.get("hostUsers") is not False,
                                    spec.get("terminationGracePeriodSeconds"))
    _pod_containers.main(errors, spec.get("containers"), f"{path}.containers", around)
    if spec.get("initContainers"):
        _pod_containers.init(errors, spec["initContainers"], spec.get("containers") or [], f"{path}.initContainers",
                             around)
    if spec.get("ephemeralContainers"):
        _pod_containers.ephemeral(errors, spec, f"{path}.ephemeralContainers", around)


def _host_ports(errors: Errors, spec: dict, path: str, is_pod: bool) -> None:
    """On the host's network a port is the host's port."""
    for index, container in enumerate(spec.get("containers") or ()):
        for position, port in enumerate(container.get("ports") or ()):
            on_host = port.get("hostPort") or 0
            if (is_pod or on_host) and on_host != (port.get("containerPort") or 0):
                errors.append(fields.invalid(f"{path}.containers[{index}].ports[{position}].hostPort", on_host,
                                             "must match `containerPort` when `hostNetwork` is true"))


def _choices(errors: Errors, spec: dict, path: str) -> None:
    if spec.get("restartPolicy") not in RESTART_POLICIES:
        _rules.one_of_or_required(errors, f"{path}.restartPolicy", spec.get("restartPolicy"), RESTART_POLICIES)
    if spec.get("dnsPolicy") not in DNS_POLICIES:
        _rules.one_of_or_required(errors, f"{path}.dnsPolicy", spec.get("dnsPolicy"), DNS_POLICIES)
    if spec.get("nodeSelector"):
        errors += objectmeta.validate_labels(spec["nodeSelector"], f"{path}.nodeSelector")


def _further(errors: Errors, spec: dict, path: str) -> None:
    _pod_security.pod(errors, spec, f"{path}.securityContext")
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if set(secret) - {"name"}:
            errors.append(fields.invalid(f"{path}.imagePullSecrets[{index}]", secret, "only name may be set"))
    if spec.get("affinity") is not None:
        _pod_scheduling.affinity(errors, spec["affinity"], f"{path}.affinity", lenient=False)
    if spec.get("dnsConfig") is not None or spec.get("dnsPolicy") == "None":
        _dns(errors, spec, f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        _rules.qualified(errors, f"{path}.readinessGates[{index}].conditionType", gate.get("conditionType") or "")
    if spec.get("schedulingGates"):
        _pod_scheduling.gates(errors, spec["schedulingGates"], f"{path}.schedulingGates")
    if spec.get("topologySpreadConstraints"):
        _pod_scheduling.spread(errors, spec["topologySpreadConstraints"], f"{path}.topologySpreadConstraints",
                               lenient=False)
    _pod_windows.host_process(errors, spec, path)
    _pod_security.host_users(errors, spec, path)
    if spec.get("hostnameOverride") is not None:
        _hostname_override(errors, spec, path)


def _hostname_override(errors: Errors, spec: dict, path: str) -> None:
    here, name = f"{path}.hostnameOverride", spec["hostnameOverride"]
    for field in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(field):
            errors.append(fields.forbidden(here, f"may not be specified when {field} is true"))
    if len(name) > 64:
        errors.append(fields.too_long(here, 64))
    _rules.subdomain(errors, here, name)


def _names(errors: Errors, spec: dict, path: str) -> None:
    for field in ("serviceAccountName", "nodeName"):
        if spec.get(field):
            _rules.subdomain(errors, f"{path}.{field}", spec[field])
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= MAX_INT32:
        errors.append(fields.invalid(f"{path}.activeDeadlineSeconds", deadline, names.in_range(1, MAX_INT32)))
    for field in ("hostname", "subdomain"):
        if spec.get(field):
            _rules.label(errors, f"{path}.{field}", spec[field])
    if spec.get("tolerations"):
        _pod_scheduling.tolerations(errors, spec["tolerations"], f"{path}.tolerations")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        _addresses.ip(errors, f"{path}.hostAliases[{index}].ip", alias.get("ip") or "")
        for position, name in enumerate(alias.get("hostnames") or ()):
            _rules.subdomain(errors, f"{path}.hostAliases[{index}].hostnames[{position}]", name)
    if spec.get("priorityClassName"):
        _rules.subdomain(errors, f"{path}.priorityClassName", spec["priorityClassName"])
    if spec.get("runtimeClassName") is not None:
        _rules.subdomain(errors, f"{path}.runtimeClassName", spec["runtimeClassName"])


def _rare(errors: Errors, spec: dict, path: str) -> None:
    if spec.get("preemptionPolicy") is not None:
        _rules.one_of_or_required(errors, f"{path}.preemptionPolicy", spec["preemptionPolicy"], PREEMPTION_POLICIES)
    if spec.get("overhead"):
        _pod_amounts.overhead(errors, spec["overhead"], f"{path}.overhead")
    if spec.get("os") is not None:
        _pod_security.operating_system(errors, spec, path)
    _file_keys(errors, spec, path)


def _file_keys(errors: Errors, spec: dict, path: str) -> None:
    """A variable from a file needs an emptyDir that holds the file."""
    for container, here in _pod_visit.all_containers(spec, path):
        for index, variable in enumerate(container.get("env") or ()):
            reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if reference is None:
                continue
            name, at = reference.get("volumeName") or "", f"{here}.env[{index}].valueFrom.fileKeyRef.volumeName"
            volume = next((volume for volume in reversed(spec.get("volumes") or ()) if volume.get("name") == name), None)
            if volume is None:
                errors.append(fields.not_found(at, name))
            elif volume.get("emptyDir") is None:
                errors.append(fields.invalid(at, name, "referenced volume must be of type emptyDir"))


def _dns(errors: Errors, spec: dict, path: str) -> None:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            errors.append(fields.required(path, "must provide `dnsConfig` when `dnsPolicy` is None"))
            return
        if not config.get("nameservers"):
            errors.append(fields.required(f"{path}.nameservers",
                                          "must provide at least one DNS nameserver when `dnsPolicy` is None"))
            return
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > 3:
        errors.append(fields.invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for index, server in enumerate(servers):
        _addresses.ip(errors, f"{path}.nameservers[{index}]", server)
    _searches(errors, searches, f"{path}.searches")
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(fields.required(f"{path}.options[{index}]", "must not be empty"))


def _searches(errors: Errors, searches: list[str], path: str) -> None:
    if len(searches) > 32:
        errors.append(fields.invalid(path, searches, "must not have more than 32 search paths"))
    if len(" ".join(searches).encode()) > 2048:
        errors.append(fields.invalid(path, searches,
                                     "must not have more than 2048 characters (including spaces) in the search list"))
    for index, search in enumerate(searches):
        bare = search.removesuffix(".")
        if search == ".":
            continue
        if len(bare.encode()) > 253:
            errors.append(fields.invalid(f"{path}[{index}]", bare, names.max_length(253)))
        if not _is_search(bare):
            errors.append(fields.invalid(f"{path}[{index}]", bare,
                                         names.regex_error(_SEARCH_RULE, _SEARCH, "example.com")))
