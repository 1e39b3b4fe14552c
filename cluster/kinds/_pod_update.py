"""What an update of a Pod may change: by the main resource, /status, /ephemeralcontainers and /resize.

Source: pkg/apis/core/validation/validation.go (ValidatePodUpdate, ValidatePodStatusUpdate,
ValidatePodEphemeralContainersUpdate, ValidatePodResize).
"""
from __future__ import annotations

import difflib
import json

from cluster.kinds import _addresses, _pod_annotations, _pod_resources, _pod_scheduling, _pod_validation, _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

UPDATABLE = ("`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
             "`spec.tolerations` (only additions to existing tolerations),"
             "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")
_NOT_BACK = "may not be transitioned to non-terminated state"
_ONE_A_FAMILY = "may specify no more than one IP for each IP family"
_AMOUNTS_ALONE = "only cpu and memory resources are mutable"


def validate_update(new: dict, old: dict) -> Errors:
    """An update by the main resource: images, deadline, tolerations, gates; all else stays."""
    errors: Errors = []
    spec, before = new["spec"], old["spec"]
    if spec is before or spec == before:  # it is stored, so it is valid
        _known_annotations(errors, new, old)
        _annotations(errors, new, old)
        return errors
    _pod_validation.whole(errors, new, old)
    _annotations(errors, new, old)
    for name in ("containers", "initContainers"):
        if not _same_containers(errors, spec.get(name) or (), before.get(name) or (), f"spec.{name}"):
            return errors
    if not _deadline(errors, spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")):
        return errors
    _tolerations(errors, spec.get("tolerations") or (), before.get("tolerations") or ())
    _gates(errors, spec.get("schedulingGates") or (), before.get("schedulingGates") or ())
    munged = _without_allowed(spec, before)
    if before.get("schedulingGates"):
        munged = _while_gated(errors, munged, before)
    if munged != before:
        change = f"pod updates may not change fields other than {UPDATABLE}\n{spec_diff(before, munged)}"
        errors.append(fields.forbidden("spec", change))
    return errors


def _annotations(errors: Errors, new: dict, old: dict) -> None:
    found, before = new["metadata"].get("annotations") or {}, old["metadata"].get("annotations") or {}
    if found != before:
        _pod_annotations.check_update(errors, found, before, "metadata.annotations")
        _pod_annotations.check(errors, found, new["spec"], "metadata.annotations", before)


def _known_annotations(errors: Errors, new: dict, old: dict) -> None:
    found, before = new["metadata"].get("annotations") or {}, old["metadata"].get("annotations") or {}
    if found != before:
        _pod_annotations.check(errors, found, new["spec"], "metadata.annotations", before)


def spec_diff(before: object, after: object) -> str:
    """A unified diff of two objects as indented JSON. Upstream prints its internal types; this prints the wire form."""
    texts = [json.dumps(value, indent=1, sort_keys=True).splitlines(keepends=True) for value in (before, after)]
    texts = [[*lines[:-1], lines[-1] + "\n"] for lines in texts]
    return "".join(list(difflib.unified_diff(*texts, n=3))[2:])


def _same_containers(errors: Errors, new: list[dict], old: list[dict], path: str) -> bool:
    """False when containers came or went: nothing else is looked at then."""
    if len(new) != len(old):
        errors.append(fields.forbidden(path, "pod updates may not add or remove containers"))
        return False
    for index, container in enumerate(new):
        image = container.get("image") or ""
        if not image:
            errors.append(fields.required(f"{path}[{index}].image"))
        if image != image.strip():
            errors.append(fields.invalid(f"{path}[{index}].image", image,
                                         "must not have leading or trailing whitespace"))
    return True


def _deadline(errors: Errors, new: int | None, old: int | None) -> bool:
    """A deadline may come or shrink. False: nothing else is looked at then."""
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            errors.append(fields.invalid(path, None, "must not update from a positive integer to nil value"))
        return True
    if not 0 <= new <= _pod_validation.MAX_INT32:
        errors.append(fields.invalid(path, new, names.in_range(0, _pod_validation.MAX_INT32)))
        return False
    if old is not None and old < new:
        errors.append(fields.invalid(path, new, "must be less than or equal to previous value"))
        return False
    return True


def _tolerations(errors: Errors, new: list[dict], old: list[dict]) -> None:
    def bare(toleration: dict) -> dict:
        return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}

    found = [bare(toleration) for toleration in new]
    if any(bare(toleration) not in found for toleration in old):
        errors.append(fields.forbidden("spec.tolerations",
                                       "existing toleration can not be modified except its tolerationSeconds"))
        return
    _pod_scheduling.tolerations(errors, new, "spec.tolerations")


