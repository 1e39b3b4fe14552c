"""ttl-controller: by how many Nodes there are, how long a kubelet may keep what it has read.

Source: pkg/controller/ttl/ttl_controller_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers.ttl import ANNOTATION, BOUNDARIES, step_for

from .rig import Rig


@pytest.mark.parametrize(("step", "nodes", "seconds"), [
    (0, 1, 0), (0, 100, 0), (0, 101, 15), (1, 100, 15), (1, 90, 15), (1, 92, 15), (1, 89, 0), (4, 1799, 60), (4, 9999, 300),
])  # fmt: skip
def test_a_size_is_left_only_beyond_its_bounds(step, nodes, seconds):
    """Source: TestDesiredTTL; nodes: after one came or went."""
    assert BOUNDARIES[step_for(step, nodes)][2] == seconds


@pytest.mark.parametrize(("has", "step", "patched"), [
    (None, 0, "0"), (None, 1, "15"), (None, 2, "30"), ("0", 3, "60"), ("60", 3, None), ("60", 2, "30"), ("060", 3, None), ("much", 0, "0"),
    ("+60", 3, None), ("9" * 5_000, 0, "0"),
])  # fmt: skip
def test_a_node_is_told_what_it_does_not_say_yet(has, step, patched):
    """Source: TestUpdateNodeIfNeeded, TestPatchNode."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "annotations": {ANNOTATION: has} if has else {}}, "spec": {}}
    rig = Rig({"controller": "ttl-controller", "now": "2026-01-01T09:00:00Z", "objects": [node]})
    rig.controller.state.step = step
    rig.look({"key": "n"})
    assert [each["body"]["metadata"]["annotations"][ANNOTATION] for each in rig.requests] == ([patched] if patched else [])
