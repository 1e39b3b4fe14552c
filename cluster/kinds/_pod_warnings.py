"""What the server warns of in Pods and Pod templates: things that work, but not as somebody may think.

Source: pkg/api/pod/warnings.go, pkg/api/node/util.go, pkg/registry/core/pod/strategy.go (WarningsOnCreate).
"""
from __future__ import annotations

from cluster.kinds import _pod_overlaps
from cluster.kinds._addresses import warnings_for_ip
from cluster.kinds._pod_annotations import SECCOMP_CONTAINER, SECCOMP_POD
from cluster.kinds._pod_gates import APPARMOR, profile_of
from cluster.kinds._pod_scheduling import PREFERRED, REQUIRED
from cluster.kinds._pod_visit import all_containers
from cluster.kinds._rules import amount
from cluster.meta import names
from cluster.meta.gotext import quote

OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_OLD_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_OLD_VOLUMES = (
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)
_NO_SELECTOR = "a null labelSelector results in matching no pod"
_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_APPARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about a new Pod; an update of a Pod never warns."""
    if old is not None:
        return []
    meta, spec, warnings = new["metadata"], new["spec"], []
    complaints = names.dns1123_label(meta.get("name") or "")
    if complaints:
        warnings.append("metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
                        f"a DNS label is recommended: [{' '.join(complaints)}]")
    return warnings + _all(spec, meta, "", is_template=False)


def template(new: dict, old: dict | None, path: str) -> list[str]:
    """Warnings about a template; path: where it stands."""
    return _all(new["spec"], new.get("metadata") or {}, path + ".", is_template=True)


def _all(spec: dict, meta: dict, prefix: str, *, is_template: bool) -> list[str]:
    path, annotations = f"{prefix}spec", meta.get("annotations") or {}
    warnings: list[str] = []
    _old_labels(warnings, spec, path)
    for key in _OLD_ANNOTATIONS if annotations else ():
        if key in annotations:
            warnings.append(f"{prefix}metadata.annotations[{key}]: {_OLD_ANNOTATIONS[key]}")
    if spec.get("volumes"):
        _volumes(warnings, spec["volumes"], f"{path}.volumes")
    _lists(warnings, spec, path)
    _fractions(warnings, spec.get("overhead"), f"{path}.overhead")
    _of_containers(warnings, spec, annotations, prefix, is_template)
    _ports(warnings, spec, path)
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        warnings.append(f"{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1")
    if spec.get("affinity"):
        _pod_affinities(warnings, spec["affinity"], f"{path}.affinity")
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        warnings += warnings_for_ip(f"{path}.dnsConfig.nameservers[{index}]", server)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        warnings += warnings_for_ip(f"{path}.hostAliases[{index}].ip", alias.get("ip") or "")
    return warnings


def _old_labels(warnings: list[str], spec: dict, path: str) -> None:
    for key in spec.get("nodeSelector") or ():
        if key in OLD_LABELS:
            warnings.append(f"{path}.nodeSelector[{key}]: {OLD_LABELS[key]}")
    node_affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    here = f"{path}.affinity.nodeAffinity"
    for index, term in enumerate((node_affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        node_term(warnings, term, f"{here}.{REQUIRED}.nodeSelectorTerms[{index}]", check_values=False)
    for index, term in enumerate(node_affinity.get(PREFERRED) or ()):
        node_term(warnings, term.get("preference") or {}, f"{here}.{PREFERRED}[{index}].preference", check_values=True)
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        at, key = f"{path}.topologySpreadConstraints[{index}]", constraint.get("topologyKey")
        if key in OLD_LABELS:
            warnings.append(f"{at}.topologyKey: {key} is {OLD_LABELS[key]}")
        if constraint.get("labelSelector") is None:
            warnings.append(f"{at}.labelSelector: {_NO_SELECTOR}")


def node_term(warnings: list[str], term: dict, path: str, *, check_values: bool) -> None:
    """Old labels in a term of a node selector."""
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        here, key = f"{path}.matchExpressions[{index}]", requirement.get("key")
        if key in OLD_LABELS:
            warnings.append(f"{here}.key: {key} is {OLD_LABELS[key]}")
        for position, value in enumerate(requirement.get("values") or ()) if check_values else ():
            warnings += [f"{here}.values[{position}]: {value} is invalid, {why}" for why in names.label_value(value)]


def _volumes(warnings: list[str], volumes: list[dict], path: str) -> None:
    for index, volume in enumerate(volumes):
        if len(volume) == 2 and "projected" in volume:
            continue
        for kind, shown, message in _OLD_VOLUMES:
            if volume.get(kind) is not None:
                warnings.append(f"{path}[{index}].{shown}: {message}")
        claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if claim is not None:
            amounts = ((claim.get("spec") or {}).get("resources") or {}).get("requests")
            here = f"{path}[{index}].ephemeral.volumeClaimTemplate.spec.resources.requests"
            _fractions(warnings, amounts, here, ("storage",))
    warnings += _pod_overlaps.overlapping_paths(volumes)


def _lists(warnings: list[str], spec: dict, path: str) -> None:
    seen: list[str] = []
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        address = alias.get("ip") or ""
        if address in seen:
            warnings.append(f"{path}.hostAliases[{index}].ip: duplicate ip {quote(address)}")
        seen.append(address)
    secrets = [secret.get("name") or "" for secret in spec.get("imagePullSecrets") or ()]
    for index, name in enumerate(secrets):
        if name in secrets[:index]:
            warnings.append(f"{path}.imagePullSecrets[{index}].name: duplicate name {quote(name)}")
    for index, name in enumerate(secrets):
        if not name:
            warnings.append(f'{path}.imagePullSecrets[{index}].name: invalid empty name ""')


def _fractions(warnings: list[str], amounts: dict | None, path: str,
               resources: tuple[str, ...] = ("memory", "ephemeral-storage")) -> None:
    for name in resources if amounts else ():
        if name in amounts and amount(amounts[name]).millis % 1000:
            text = amount(amounts[name]).text
            warnings.append(f'{path}[{name}]: fractional byte value "{text}" is invalid, must be an integer')


def _of_containers(warnings: list[str], spec: dict, annotations: dict, prefix: str, is_template: bool) -> None:
    at = f"{prefix}metadata.annotations"
    context = spec.get("securityContext") or {}
    if SECCOMP_POD in annotations and context.get("seccompProfile") is None:
        warnings.append(f"{at}[{SECCOMP_POD}]: {_SECCOMP}")
    for container, path in all_containers(spec, f"{prefix}spec"):
        if annotations:
            _container_annotations(warnings, container, annotations, at, context, is_template)
        resources = container.get("resources")
        if resources:
            for name in ("memory", "ephemeral-storage"):
                for side in ("limits", "requests"):
                    _fractions(warnings, resources.get(side), f"{path}.resources.{side}", (name,))
        if len(container.get("env") or ()) > 1:
            _env(warnings, container["env"], path)


def _container_annotations(warnings: list[str], container: dict, annotations: dict, at: str, of_pod: dict,
                           is_template: bool) -> None:
    own, name = container.get("securityContext") or {}, container.get("name") or ""
    key = SECCOMP_CONTAINER + name
    if key in annotations and own.get("seccompProfile") is None:
        warnings.append(f"{at}[{key}]: {_SECCOMP}")
    key = APPARMOR + name
    if key not in annotations:
        return
    named, field, above = profile_of(annotations[key]), own.get("appArmorProfile"), of_pod.get("appArmorProfile")
    if is_template:
        warns = field is None and (above is None or above != named)
    else:  # by now a Pod's field has been filled in from the annotation
        warns = (field is None and named is None) or (named is not None and field == named != above)
    if warns:
        warnings.append(f"{at}[{key}]: {_APPARMOR}")


def _env(warnings: list[str], variables: list[dict], path: str) -> None:
    seen: list[str] = []
    for index, variable in enumerate(variables):
        name, value = variable.get("name") or "", variable.get("value") or ""
        reference = f"$({name})"
        if name not in seen:
            seen.append(name)
        elif variable.get("valueFrom") is not None or value == reference or reference not in value:
            warnings.append(f"{path}.env[{index}]: hides previous definition of {quote(name)}, which may be dropped when using apply")


def _ports(warnings: list[str], spec: dict, path: str) -> None:
    known: dict[tuple, list[tuple[str, dict]]] = {}
    names_of_ports: dict[str, str] = {}
    about_names: list[str] = []
    for container, at in all_containers(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            here = f"{at}.ports[{index}]"
            if port.get("hostIP") and not port.get("hostPort"):
                warnings.append(f"{here}: hostIP set without hostPort: {_go_struct(port)}")
            others = known.setdefault((port.get("containerPort"), port.get("protocol")), [])
            for where, other in others:
                _two_ports(warnings, here, port, where, other)
            others.append((here, port))
            _port_name(about_names, port.get("name"), here, names_of_ports)
    warnings += about_names


def _go_struct(port: dict) -> str:
    """A port as %+v prints the Go struct."""
    return (f"{{Name:{port.get('name', '')} HostPort:{port.get('hostPort', 0)} ContainerPort:{port.get('containerPort', 0)} "
            f"Protocol:{port.get('protocol', '')} HostIP:{port.get('hostIP', '')}}}")


def _two_ports(warnings: list[str], here: str, port: dict, where: str, other: dict) -> None:
    mine, its = port.get("hostPort") or 0, other.get("hostPort") or 0
    my_ip, its_ip = port.get("hostIP") or "", other.get("hostIP") or ""
    if mine == its and my_ip == its_ip:
        warnings.append(f"{here}: duplicate port definition with {where}")
    elif not mine or not its:
        warnings.append(f"{here}: overlapping port definition with {where}")
    elif mine == its and bool(my_ip) != bool(its_ip):
        warnings.append(f"{here}: dangerously ambiguous port definition with {where}")


def _port_name(warnings: list[str], name: str | None, here: str, known: dict[str, str]) -> None:
    if not name:
        return
    other = known.setdefault(name, here)
    if other != here:
        warnings.append(f"{here}: duplicate port name {quote(name)} with {other}, "
                        f"services and probes that select ports by name will use {other}")


def _pod_affinities(warnings: list[str], affinity: dict, path: str) -> None:
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        for index, term in enumerate(terms.get(REQUIRED) or ()):
            if term.get("labelSelector") is None:
                warnings.append(f"{path}.{name}.{REQUIRED}[{index}].labelSelector: {_NO_SELECTOR}")
        for index, weighted in enumerate(terms.get(PREFERRED) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                warnings.append(f"{path}.{name}.{PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NO_SELECTOR}")
