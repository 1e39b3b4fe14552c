"""Jobs and CronJobs: defaults, generated selectors, what may change, and how they are shown."""
from __future__ import annotations

import pytest

from cluster.kinds import cronjob, job
from cluster.kinds._job_spec import indexes_total, overlap
from cluster.meta.objects import draft

from .objects import texts

POD = {"containers": [{"name": "app", "image": "busybox:1"}], "restartPolicy": "Never"}


def made(spec: dict | None = None, template: dict | None = None, **meta) -> dict:
    """A Job as the server stores it. template: its template's labels."""
    new = {"metadata": {"name": "w", "uid": "u-1", **meta},
           "spec": {"template": {"metadata": {"labels": template} if template else {}, "spec": draft(POD)}, **(spec or {})}}
    job.KIND.default(new)
    job.KIND.prepare_create(new)
    return new


def changed(old: dict, **spec) -> dict:
    new = draft(old)
    new["spec"].update(spec)
    return new


def test_a_job_gets_a_selector_of_its_own():
    new = made()
    assert new["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    assert new["spec"]["template"]["metadata"]["labels"] == {
        "job-name": "w", "batch.kubernetes.io/job-name": "w", "controller-uid": "u-1", "batch.kubernetes.io/controller-uid": "u-1"}
    assert texts(job.KIND.validate(new)) == []


def test_labels_of_the_template_are_the_jobs_too_unless_it_has_its_own():
    assert made(template={"a": "b"})["metadata"]["labels"]["controller-uid"] == "u-1"
    assert made(template={"a": "b"}, labels={"own": "x"})["metadata"]["labels"] == {"own": "x"}


def test_a_manual_selector_is_left_alone():
    new = made({"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}}, template={"a": "b"})
    assert new["spec"]["selector"] == {"matchLabels": {"a": "b"}} and texts(job.KIND.validate(new)) == []


@pytest.mark.parametrize(("spec", "field", "value"), [
    ({}, "completions", 1), ({"parallelism": 2}, "completions", None), ({}, "backoffLimit", 6), ({}, "completionMode", "NonIndexed"),
    ({"completionMode": "Indexed", "completions": 2, "backoffLimitPerIndex": 1}, "backoffLimit", 2**31 - 1),
    ({}, "podReplacementPolicy", "TerminatingOrFailed"), ({"podFailurePolicy": {"rules": []}}, "podReplacementPolicy", "Failed"),
])
def test_defaults(spec, field, value):
    assert made(spec)["spec"].get(field) == value


@pytest.mark.parametrize(("change", "refused"), [
    ({"parallelism": 3}, []), ({"suspend": True}, []), ({"completions": 2}, ["spec.completions: Invalid value: 2: field is immutable"]),
    ({"completionMode": "Indexed"}, ['spec.completionMode: Invalid value: "Indexed": field is immutable']),
])
def test_what_of_a_job_may_change(change, refused):
    old = made()
    assert texts(job.KIND.validate_update(changed(old, **change), old)) == refused


@pytest.mark.parametrize(("suspended", "field", "value", "is_taken"), [
    (False, "nodeSelector", {"a": "b"}, False), (True, "nodeSelector", {"a": "b"}, True), (True, "priorityClassName", "high", False),
])
def test_the_template_opens_while_a_job_is_suspended(suspended, field, value, is_taken):
    old = made({"suspend": suspended})
    new = draft(old)
    new["spec"]["template"]["spec"][field] = value
    assert (not job.KIND.validate_update(new, old)) == is_taken


@pytest.mark.parametrize(("text", "found"), [
    ("", 0), ("0", 1), ("0,2-4", 4), ("2,1", "non-increasing order, previous: 2, current: 1"), ("9", 'too large index: "9"'),
    ("1-2-3", 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''),
    ("x", 'cannot convert string to integer for index: "x"'),
])
def test_lists_of_indexes(text, found):
    try:
        assert indexes_total(text, 5) == found
    except ValueError as error:
        assert str(error) == found


def test_an_index_has_not_both_failed_and_succeeded():
    assert overlap("0-2", "2,4", 5) == 2 and overlap("0", "1", 5) is None and overlap("x,1", "1", 5) == 1


def conditions(*kinds: str) -> list[dict]:
    return [{"type": kind, "status": "True"} for kind in kinds]


@pytest.mark.parametrize(("before", "after", "refused"), [
    ({}, {"active": 1}, []), ({"failed": 2}, {"failed": 1}, ["status.failed: Invalid value: 1: cannot decrease the failed counter"]),
    ({}, {"ready": 1}, ["status.ready: Invalid value: 1: cannot set more ready pods than active"]),
    ({"conditions": conditions("FailureTarget")}, {}, ["status.conditions: Invalid value: cannot disable the terminal FailureTarget=True "
                                                       "condition"]),
    ({}, {"conditions": conditions("Complete")}, [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        "status.startTime: Required value: startTime is required for finished job"]),
])
def test_a_status_goes_one_way(before, after, refused):
    old = {**made(), "status": before}
    assert texts(job.KIND.validate_status({**old, "status": after}, old)) == refused


@pytest.mark.parametrize(("status", "shown"), [
    ({}, ["Running", "0/1", ""]), ({"succeeded": 1, "startTime": "1970-01-01T00:00:00Z", "completionTime": "1970-01-01T00:00:09Z",
                                    "conditions": conditions("Complete")}, ["Complete", "1/1", "9s"]),
    ({"startTime": "1970-01-01T00:00:00Z"}, ["Running", "0/1", "20s"]), ({"conditions": conditions("Suspended")}, ["Suspended", "0/1", ""]),
])
def test_kubectl_shows_how_far_a_job_is(status, shown):
    assert job.KIND.cells({**made(), "status": status}, 20_000)[1:4] == shown


def cron(**spec) -> dict:
    new = {"metadata": {"name": "c"}, "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": draft(POD)}}}, **spec}}
    cronjob.KIND.default(new)
    return new


@pytest.mark.parametrize(("spec", "refused"), [
    ({}, []), ({"schedule": ""}, ["spec.schedule: Required value"]), ({"timeZone": "Europe/Berlin"}, []),
    ({"schedule": "TZ=UTC * * * * *"}, ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use '
                                        "timeZone field instead"]),
    ({"timeZone": "Mars"}, ['spec.timeZone: Invalid value: "Mars": unknown time zone Mars']),
    ({"timeZone": "Local"}, ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in '
                             "https://www.iana.org/time-zones"]),
    ({"concurrencyPolicy": "X"}, ['spec.concurrencyPolicy: Unsupported value: "X": supported values: "Allow", "Forbid", "Replace"']),
])
def test_cron_jobs_are_checked(spec, refused):
    assert texts(cronjob.KIND.validate(cron(**spec))) == refused


def test_a_cron_jobs_name_leaves_room_for_its_jobs():
    new = cron()
    new["metadata"]["name"] = "x" * 53
    assert [error.detail for error in cronjob.KIND.validate(new)] == ["must be no more than 52 characters"]


def test_a_stored_schedule_with_a_zone_stays():
    old = cron(schedule="TZ=UTC * * * * *")
    assert texts(cronjob.KIND.validate_update(draft(old), old)) == []
    assert cronjob.KIND.warn(draft(old), old)[0].startswith("cannot use TZ or CRON_TZ in spec.spec.schedule")
