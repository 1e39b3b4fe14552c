"""What may become of a Job's status. A rule looks at a part of it when that part has changed.

Source: pkg/registry/batch/job/strategy.go (getStatusValidationOptions), pkg/apis/batch/validation/validation.go
(validateJobStatus, ValidateJobStatusUpdate).
"""
from __future__ import annotations

from cluster.kinds import _job_spec, _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields

_COUNTS = ("active", "succeeded", "failed", "ready", "terminating")
TERMINAL = ("Failed", "Complete", "FailureTarget")


def is_true(job: dict, kind: str, wanted: str = "True") -> bool:
    """A condition of the Job is True (or another wanted status)."""
    return any(condition.get("type") == kind and condition.get("status") == wanted
               for condition in (job.get("status") or {}).get("conditions") or ())


def is_finished(job: dict) -> bool:
    """It is Complete or Failed."""
    return is_true(job, "Complete") or is_true(job, "Failed")


class _Changes:
    """A status beside the one it replaces."""

    def __init__(self, new: dict, old: dict):
        self.new, self.old = new, old
        self.status, self.before = new.get("status") or {}, old.get("status") or {}

    def of(self, *names: str) -> bool:
        """Whether one of some fields has changed."""
        return any((self.status.get(name) or None) != (self.before.get(name) or None) for name in names)

    def turned(self, *kinds: str) -> bool:
        """Whether one of some conditions became True or ceased to be so."""
        return any(is_true(self.new, kind) != is_true(self.old, kind) for kind in kinds)

    @property
    def finished(self) -> bool:
        return is_finished(self.new) != is_finished(self.old)


def validate(new: dict, old: dict) -> Errors:
    """The complaints about a new status."""
    errors: Errors = []
    changes = _Changes(new, old)
    _rules.kube_finalizers(errors, new["metadata"])
    for field in _COUNTS:
        _rules.not_negative(errors, f"status.{field}", changes.status.get(field))
    _uncounted(errors, changes.status)
    _conditions(errors, changes)
    _times(errors, changes)
    _targets(errors, changes)
    _finished(errors, changes)
    _indexes(errors, changes)
    _rest(errors, changes)
    _against_old(errors, changes)
    return errors


def _uncounted(errors: Errors, status: dict) -> None:
    seen: list[str] = []
    for field in ("succeeded", "failed"):
        for index, uid in enumerate((status.get("uncountedTerminatedPods") or {}).get(field) or ()):
            path = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.append(fields.invalid(path, uid, "must not be empty"))
            elif uid in seen:
                errors.append(fields.duplicate(path, uid))
            else:
                seen.append(uid)


def _wrong(errors: Errors, why: str) -> None:
    errors.append(fields.invalid("status.conditions", fields.OMIT, why))


def _conditions(errors: Errors, changes: _Changes) -> None:
    complete = is_true(changes.new, "Complete")
    if changes.turned("Complete", "Failed") and complete and is_true(changes.new, "Failed"):
        _wrong(errors, "cannot set Complete=True and Failed=true conditions")
    if changes.turned("Complete", "FailureTarget") and complete and is_true(changes.new, "FailureTarget"):
        _wrong(errors, "cannot set Complete=True and FailureTarget=true conditions")


def _times(errors: Errors, changes: _Changes) -> None:
    status, complete = changes.status, is_true(changes.new, "Complete")
    start, end = status.get("startTime"), status.get("completionTime")
    if changes.turned("Complete") or changes.of("completionTime"):
        if end and not complete:
            errors.append(fields.invalid("status.completionTime", end,
                                         "cannot set completionTime when there is no Complete=True condition"))
        if not end and complete:
            errors.append(fields.required("status.completionTime", "completionTime is required for Complete jobs"))
    if changes.of("startTime", "completionTime") and start and end and end < start:
        errors.append(fields.invalid("status.completionTime", end, "must be equal to or after `startTime`"))