def _gates(errors: Errors, new: list[dict], old: list[dict]) -> None:
    known = [gate.get("name") or "" for gate in old]
    last = {gate.get("name") or "": index for index, gate in enumerate(new)}
    for name, index in last.items():
        if name not in known:
            errors.append(fields.forbidden(f"spec.schedulingGates[{index}].name",
                                           f"only deletion is allowed, but found new scheduling gate '{name}'"))


def _without_allowed(spec: dict, before: dict) -> dict:
    """The new spec with the old values of all that may change."""
    munged = dict(spec)
    for name in ("containers", "initContainers"):
        if munged.get(name):
            munged[name] = [_with_image(*pair) for pair in zip(munged[name], before[name], strict=True)]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        munged.pop(name, None)
        if name in before:
            munged[name] = before[name]
    grace = before.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and munged.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    return munged


def _with_image(container: dict, before: dict) -> dict:
    return {**container, "image": before.get("image", "")}


def _while_gated(errors: Errors, munged: dict, before: dict) -> dict:
    """A gated Pod's node selector and node affinity may be tightened."""
    munged = dict(munged)
    selector, old_selector = munged.get("nodeSelector") or {}, before.get("nodeSelector") or {}
    if any(selector.get(key) != value for key, value in old_selector.items()):
        shown = munged.get("nodeSelector")
        errors.append(fields.invalid("spec.nodeSelector", shown and dict(sorted(shown.items())),
                                     "only additions to spec.nodeSelector are allowed (no mutations or deletions)"))
    _put(munged, "nodeSelector", before.get("nodeSelector"))
    affinity, old_affinity = munged.get("affinity") or {}, before.get("affinity") or {}
    found, old_found = affinity.get("nodeAffinity"), old_affinity.get("nodeAffinity")
    if found != old_found:
        _node_affinity(errors, found, old_found)
        kept = dict(affinity)
        _put(kept, "nodeAffinity", old_found)
        _put(munged, "affinity", kept or before.get("affinity"))
    return munged


def _put(holder: dict, key: str, value: object) -> None:
    holder.pop(key, None)
    if value is not None:
        holder[key] = value


def _node_affinity(errors: Errors, new: dict | None, old: dict | None) -> None:
    required = _pod_scheduling.REQUIRED
    path = f"spec.affinity.nodeAffinity.{required}.nodeSelectorTerms"
    old_terms = (((old or {}).get(required) or {}).get("nodeSelectorTerms")) or []
    sent = ((new or {}).get(required) or {}).get("nodeSelectorTerms")
    new_terms = sent or []
    if not old_terms:
        return
    if len(new_terms) != len(old_terms):
        errors.append(fields.invalid(path, sent and [shown_term(term) for term in sent],
                                     "no additions/deletions to non-empty NodeSelectorTerms list are allowed"))
        return
    for index, (term, before) in enumerate(zip(new_terms, old_terms, strict=True)):
        if not _only_additions(term, before):
            errors.append(fields.invalid(f"{path}[{index}]", shown_term(term),
                                         "only additions are allowed (no mutations or deletions)"))


def _only_additions(term: dict, before: dict) -> bool:
    lists = [(term.get(name) or [], before.get(name) or []) for name in ("matchExpressions", "matchFields")]
    if not any(old for _, old in lists):
        return not any(new for new, _ in lists)
    return all(new[:len(old)] == old for new, old in lists)


def shown_term(term: dict) -> dict:
    """A node selector term as upstream prints it."""
    def shown(requirements: list[dict] | None) -> list[dict] | None:
        return [{"Key": entry.get("key", ""), "Operator": entry.get("operator", ""), "Values": entry.get("values")}
                for entry in requirements] if requirements is not None else None

    return {"MatchExpressions": shown(term.get("matchExpressions")), "MatchFields": shown(term.get("matchFields"))}


