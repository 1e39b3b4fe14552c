"""An update of a Node is looked at where it changes something, and nothing that is wrong gets by."""
import pytest

from cluster.kinds import node as nodes
from cluster.meta.objects import draft, set_in

NODE = {
    "metadata": {"name": "n"},
    "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"], "taints": [{"key": "a", "effect": "NoSchedule"}]},
    "status": {"capacity": {"cpu": "4", "pods": "110"}, "allocatable": {"cpu": "4"}, "declaredFeatures": ["One", "Two"],
               "addresses": [{"type": "InternalIP", "address": "10.1.0.1"}]},
}
CHANGES = [
    (("metadata", "labels"), {"a": "b"}, 0),
    (("spec", "taints"), [{"key": "a", "effect": "Never"}], 2),
    (("spec", "podCIDRs"), ["10.0.0.0/24", "10.0.0.0/33"], 4),
    (("spec", "podCIDRs"), ["10.0.1.0/24"], 1),
    (("status", "capacity"), {"cpu": "-1"}, 2),
    (("status", "capacity"), {"pods": "1500m"}, 2),
    (("status", "declaredFeatures"), ["Two", "One"], 2),
    (("status", "addresses"), [{"type": "Hostname", "address": "n"}] * 2, 1),
]


@pytest.mark.parametrize(("path", "value", "wrong"), CHANGES)
def test_an_update_is_judged_the_same_whether_it_shares_parts_with_the_old_one_or_has_copies(path, value, wrong):
    shared = set_in(NODE, path, value)
    whole = [str(error) for error in nodes.validate_update(draft(shared), NODE)]
    assert [str(error) for error in nodes.validate_update(shared, NODE)] == whole
    assert len(whole) == wrong


def test_amounts_that_were_wrong_once_are_told_of_each_time():
    bad = set_in(NODE, ("status", "allocatable"), {"cpu": "-2"})
    told = [[(error.path, error.value) for error in nodes.validate(bad)] for _ in range(2)]
    assert told[0] == told[1] != []