def _targets(errors: Errors, changes: _Changes) -> None:
    new = changes.new
    if (changes.turned("Failed") or _failed_indexes_changed(changes)) and is_true(new, "Failed") and not is_true(new, "FailureTarget"):
        _wrong(errors, "cannot set Failed=True condition without the FailureTarget=true condition")
    if changes.turned("Complete", "SuccessCriteriaMet") and is_true(new, "Complete") and not is_true(new, "SuccessCriteriaMet"):
        _wrong(errors, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")


def _failed_indexes_changed(changes: _Changes) -> bool:
    return changes.status.get("failedIndexes") != changes.before.get("failedIndexes")


def _finished(errors: Errors, changes: _Changes) -> None:
    status, spec = changes.status, changes.new["spec"]
    if not is_finished(changes.new):
        return
    if (changes.finished or changes.of("active")) and (status.get("active") or 0) > 0:
        errors.append(fields.invalid("status.active", status["active"], "active>0 is invalid for finished job"))
    never_ran = spec.get("suspend") is True and spec.get("completions") == 0
    if (changes.finished or changes.of("startTime")) and not never_ran and not status.get("startTime"):
        errors.append(fields.required("status.startTime", "startTime is required for finished job"))
    uncounted = status.get("uncountedTerminatedPods") or {}
    if (changes.finished or changes.of("uncountedTerminatedPods")) and (uncounted.get("failed") or uncounted.get("succeeded")):
        shown = {"Succeeded": uncounted.get("succeeded"), "Failed": uncounted.get("failed")}
        errors.append(fields.invalid("status.uncountedTerminatedPods", shown, "must be empty for finished job"))


def _indexes(errors: Errors, changes: _Changes) -> None:
    status, spec = changes.status, changes.new["spec"]
    completions, failed, completed = spec.get("completions"), status.get("failedIndexes"), status.get("completedIndexes") or ""
    completed_changed, failed_changed = changes.of("completedIndexes"), _failed_indexes_changed(changes)
    per_index = spec.get("backoffLimitPerIndex") is not None
    if completed_changed and completions is not None:
        _list_of_indexes(errors, "completedIndexes", completed, completions)
    if failed_changed and completions is not None and per_index and failed is not None:
        _list_of_indexes(errors, "failedIndexes", failed, completions)
    if completed_changed and completed and not _job_spec.is_indexed(spec):
        errors.append(fields.invalid("status.completedIndexes", completed,
                                     "cannot set non-empty completedIndexes when non-indexed completion mode"))
    if failed_changed and failed is not None and not per_index:
        errors.append(fields.invalid("status.failedIndexes", failed,
                                     "cannot set non-null failedIndexes when backoffLimitPerIndex is null"))
    if (completed_changed or failed_changed) and completions is not None and failed is not None:
        shared = _job_spec.overlap(completed, failed, completions)
        if shared is not None:
            errors.append(fields.invalid("status.failedIndexes", failed,
                                         f"failedIndexes and completedIndexes overlap at index: {shared}"))


def _list_of_indexes(errors: Errors, field: str, text: str, completions: int) -> None:
    try:
        _job_spec.indexes_total(text, completions)
    except ValueError as error:
        errors.append(fields.invalid(f"status.{field}", text, f"error parsing {field}: {error}"))


def _rest(errors: Errors, changes: _Changes) -> None:
    status, new = changes.status, changes.new
    terminating, ready = status.get("terminating") or 0, status.get("ready")
    if (changes.finished or changes.of("terminating")) and terminating > 0 and is_finished(new):
        errors.append(fields.invalid("status.terminating", terminating, "terminating>0 is invalid for finished job"))
    if changes.of("ready", "active") and ready is not None and ready > (status.get("active") or 0):
        errors.append(fields.invalid("status.ready", ready, "cannot set more ready pods than active"))
    met = is_true(new, "SuccessCriteriaMet")
    if met and is_true(new, "Failed"):
        _wrong(errors, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if met and is_true(new, "FailureTarget"):
        _wrong(errors, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if new["spec"].get("successPolicy") is not None and not met and is_true(new, "Complete"):
        _wrong(errors, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")


def _against_old(errors: Errors, changes: _Changes) -> None:
    new, old, spec = changes.new, changes.old, changes.new["spec"]
    for kind in TERMINAL:
        if is_true(old, kind) and not is_true(new, kind):
            _wrong(errors, f"cannot disable the terminal {kind}=True condition")
    resizable = _job_spec.is_indexed(spec) and spec.get("completions") == spec.get("parallelism")
    for field in ("failed",) if resizable else ("failed", "succeeded"):
        if (changes.status.get(field) or 0) < (changes.before.get(field) or 0):
            errors.append(fields.invalid(f"status.{field}", changes.status.get(field) or 0, f"cannot decrease the {field} counter"))
    _fixed_times(errors, changes)
    if is_true(old, "SuccessCriteriaMet") and not is_true(new, "SuccessCriteriaMet"):
        _wrong(errors, "cannot disable the SuccessCriteriaMet=True condition")
    if is_true(old, "Complete") and not is_true(old, "SuccessCriteriaMet") and is_true(new, "SuccessCriteriaMet"):
        _wrong(errors, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")


def _fixed_times(errors: Errors, changes: _Changes) -> None:
    status, before = changes.status, changes.before
    end, start = status.get("completionTime"), status.get("startTime")
    if end and before.get("completionTime") and end != before["completionTime"]:
        errors.append(fields.invalid("status.completionTime", end, "field is immutable"))
    resumes = is_true(changes.old, "Suspended") and is_true(changes.new, "Suspended", "False")
    if before.get("startTime") and start != before["startTime"] and not changes.new["spec"].get("suspend") and not resumes:
        errors.append(fields.invalid("status.startTime", start, "field is immutable for unsuspended job once set"))
