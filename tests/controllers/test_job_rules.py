"""The pure rules of Jobs: intervals of indexes, back-off, policies, which Pods go first."""

from __future__ import annotations

import pytest

from cluster.controllers import _job_backoff, _job_intervals, _job_pods, _job_policy

NOW_MS = 1_767_258_100_000


def pod(**parts) -> dict:
    meta = {"name": "p", "namespace": "default", "uid": "u", "creationTimestamp": "2026-01-01T09:00:00Z", **parts.pop("metadata", {})}
    return {"metadata": meta, "spec": parts.pop("spec", {}), "status": parts.pop("status", {})}


def ended(code: int = 1, at: str = "2026-01-01T09:01:00Z", name: str = "c") -> dict:
    return {"name": name, "state": {"terminated": {"exitCode": code, "finishedAt": at}}}


@pytest.mark.parametrize(("text", "completions", "intervals"), [
    ("", 5, []), ("0", 5, [(0, 0)]), ("0,1,3-5", 9, [(0, 1), (3, 5)]), ("0-7", 5, [(0, 4)]), ("6", 5, []),
    ("1,x,3", 5, [(1, 1), (3, 3)]), ("2-x,4", 9, [(4, 4)]),
])
def test_indexes_are_read_as_upstream_reads_them(text, completions, intervals):
    assert _job_intervals.parse(text, completions) == intervals


@pytest.mark.parametrize(("indexes", "text"), [([], ""), ([3], "3"), ([1, 2], "1,2"), ([1, 2, 3, 5, 7, 8], "1-3,5,7,8")])
def test_indexes_are_written_with_commas_for_two_and_dashes_for_more(indexes, text):
    assert _job_intervals.text(_job_intervals.with_indexes([], indexes)) == text


def test_the_lowest_missing_indexes_come_first():
    assert _job_intervals.first_missing([(0, 1), (4, 4)], 3, 10) == [2, 3, 5]
    assert _job_intervals.first_missing([(0, 8)], 3, 10) == [9]
    assert _job_intervals.first_missing([], 0, 10) == []


def test_overlap_counts_what_both_cover():
    assert _job_intervals.overlap([(0, 3), (5, 9)], [(2, 6)]) == 4
    assert _job_intervals.overlap([(0, 1)], [(3, 4)]) == 0


@pytest.mark.parametrize(("failures", "wait_ms"), [(0, 0), (1, 10_000), (2, 20_000), (6, 320_000), (7, 600_000), (400, 600_000)])
def test_the_wait_doubles_from_ten_seconds_to_ten_minutes(failures, wait_ms):
    assert _job_backoff.remaining_ms([failures, NOW_MS], NOW_MS) == wait_ms


def test_a_success_after_the_last_failure_forgets_the_failures():
    failed = pod(status={"containerStatuses": [ended(at="2026-01-01T09:01:00Z")]})
    succeeded = pod(status={"containerStatuses": [ended(0, at="2026-01-01T09:02:00Z")]})
    later = pod(status={"containerStatuses": [ended(at="2026-01-01T09:03:00Z")]})
    assert _job_backoff.next_record([3, NOW_MS], [succeeded], [failed]) == [0, None]
    assert _job_backoff.next_record([3, NOW_MS], [succeeded], [failed, later])[0] == 1
    assert _job_backoff.next_record([3, NOW_MS], [], [failed])[0] == 4
    assert _job_backoff.next_record([3, NOW_MS], [], []) == [3, NOW_MS]


@pytest.mark.parametrize(("given", "at"), [
    (pod(status={"containerStatuses": [ended(at="2026-01-01T09:01:00Z"), ended(at="2026-01-01T09:02:00Z")]}), 120),
    (pod(status={"containerStatuses": [{"name": "c", "state": {"running": {}}}],
                 "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T09:00:30Z"}]}), 30),
    (pod(metadata={"deletionTimestamp": "2026-01-01T09:00:50Z", "deletionGracePeriodSeconds": 30}), 20),
    (pod(), 0),
])
def test_when_a_pod_ended_is_told_by_the_best_that_is_known(given, at):
    assert _job_backoff.finished_ms(given) == 1_767_258_000_000 + at * 1000


