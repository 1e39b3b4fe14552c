"""CronJob: a Job that is made again and again, by a schedule."""
from __future__ import annotations

import re

from cluster.kinds import _cron, _job_spec, _pod_gates, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells, since
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels

CONCURRENCY = ("Allow", "Forbid", "Replace")
LONGEST_NAME = 52
_is_zone_part = re.compile(r"[A-Za-z.\-_0-9+]{1,14}\Z").match
_OUTSIDE_FIELD = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
_TWICE = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
_TZ_WARNING = ("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
               "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details")


def default(draft: dict) -> None:
    """Source: pkg/apis/batch/v1/defaults.go (SetDefaults_CronJob). The Job's own defaults come with each Job."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("schedule", "")
    template = spec["jobTemplate"] = spec.get("jobTemplate") or {}
    template.setdefault("metadata", {})
    job_spec = template["spec"] = template.get("spec") or {}
    _job_spec.default_parts(job_spec)
    for field, value in (("suspend", False), ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
        if spec.get(field) is None:
            spec[field] = value
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    if draft.get("status") is None:
        draft["status"] = {}


def _pod_spec(cron_job: dict) -> dict:
    return cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def prepare_create(draft: dict) -> None:
    """A new CronJob has no status."""
    draft["status"] = {}
    draft["metadata"]["generation"] = 1
    _pod_gates.drop_disabled(_pod_spec(draft))


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation.

    Source: pkg/registry/batch/cronjob/strategy.go.
    """
    draft["status"] = old.get("status", {})
    if draft["spec"] is not old["spec"]:
        _pod_gates.drop_disabled(_pod_spec(draft))
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(cron_job: dict) -> list[FieldError]:
    """A CronJob to be created; its name leaves room for the time that Jobs' names end in.

    Source: pkg/apis/batch/validation/validation.go (ValidateCronJobCreate).
    """
    errors: Errors = []
    name = cron_job["metadata"].get("name") or ""
    _spec(errors, cron_job["spec"], None)
    if len(name.encode()) > LONGEST_NAME:
        errors.append(fields.invalid("metadata.name", name, f"must be no more than {LONGEST_NAME} characters"))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create, with room for what is stored."""
    errors: Errors = []
    _spec(errors, new["spec"], old["spec"])
    return errors


def _spec(errors: Errors, spec: dict, old: dict | None) -> None:
    if not spec.get("schedule"):
        errors.append(fields.required("spec.schedule"))
    else:
        _schedule(errors, spec, old is not None and "TZ" in old.get("schedule", ""))
    _rules.not_negative(errors, "spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    zone = spec.get("timeZone")
    if zone is not None and (old is None or old.get("timeZone") != zone):
        _time_zone(errors, zone, "spec.timeZone")
    _rules.one_of_or_required(errors, "spec.concurrencyPolicy", spec.get("concurrencyPolicy"), CONCURRENCY)
    _job_template(errors, spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        _rules.not_negative(errors, f"spec.{field}", spec.get(field))


def _schedule(errors: Errors, spec: dict, may_hold_zone: bool) -> None:
    """Source: validateScheduleFormat."""
    schedule, path = spec["schedule"], "spec.schedule"
    try:
        _cron.parse(schedule)
    except _cron.CronError as error:
        errors.append(fields.invalid(path, schedule, str(error)))
    if "TZ" not in schedule:
        return
    if not may_hold_zone:
        errors.append(fields.invalid(path, schedule, _OUTSIDE_FIELD))
    elif spec.get("timeZone") is not None:
        errors.append(fields.invalid(path, schedule, _TWICE))


def _time_zone(errors: Errors, zone: str, path: str) -> None:
    """Source: validateTimeZone."""
    if not zone:
        errors.append(fields.invalid(path, zone, "timeZone must be nil or non-empty string"))
        return
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _is_zone_part(part):
            errors.append(fields.invalid(path, zone, f"unknown time zone {zone}"))
            return
    if zone.lower() == "local":
        errors.append(fields.invalid(path, zone, "timeZone must be an explicit time zone as defined in "
                                                 "https://www.iana.org/time-zones"))
    complaint = _cron.zone_complaint(zone)
    if complaint:
        errors.append(fields.invalid(path, zone, complaint))


def _job_template(errors: Errors, spec: dict, path: str) -> None:
    """Source: ValidateJobTemplateSpec."""
    _job_spec.validate(errors, spec, path)
    if spec.get("selector") is not None:
        errors.append(fields.invalid(f"{path}.selector", _workload.shown_selector(spec["selector"]),
                                     "`selector` will be auto-generated"))
    if spec.get("manualSelector"):
        errors.append(fields.not_supported(f"{path}.manualSelector", True, ("nil", "false")))


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about the name of a new CronJob, about the Job's spec when something changed, and about an old way to name a zone."""
    found = _workload.warn_name(new) if old is None else []
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        found += _job_spec.warnings(new["spec"]["jobTemplate"]["spec"], old and old["spec"]["jobTemplate"]["spec"],
                                    "spec.jobTemplate.spec")
    if old is not None and "TZ" in new["spec"]["schedule"]:
        found.append(_TZ_WARNING)
    return found


def cells(cron_job: dict, now_unix_ms: int) -> list:
    """As kubectl get cronjobs -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printCronJob).
    """
    spec, status = cron_job["spec"], cron_job.get("status") or {}
    last = since(status["lastScheduleTime"], now_unix_ms) if status.get("lastScheduleTime") else "<none>"
    suspend = "<unset>" if spec.get("suspend") is None else str(spec["suspend"])
    zone = "<none>" if spec.get("timeZone") is None else spec["timeZone"]
    return [cron_job["metadata"]["name"], spec["schedule"], zone, suspend, len(status.get("active") or ()), last,
            age(cron_job, now_unix_ms), *container_cells(_pod_spec(cron_job).get("containers")),
            labels.format_selector(spec["jobTemplate"]["spec"].get("selector"))]


COLUMNS = (
    NAME, column("Schedule", "batch.v1.CronJobSpec#schedule"), column("Timezone", "batch.v1.CronJobSpec#timeZone"),
    column("Suspend", "batch.v1.CronJobSpec#suspend", type="boolean"), column("Active", "batch.v1.CronJobStatus#active", type="integer"),
    column("Last Schedule", "batch.v1.CronJobStatus#lastScheduleTime"), AGE, CONTAINERS, IMAGES,
    column("Selector", "batch.v1.JobSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="CronJob", plural="cronjobs", singular="cronjob", group="batch", short_names=("cj",), categories=("all",),
    subresources=("status",), storage_version_hash="sd5LIXh4Fjs=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate_update, validate_status=lambda new, old: [], warn=warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="calendar-clock",
    title={"en": "A Job that is made again and again, by a schedule.", "zh": "按时间表反复创建的 Job。"},
)
