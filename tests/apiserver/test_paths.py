"""The fields in which two objects differ, as captions name them."""
from __future__ import annotations

import pytest

from cluster.apiserver.paths import changed


@pytest.mark.parametrize(("old", "new", "wanted"), [
    ({"a": 1}, {"a": 1}, []), ({"a": 1}, {"a": 2}, ["a"]), ({"a": 1}, {"b": 1}, ["b", "a"]), ({"a": None}, {}, []), ({}, {"a": None}, []),
    ({"spec": {"replicas": 1, "paused": True}}, {"spec": {"replicas": 2}}, ["spec.replicas", "spec.paused"]),
    ({"items": [{"a": 1}, {"a": 2}]}, {"items": [{"a": 1}, {"a": 3}]}, ["items[1].a"]), ({"items": [1]}, {"items": [1, 2]}, ["items"]),
    ({"a": {"b": 1}}, {"a": [1]}, ["a"]), ({"metadata": {"resourceVersion": "1", "managedFields": []}}, {"metadata": {"resourceVersion": "2"}}, []),
])  # fmt: skip
def test_what_differs_is_named_where_it_is(old, new, wanted):
    assert changed(old, new) == wanted


def test_no_more_are_named_than_asked_for():
    assert changed({"a": {}}, {"a": {str(number): number for number in range(9)}, "b": 1}, most=3) == ["a.0", "a.1", "a.2"]