def rule(action, operator, *values, name=None):
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values), **({"containerName": name} if name else {})}}


@pytest.mark.parametrize(("rules", "action", "counts"), [
    ([rule("Ignore", "In", 1)], "Ignore", False),
    ([rule("Ignore", "NotIn", 1)], "", True),
    ([rule("Ignore", "NotIn", 2), rule("FailJob", "In", 1)], "Ignore", False),
    ([rule("Count", "In", 1), rule("Ignore", "In", 1)], "Count", True),
    ([rule("FailIndex", "In", 1)], "FailIndex", True),
    ([rule("Ignore", "In", 1, name="other")], "", True),
])
def test_the_first_rule_that_matches_decides(rules, action, counts):
    match = _job_policy.match_failure({"rules": rules}, pod(status={"containerStatuses": [ended(1)]}))
    assert (match.action, match.counts, match.message) == (action, counts, "")


def test_a_pod_condition_fails_the_job_in_upstreams_words():
    policy = {"rules": [{"action": "FailJob", "onPodConditions": [{"type": "ConfigIssue", "status": "True"}]}]}
    match = _job_policy.match_failure(policy, pod(status={"conditions": [{"type": "ConfigIssue", "status": "True"}]}))
    assert match.message == "Pod default/p has condition ConfigIssue matching FailJob rule at index 0"


def test_repeated_and_impossible_indexes_are_removed_first():
    def of(name, index, phase="Running"):
        return pod(metadata={"name": name, "annotations": {_job_pods.INDEX: index}}, status={"phase": phase})

    pods = [of("a", "0"), of("b", "0", "Pending"), of("c", "9"), of("d", "1"), of("e", "x")]
    assert [each["metadata"]["name"] for each in _job_pods.for_removal(pods, 0, 5)] == ["c", "e", "b"]
    assert _job_pods.for_removal([of("a", "0"), of("d", "1")], 0, 5) == []


def test_a_long_name_leaves_room_for_the_index():
    job = {"metadata": {"name": "j" * 60, "namespace": "default", "uid": "u"}, "spec": {"template": {"spec": {"containers": []}}}}
    made = _job_pods.with_index(_job_pods.from_template(job), job, 12, {})
    assert made["metadata"]["generateName"] == "j" * 54 + "-12-"


@pytest.mark.parametrize(("rules", "succeeded", "message"), [
    ([], [(0, 4)], ""),
    ([{"succeededCount": 2}], [], ""),
    ([{"succeededCount": 2}], [(0, 0)], ""),
    ([{"succeededCount": 2}], [(0, 0), (3, 3)], "Matched rules at index 0"),
    ([{"succeededIndexes": "0-1"}], [(0, 0)], ""),
    ([{"succeededIndexes": "0-1"}], [(0, 2)], "Matched rules at index 0"),
    ([{"succeededIndexes": "0-3", "succeededCount": 2}], [(1, 1), (4, 4)], ""),
    ([{"succeededIndexes": "0-3", "succeededCount": 2}], [(1, 2)], "Matched rules at index 0"),
    ([{"succeededIndexes": "7"}, {"succeededCount": 1}], [(2, 2)], "Matched rules at index 1"),
    ([{"succeededIndexes": "9"}], [(0, 4)], ""),
])
def test_the_first_success_rule_that_is_met_is_named(rules, succeeded, message):
    """Source: pkg/controller/job/success_policy.go, success_policy_test.go (a Job of five completions)."""
    assert _job_policy.match_success({"rules": rules}, 5, succeeded) == message


def test_without_a_success_policy_no_rule_is_met():
    assert _job_policy.match_success(None, 5, [(0, 4)]) == ""