def validate_status(new: dict, old: dict) -> Errors:
    """A status may say nearly anything; ended containers stay ended, the QoS class stays."""
    errors: Errors = []
    status, before = new.get("status") or {}, old.get("status") or {}
    if "finalizers" in new["metadata"]:
        _rules.kube_finalizers(errors, new["metadata"])
    if new["metadata"].get("annotations") is not old["metadata"].get("annotations"):
        _annotations(errors, new, old)
    conditions = status.get("conditions") or ()
    if [found for found in conditions if found.get("type") not in CONDITION_TYPES or found.get("observedGeneration", 0) < 0]:
        _conditions(errors, conditions)
    if status.get("nominatedNodeName"):
        _nominated(errors, status, before, old["spec"])
    if status.get("observedGeneration", 0) < 0:
        errors.append(fields.invalid("status.observedGeneration", status["observedGeneration"],
                                     "must be a non-negative integer"))
    if status.get("qosClass", "") != before.get("qosClass", ""):
        errors.append(fields.invalid("status.qosClass", status.get("qosClass", ""), _rules.IMMUTABLE))
    return errors + validate_observed(status, before, old["spec"])


def validate_observed(status: dict, before: dict, spec: dict) -> Errors:
    """Of the same, what is about containers and addresses."""
    errors: Errors = []
    for name, containers in _CONTAINERS_OF.items():
        if before.get(name) and status.get(name) is not before[name]:
            _ended_stay_ended(errors, status.get(name) or (), before[name], spec, name, containers)
    if status.get("podIPs") != before.get("podIPs"):
        _ips(errors, status, before, "podIPs")
    if status.get("hostIPs") and (status["hostIPs"] != before.get("hostIPs") or status.get("hostIP") != before.get("hostIP")):
        _host_ips(errors, status, before)
    return errors


_CONTAINERS_OF = {"containerStatuses": "containers", "initContainerStatuses": "initContainers", "ephemeralContainerStatuses": ""}
OBSERVED = frozenset((*_CONTAINERS_OF, "podIP", "podIPs", "hostIP", "hostIPs"))
CONDITION_TYPES = frozenset((     # Kubernetes' own, whose names are sound
    "PodScheduled", "Ready", "Initialized", "ContainersReady", "PodReadyToStartContainers", "DisruptionTarget", "PodResizePending",
    "PodResizeInProgress"))


def _conditions(errors: Errors, conditions: list[dict]) -> None:
    for index, condition in enumerate(conditions):
        path = f"status.conditions[{index}]"
        if condition.get("observedGeneration", 0) < 0:
            errors.append(fields.invalid(f"{path}.observedGeneration", condition["observedGeneration"],
                                         "must be a non-negative integer"))
        kind = condition.get("type") or ""
        if kind not in CONDITION_TYPES:
            _rules.qualified(errors, f"{path}.Type", kind)


def _nominated(errors: Errors, status: dict, before: dict, spec: dict) -> None:
    name = status.get("nominatedNodeName") or ""
    if not name or name == before.get("nominatedNodeName"):
        return
    _rules.subdomain(errors, "status.nominatedNodeName", name)
    if spec.get("nodeName"):
        errors.append(fields.forbidden("status.nominatedNodeName",
                                       "may not be set on pods that are already bound to a node"))


def _ended_stay_ended(errors: Errors, new: list[dict], old: list[dict], spec: dict, name: str, containers: str) -> None:
    for index, before in enumerate(old):
        ended = (before.get("state") or {}).get("terminated")
        if ended is None:
            continue
        now = next((status for status in new if status.get("name") == before.get("name")), None)
        if now is None or (now.get("state") or {}).get("terminated") is not None:
            continue
        if containers and (_restarts_all(spec) or _may_restart(spec, containers, before.get("name"), ended.get("exitCode", 0))):
            continue
        errors.append(fields.forbidden(f"status.{name}[{index}].state", _NOT_BACK))


def _restarts_all(spec: dict) -> bool:
    return any(rule.get("action") == "RestartAllContainers" for name in ("initContainers", "containers")
               for container in spec.get(name) or () for rule in container.get("restartPolicyRules") or ())


