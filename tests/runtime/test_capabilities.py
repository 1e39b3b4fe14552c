"""Tables: what a container's securityContext comes to in capabilities. Source: containerd internal/cri/opts/spec_opts.go (WithCapabilities)."""

import pytest

from cluster.runtime import capabilities


@pytest.mark.parametrize(
    "context, held",
    [
        ({}, 0xA80425FB),
        ({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}, 0xAA0435FB),  # the figures of the documentation's task
        ({"capabilities": {"drop": ["ALL"]}}, 0),
        ({"capabilities": {"drop": ["all"], "add": ["NET_BIND_SERVICE"]}}, 1 << 10),
        ({"capabilities": {"add": ["ALL"], "drop": ["CHOWN"]}}, (1 << 41) - 2),
        ({"capabilities": {"add": ["CAP_NET_ADMIN", "WHAT"]}}, 0xA80425FB),  # a prefix makes it a name that nobody knows
        ({"privileged": True, "capabilities": {"drop": ["ALL"]}}, (1 << 41) - 1),
    ],
)
def test_what_is_added_and_dropped_comes_to_a_set(context, held):
    assert capabilities.of(context) == held


@pytest.mark.parametrize("user, in_force", [(0, "00000000a80425fb"), (1000, "0000000000000000")])
def test_only_root_has_its_capabilities_in_force(user, in_force):
    found = dict(capabilities.rows(capabilities.USUAL, user))
    assert found == {"CapInh": "0" * 16, "CapPrm": in_force, "CapEff": in_force, "CapBnd": "00000000a80425fb", "CapAmb": "0" * 16}
