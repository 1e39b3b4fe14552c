"""What Deployment, ReplicaSet and the other workloads share: selectors, templates, replicas.

Source: pkg/apis/apps/validation/validation.go, k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go.
"""
from __future__ import annotations

from cluster.kinds import _pod_defaults, _pod_validation, _pod_warnings, _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, labels, names


def default(draft: dict) -> None:
    """The spec, its template, and the number of replicas."""
    default_template(draft)
    if draft["spec"].get("replicas") is None:
        draft["spec"]["replicas"] = 1


def default_template(draft: dict) -> None:
    """The spec and its template."""
    spec = draft["spec"] = draft.get("spec") or {}
    template = spec["template"] = spec.get("template") or {}
    _pod_defaults.template(template)


def replicas(workload: dict) -> int:
    """How many Pods are wanted."""
    wanted = workload["spec"].get("replicas")
    return 1 if wanted is None else wanted


def count(workload: dict, field: str) -> int:
    """A number of the status, 0 when it is not there: count(deployment, "readyReplicas")."""
    return (workload.get("status") or {}).get(field) or 0


def raise_generation(draft: dict, old: dict, *, with_annotations: bool = False) -> None:
    """One more when the spec changed (or, where asked, the annotations)."""
    generation = old["metadata"].get("generation", 0)
    changed = draft["spec"] is not old["spec"] and draft["spec"] != old["spec"]
    if with_annotations and not changed:
        changed = (draft["metadata"].get("annotations") or {}) != (old["metadata"].get("annotations") or {})
    if generation or changed:
        draft["metadata"]["generation"] = generation + 1 if changed else generation


def keep_spec_and_labels(draft: dict, old: dict) -> None:
    """What a status update leaves alone."""
    draft["spec"] = old["spec"]
    draft["metadata"].pop("labels", None)
    if old["metadata"].get("labels"):
        draft["metadata"]["labels"] = old["metadata"]["labels"]


def condition(workload: dict, kind: str) -> dict | None:
    """The condition of a type, or None."""
    for found in (workload.get("status") or {}).get("conditions") or ():
        if found.get("type") == kind:
            return found
    return None


def selector_and_template(errors: Errors, spec: dict, old: dict | None = None) -> None:
    """The selector, and a template that it chooses. old: the stored spec; what has not changed is valid.

    Source: ValidateDeploymentSpec and ValidateReplicaSetSpec, which agree here.
    """
    selector = spec.get("selector")
    if old is not None and spec["template"] == old["template"] and selector == old.get("selector"):
        return
    if selector is None:
        errors.append(fields.required("spec.selector"))
    else:
        errors += labels.validate_label_selector(selector, "spec.selector")
        if not (selector.get("matchLabels") or selector.get("matchExpressions")):
            errors.append(fields.invalid("spec.selector", shown_selector(selector),
                                         "empty selector is invalid for deployment"))
    try:
        compiled = labels.from_object(selector)
    except labels.SelectorError:
        errors.append(fields.invalid("spec.selector", shown_selector(selector), "invalid label selector"))
    else:
        _template(errors, spec["template"], compiled)


def has_invalid_values(selector: dict | None) -> bool:
    """It names values that no label can have; what is stored so may stay so.

    Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go (LabelSelectorHasInvalidLabelValue).
    """
    entries = (selector or {}).get("matchExpressions") or ()
    return any(names.label_value(value) for entry in entries for value in entry.get("values") or ())


def shown_selector(selector: dict | None) -> dict | None:
    """A selector as messages show it: fields in the order of the Go struct, labels sorted."""
    if selector is None:
        return None
    shown: dict = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        shown["matchExpressions"] = [_shown_requirement(entry) for entry in selector["matchExpressions"]]
    return shown


def _shown_requirement(entry: dict) -> dict:
    shown = {"key": entry.get("key", ""), "operator": entry.get("operator", "")}
    return {**shown, "values": entry["values"]} if entry.get("values") else shown


def _template(errors: Errors, template: dict, selector: labels.Selector) -> None:
    if not selector.empty:
        labels_selected(errors, template, selector)
    _pod_validation.template(errors, template, "spec.template")
    restarts_always(errors, template["spec"], "ReplicaSet")


def labels_selected(errors: Errors, template: dict, selector: labels.Selector) -> None:
    """The selector chooses the template's labels."""
    found = (template.get("metadata") or {}).get("labels")
    if not selector.matches(found):
        shown = found if found is None else dict(sorted(found.items()))
        errors.append(fields.invalid("spec.template.metadata.labels", shown,
                                     "`selector` does not match template `labels`"))


def template_selected(errors: Errors, spec: dict) -> None:
    """The spec's selector, if it can be read, chooses its template's labels."""
    try:
        selector = labels.from_object(spec.get("selector"))
    except labels.SelectorError:
        return
    labels_selected(errors, spec["template"], selector)


def restarts_always(errors: Errors, pod_spec: dict, kind: str) -> None:
    """A template's Pods are to run for ever."""
    if pod_spec.get("restartPolicy") != "Always":
        errors.append(fields.not_supported("spec.template.spec.restartPolicy", pod_spec.get("restartPolicy", ""),
                                           ("Always",)))
    if pod_spec.get("activeDeadlineSeconds") is not None:
        errors.append(fields.forbidden("spec.template.spec.activeDeadlineSeconds",
                                       f"activeDeadlineSeconds in {kind} is not Supported"))


def selector_fixed(errors: Errors, new: dict, old: dict) -> None:
    """A selector never changes."""
    selector, before = new["spec"].get("selector"), old["spec"].get("selector")
    if selector != before:
        errors.append(fields.invalid("spec.selector", shown_selector(selector), _rules.IMMUTABLE))


def counts(errors: Errors, status: dict, names_of_counts: tuple[str, ...], *, within_replicas: tuple[str, ...]) -> None:
    """Counts of a status: none negative, none above the whole, available ones among the ready ones."""
    for field in names_of_counts:
        _rules.not_negative(errors, f"status.{field}", status.get(field))
    for field in within_replicas:
        value = status.get(field) or 0
        if value > (status.get("replicas") or 0):
            errors.append(fields.invalid(f"status.{field}", value, "cannot be greater than status.replicas"))
    available = status.get("availableReplicas") or 0
    if available > (status.get("readyReplicas") or 0):
        errors.append(fields.invalid("status.availableReplicas", available, "cannot be greater than readyReplicas"))


def warn_name(workload: dict) -> list[str]:
    """A name that makes no good host name."""
    complaints = names.dns1123_label(workload["metadata"].get("name") or "")
    if not complaints:
        return []
    return ["metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(complaints)}]"]


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about name and template; after a create only when the spec changed."""
    if old is None:
        return warn_name(new) + _pod_warnings.template(new["spec"]["template"], None, "spec.template")
    if new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return _pod_warnings.template(new["spec"]["template"], old["spec"]["template"], "spec.template")