def _may_restart(spec: dict, containers: str, name: str | None, exit_code: int) -> bool:
    container = next((found for found in spec.get(containers) or () if found.get("name") == name), None)
    return container is not None and should_restart(container, spec, exit_code)


def should_restart(container: dict, spec: dict, exit_code: int) -> bool:
    """A container that ended with this code is started again: its own rules and policy come before the Pod's.

    Source: pkg/api/v1/pod/util.go (ContainerShouldRestart).
    """
    own = container.get("restartPolicy")
    if own is not None:
        for rule in container.get("restartPolicyRules") or ():
            codes = rule.get("exitCodes") or {}
            if (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
                return True
    policy = own or spec.get("restartPolicy")
    return policy != "Never" and (policy != "OnFailure" or exit_code != 0)


def _ips(errors: Errors, status: dict, before: dict, field: str) -> None:
    found = [entry.get("ip", "") for entry in status.get(field) or ()]
    if len(found) == 1 and _addresses.is_plain(found[0]):
        return
    known = [entry.get("ip", "") for entry in before.get(field) or ()]
    for index, value in enumerate(found):
        _addresses.ip(errors, f"status.{field}[{index}]", value, known)
    families = [_addresses.family(value) for value in found]
    if len(found) > 1 and 0 in families:
        index = families.index(0)
        detail = f"failed to check for dual stack with error:invalid IP[{index}]: {found[index]}"
        errors.append(fields.FieldError("InternalError", f"status.{field}", None, detail))
    if len(found) > 1 and (len(found) > 2 or sorted(families) != [4, 6]):
        shown = [{"IP": value} for value in found]
        errors.append(fields.invalid(f"status.{field}", shown, _ONE_A_FAMILY))


def _host_ips(errors: Errors, status: dict, before: dict) -> None:
    first = status["hostIPs"][0].get("ip", "")
    if first != (status.get("hostIP") or ""):
        errors.append(fields.invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`"))
    if status["hostIPs"] != before.get("hostIPs"):
        _ips(errors, status, before, "hostIPs")


def validate_ephemeral(new: dict, old: dict) -> Errors:
    """/ephemeralcontainers: containers may be added, never changed or taken away."""
    errors: Errors = []
    _pod_validation.whole(errors, new, old)
    if _is_static(old):
        return [fields.forbidden("[]", "static pods do not support ephemeral containers")]
    found = {container.get("name"): container for container in new["spec"].get("ephemeralContainers") or ()}
    for before in old["spec"].get("ephemeralContainers") or ():
        name = before.get("name")
        if name not in found:
            errors.append(fields.forbidden("spec.ephemeralContainers",
                                           f'existing ephemeral containers "{name}" may not be removed\n'))
        elif found[name] != before:
            change = f'existing ephemeral containers "{name}" may not be changed\n{spec_diff(before, found[name])}'
            errors.append(fields.forbidden("spec.ephemeralContainers", change))
    return errors


def _is_static(pod: dict) -> bool:
    return _pod_annotations.MIRROR in (pod["metadata"].get("annotations") or {})


def validate_resize(new: dict, old: dict) -> Errors:
    """/resize: cpu and memory may change, neither may go, and the QoS class stays."""
    errors: Errors = []
    _pod_validation.whole(errors, new, old)
    if _is_static(old):
        return [fields.forbidden("[]", "static pods cannot be resized")]
    if (old["spec"].get("os") or {}).get("name") == "windows":
        return [fields.forbidden("[]", "windows pods cannot be resized")]
    qos = (old.get("status") or {}).get("qosClass") or _pod_resources.qos_class(old["spec"])
    if qos != _pod_resources.qos_class(new["spec"]):
        shown = (new.get("status") or {}).get("qosClass", "")
        errors.append(fields.invalid("spec", shown, "Pod QOS Class may not change as a result of resizing"))
    if not _node_can_resize(old):
        errors.append(fields.forbidden("spec", "Pod running on node without support for resize"))
    _resized_spec(errors, new["spec"], old["spec"])
    return errors


def _node_can_resize(pod: dict) -> bool:
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        if (status.get("state") or {}).get("running") is not None:
            return status.get("resources") is not None
    return True


def _resized_spec(errors: Errors, spec: dict, before: dict) -> None:
    changed = dict(spec)
    if spec.get("resources") or before.get("resources"):
        _pod_level(errors, changed, before)
    if not _same_order(errors, spec, before):
        return
    for name in ("initContainers", "containers"):
        for index, (container, kept) in enumerate(zip(spec.get(name) or (), before.get(name) or (), strict=True)):
            _not_removed(errors, container.get("resources") or {}, kept.get("resources") or {},
                         f"spec.{name}[{index}].resources")
    for name in ("containers", "initContainers"):
        if changed.get(name):
            changed[name] = _compared(errors, changed[name], before[name], name)
    if not errors and changed != before:
        errors.append(fields.forbidden("spec", _AMOUNTS_ALONE))


def _same_order(errors: Errors, spec: dict, before: dict) -> bool:
    known = len(errors)
    for name in ("containers", "initContainers"):
        new, old = spec.get(name) or (), before.get(name) or ()
        if len(new) != len(old):
            errors.append(fields.forbidden(f"spec.{name}", f"{name} may not be added or removed on resize"))
            continue
        errors += [fields.forbidden(f"spec.{name}[{index}].name", f"{name} may not be renamed or reordered on resize")
                   for index, kept in enumerate(old) if new[index].get("name") != kept.get("name")]
    return len(errors) == known


def _not_removed(errors: Errors, new: dict, old: dict, path: str) -> None:
    for field in ("requests", "limits"):
        if any(name not in (new.get(field) or {}) for name in old.get(field) or ()):
            errors.append(fields.forbidden(f"{path}.{field}", f"resource {field} cannot be removed"))


def _compared(errors: Errors, new: list[dict], old: list[dict], name: str) -> list[dict]:
    """The containers with the old cpu and memory; anything else that changed is said."""
    result = []
    for index, (container, kept) in enumerate(zip(new, old, strict=True)):
        mine, before = container.get("resources") or {}, kept.get("resources") or {}
        munged = {**container, "resources": _with_old_amounts(mine, before)}
        is_same = munged == {**kept, "resources": _with_old_amounts(before, before)}
        if not is_same and name == "containers":
            errors.append(fields.forbidden("spec", _AMOUNTS_ALONE))
        elif not is_same:
            errors.append(fields.forbidden(f"spec.{name}[{index}]",
                                           "only cpu and memory resources for init or sidecar containers are mutable"))
        if container != kept and name == "initContainers" and not _pod_resources.is_sidecar(container):
            errors += [fields.forbidden(f"spec.{name}[{index}]",
                                        "non-sidecar init containers with a resize policy of RestartContainer cannot be resized")
                       for policy in container.get("resizePolicy") or () if policy.get("restartPolicy") == "RestartContainer"]
        result.append(kept if is_same else munged)
    return result


def _with_old_amounts(new: dict, old: dict) -> dict:
    """Resources with the old cpu and memory, and without what is empty."""
    munged = {name: value for name, value in new.items() if value and name not in ("limits", "requests")}
    for field in ("limits", "requests"):
        rest = {name: value for name, value in (new.get(field) or {}).items() if name not in ("cpu", "memory")}
        rest |= {name: value for name, value in (old.get(field) or {}).items() if name in ("cpu", "memory")}
        if rest:
            munged[field] = rest
    return munged


def _pod_level(errors: Errors, changed: dict, before: dict) -> None:
    new, old = changed.get("resources"), before.get("resources")
    if old and not new:
        errors.append(fields.forbidden("spec.resources", "pod-level resources cannot be removed"))
        return
    for field in ("requests", "limits"):
        if any(name not in (new.get(field) or {}) for name in (old or {}).get(field) or ()):
            errors.append(fields.forbidden(f"spec.resources.{field}", f"pod-level resource {field} cannot be removed"))
    munged, kept = _with_old_amounts(new, old or {}), _with_old_amounts(old or {}, old or {})
    if munged != kept:
        errors.append(fields.forbidden("spec", "only cpu and memory resources are mutable at pod-level"))
    changed.pop("resources")
    if munged or old is not None:
        changed["resources"] = old if munged == kept else munged
