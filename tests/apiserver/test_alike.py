"""alike.py: what is alike shares a walk along the schema, and nothing else does."""
from __future__ import annotations

import pytest

from cluster.apiserver import managed
from cluster.apiserver.alike import likeness, tells

EVENT = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "namespace": "default"}, "involvedObject": {"kind": "Pod", "name": "a"},
         "reason": "Started", "message": "m", "count": 1, "eventTime": None}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "generateName": "web-", "labels": {"app": "web"}},
       "spec": {"containers": [{"name": "app", "image": "nginx"}]}}


def like(obj: dict):
    """An object's likeness, None where it does not say who owns what."""
    found = likeness(obj)
    return found if found is not None and tells(found, obj, managed.zero_object(managed.struct_of("v1", obj["kind"]))) else None


def test_events_with_other_words_are_alike():
    assert like(EVENT) == like({**EVENT, "metadata": {"name": "b"}, "involvedObject": {"kind": "Pod", "name": "b"}, "message": "n", "count": 7})


@pytest.mark.parametrize("change", [
    {"message": ""}, {"count": 0}, {"eventTime": "2026-01-01T00:00:00.000000Z"}, {"action": "x"}, {"involvedObject": {"kind": "Pod"}},
])
def test_events_with_other_fields_are_not(change):
    assert like(EVENT) is not None and like(EVENT) != like({**EVENT, **change})


def test_a_flat_object_with_labels_is_left_to_the_walk():
    assert like({**EVENT, "metadata": {"name": "a", "labels": {"app": "web"}}}) is None


def test_pods_of_one_template_are_alike_whatever_their_names():
    assert like(POD) == like({**POD, "metadata": {**POD["metadata"], "name": "b", "uid": "1"}})


def test_pods_of_two_templates_are_not():
    other = {"containers": [{"name": "sidecar", "image": "nginx"}]}
    assert like(POD) != like({**POD, "spec": other})
    assert like(POD) != like({**POD, "metadata": {**POD["metadata"], "labels": {"tier": "web"}}})


@pytest.mark.parametrize("obj", [EVENT, POD, {**EVENT, "message": ""}, {**EVENT, "involvedObject": {}}])
def test_what_is_kept_is_what_the_walk_says(obj):
    struct = managed.struct_of("v1", obj["kind"])
    walked = managed.compare(managed.zero_object(struct), obj, struct)
    assert managed.track_update(None, obj, "m", "t") == managed.track_update(None, obj, "m", "t")
    assert managed.track_update(None, obj, "m", "t")[0]["fieldsV1"] == walked[0]


def test_text_that_is_no_json_is_left_to_the_walk():
    assert like({**POD, "spec": {"nodeName": "\ud800"}}) is None
