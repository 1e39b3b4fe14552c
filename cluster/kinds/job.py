"""Job: Pods that are to end well, a number of times."""
from __future__ import annotations

from cluster.engine.clock import unix_ms
from cluster.kinds import _goshape, _job_spec, _job_status, _pod_gates, _portions, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells, human_duration
from cluster.kinds._job_spec import INDEXED, NON_INDEXED, is_indexed
from cluster.kinds._job_status import is_finished, is_true
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names

__all__ = ["INDEXED", "KIND", "NON_INDEXED", "is_finished", "is_indexed", "is_true"]

NAME_LABEL, UID_LABEL = "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"
OLD_NAME_LABEL, OLD_UID_LABEL = "job-name", "controller-uid"
MAX_INT32 = 2**31 - 1


def default(draft: dict) -> None:
    """Source: pkg/apis/batch/v1/defaults.go (SetDefaults_Job)."""
    spec = draft["spec"] = draft.get("spec") or {}
    _job_spec.default_parts(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    for field, value in (("parallelism", 1), ("backoffLimit", 6 if spec.get("backoffLimitPerIndex") is None else MAX_INT32),
                         ("completionMode", NON_INDEXED), ("suspend", False), ("manualSelector", False),
                         ("podReplacementPolicy", "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed")):
        if spec.get(field) is None:
            spec[field] = value
    found = (spec["template"].get("metadata") or {}).get("labels")
    if found and not draft["metadata"].get("labels"):
        draft["metadata"]["labels"] = found      # the very same map: generated labels show in both places, as upstream
    if draft.get("status") is None:
        draft["status"] = {}


def prepare_create(draft: dict) -> None:
    """A new Job has no status, and a selector made of its uid.

    Source: pkg/registry/batch/job/strategy.go (PrepareForCreate, generateSelector).
    """
    spec, meta = draft["spec"], draft["metadata"]
    if not spec.get("manualSelector"):
        _generate_selector(spec, meta)
        _show_labels(spec, meta)
    draft["status"] = {}
    meta["generation"] = 1
    _pod_gates.drop_disabled(spec["template"]["spec"])


def _generate_selector(spec: dict, meta: dict) -> None:
    template = spec["template"]["metadata"] = spec["template"].get("metadata") or {}
    found = template.get("labels")
    if found is None:
        found = template["labels"] = {}
    for keys, value in (((OLD_NAME_LABEL, NAME_LABEL), meta.get("name") or ""), ((OLD_UID_LABEL, UID_LABEL), meta["uid"])):
        for key in keys:
            found.setdefault(key, value)
    selector = spec["selector"] = spec.get("selector") or {}
    selector["matchLabels"] = {**(selector.get("matchLabels") or {})}
    selector["matchLabels"].setdefault(UID_LABEL, meta["uid"])


def _show_labels(spec: dict, meta: dict) -> None:
    """A Job without labels shows those of its template: upstream defaults it again whenever it is read from etcd.

    Labels that validation is about to refuse are left where they were made, so that it complains of them once.
    """
    if not meta.get("labels") and not names.label_value(meta.get("name") or ""):
        meta["labels"] = dict(spec["template"]["metadata"]["labels"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation."""
    draft["status"] = old.get("status", {})
    if draft["spec"] is not old["spec"]:
        _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(job: dict, old: dict | None = None) -> list[FieldError]:
    """A Job to be created, or, with `old`, what an update checks first.

    Source: pkg/apis/batch/validation/validation.go (ValidateJob).
    """
    errors: Errors = []
    meta, spec = job["metadata"], job["spec"]
    _generated_selector(errors, job, old)
    _spec(errors, spec, old and old["spec"])
    if is_indexed(spec) and (spec.get("completions") or 0) > 0:
        last = f"{meta.get('name', '')}-{spec['completions'] - 1}"
        if names.dns1123_label(last):
            errors.append(fields.invalid("metadata.name", meta.get("name", ""),
                                         f"will not able to create pod with invalid DNS label: {last}"))
    return errors


def _generated_selector(errors: Errors, job: dict, old: dict | None) -> None:
    """A generated selector matches the labels that come with it. Source: validateGeneratedSelector."""
    spec, meta = job["spec"], job["metadata"]
    if spec.get("manualSelector") or spec.get("selector") is None:
        return
    wanted = [(OLD_UID_LABEL, meta["uid"]), (OLD_NAME_LABEL, meta.get("name") or "")]
    before = {} if old is None else (old["spec"]["template"].get("metadata") or {}).get("labels") or {}
    if old is None or (NAME_LABEL in before and UID_LABEL in before):
        wanted += [(UID_LABEL, meta["uid"]), (NAME_LABEL, meta.get("name") or "")]
    found = (spec["template"].get("metadata") or {}).get("labels") or {}
    for key, value in wanted:
        _has_label(errors, found, key, value)
    try:
        matches = labels.from_object(spec["selector"]).matches(dict(wanted))
    except labels.SelectorError:
        return
    if not matches:
        errors.append(fields.invalid("spec.selector", _workload.shown_selector(spec["selector"]), "`selector` not auto-generated"))


def _has_label(errors: Errors, found: dict, key: str, value: str) -> None:
    """Source: pkg/apis/core/validation/validation.go (ValidateHasLabel)."""
    path = "spec.template.metadata.labels"
    if key not in found:
        errors.append(fields.required(f"{path}[{key}]", f"must be '{value}'"))
    elif found[key] != value:
        errors.append(fields.invalid(f"{path}[{key}]", dict(sorted(found.items())), f"must be '{value}'"))


def _spec(errors: Errors, spec: dict, old: dict | None) -> None:
    """Source: ValidateJobSpec."""
    selector = spec.get("selector")
    _job_spec.validate(errors, spec, "spec")
    if selector is None:
        errors.append(fields.required("spec.selector"))
    else:
        lenient = old is not None and _workload.has_invalid_values(old.get("selector"))
        errors += labels.validate_label_selector(selector, "spec.selector", allow_invalid_values=lenient)
    _workload.template_selected(errors, spec)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """What a Job must be, checked twice as upstream does, and what of it stays.

    Source: pkg/registry/batch/job/strategy.go (ValidateUpdate), ValidateJobSpecUpdate.
    """
    errors = validate(new, old)
    spec, before = new["spec"], old["spec"]
    _spec(errors, spec, before)
    _completions(errors, spec, before)
    if spec.get("selector") != before.get("selector"):
        errors.append(fields.invalid("spec.selector", _workload.shown_selector(spec.get("selector")), _rules.IMMUTABLE))
    _template_fixed(errors, spec, old)
    for field in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        if spec.get(field) != before.get(field):
            errors.append(fields.invalid(f"spec.{field}", _shown(field, spec.get(field)), _rules.IMMUTABLE))
    return errors


def _completions(errors: Errors, spec: dict, old: dict) -> None:
    """Source: validateCompletions."""
    now, before = spec.get("completions"), old.get("completions")
    if not is_indexed(spec):
        _portions.immutable(errors, "spec.completions", now, before)
    elif now != before and now is not None and now != spec.get("parallelism"):
        errors.append(fields.invalid("spec.completions", now, "can only be modified in tandem with spec.parallelism"))


def _template_fixed(errors: Errors, spec: dict, old: dict) -> None:
    """While a Job is suspended and has no Pods, its template may change where Pods are scheduled and what they ask for.

    Source: validatePodTemplateUpdate, pkg/registry/batch/job/strategy.go (shouldAllowMutablePodTemplate).
    """
    template, before = spec["template"], old["spec"]["template"]
    if template is before or template == before:
        return
    if not _is_open(old):
        errors.append(fields.invalid("spec.template", _shown("template", template), _rules.IMMUTABLE))
        return
    kept = dict(before["spec"])
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        _take(kept, field, template["spec"].get(field))
    _take(kept, "affinity", _affinity(template["spec"].get("affinity"), before["spec"].get("affinity")))
    for field in ("containers", "initContainers"):
        if kept.get(field):
            kept[field] = _with_resources(template["spec"].get(field) or [], kept[field])
    if kept != template["spec"]:
        errors.append(fields.invalid("spec.template.spec", _goshape.of("core.v1.PodSpec", template["spec"]), _rules.IMMUTABLE))


def _is_open(job: dict) -> bool:
    status = job.get("status") or {}
    rests = not status.get("startTime") or is_true(job, "Suspended")
    return bool(job["spec"].get("suspend")) and rests and not status.get("active")


def _take(holder: dict, field: str, value: object) -> None:
    holder.pop(field, None)
    if value is not None:
        holder[field] = value


def _affinity(new: dict | None, old: dict | None) -> dict | None:
    """The old affinity with the new one's part about nodes."""
    if new is None and old is None:
        return None
    kept = {key: value for key, value in (old or {}).items() if key != "nodeAffinity"}
    if new is None:
        return kept or None
    return {**kept, "nodeAffinity": new["nodeAffinity"]} if new.get("nodeAffinity") is not None else kept


def _with_resources(new: list[dict], old: list[dict]) -> list[dict]:
    if len(new) != len(old):
        return old
    return [{**kept, "resources": container.get("resources")} if container.get("name") == kept.get("name") else kept
            for container, kept in zip(new, old, strict=True)]


def _shown(field: str, value: object) -> object:
    return _goshape.of_field("batch.v1.JobSpec", field, value)


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about the name of a new Job, and about the spec when it changed."""
    if old is not None and new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    about_name = _workload.warn_name(new) if old is None else []
    return about_name + _job_spec.warnings(new["spec"], old and old["spec"], "spec")


def status_word(job: dict) -> str:
    """The STATUS cell."""
    for kind, word in (("Complete", "Complete"), ("Failed", "Failed"), ("", "Terminating"), ("Suspended", "Suspended"),
                       ("FailureTarget", "FailureTarget"), ("SuccessCriteriaMet", "SuccessCriteriaMet")):
        if is_true(job, kind) if kind else job["metadata"].get("deletionTimestamp"):
            return word
    return "Running"


def completions_cell(job: dict) -> str:
    """The COMPLETIONS cell."""
    spec, done = job["spec"], (job.get("status") or {}).get("succeeded") or 0
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _duration(job: dict, now_unix_ms: int) -> str:
    status = job.get("status") or {}
    if not status.get("startTime"):
        return ""
    end = unix_ms(status["completionTime"]) if status.get("completionTime") else now_unix_ms
    return human_duration(end - unix_ms(status["startTime"]))


def cells(job: dict, now_unix_ms: int) -> list:
    """As kubectl get jobs -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printJob).
    """
    spec = job["spec"]
    return [job["metadata"]["name"], status_word(job), completions_cell(job), _duration(job, now_unix_ms), age(job, now_unix_ms),
            *container_cells(spec["template"]["spec"].get("containers")), labels.format_selector(spec.get("selector"))]


COLUMNS = (
    NAME, column("Status", "Status of the job."), column("Completions", "batch.v1.JobStatus#succeeded"),
    column("Duration", "Time required to complete the job."), AGE, CONTAINERS, IMAGES,
    column("Selector", "batch.v1.JobSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="Job", plural="jobs", singular="job", group="batch", categories=("all",), subresources=("status",),
    storage_version_hash="mudhfqk/qZY=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate_update, validate_status=_job_status.validate, warn=warn,
    selectable={"status.successful": lambda job: str((job.get("status") or {}).get("succeeded") or 0)},
    reset_fields={"": ("status",), "status": ("spec",)}, orphans_dependents=True, icon="check-circle",
    title={"en": "Pods that are to end well, as many times as wanted.", "zh": "需要成功结束指定次数的 Pod。"},
)
