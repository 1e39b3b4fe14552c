"""What a settled cluster may still wait for."""

import pytest

from cluster.picture.awaited import AFTER_PLAN_MS, FROM_OFF_MS, awaited_ms, forecast

ON = {"off": False}
NODE = {"kubelet": ON, "containerd": ON, "cni": ON}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, 0),
        ({"components": {"etcd": ON}, "controllers": {"job-controller": ON}, "nodes": {"n": NODE}}, 0),
        ({"components": {"etcd": {"off": True}}}, FROM_OFF_MS),
        ({"controllers": {"job-controller": {"off": True}}}, FROM_OFF_MS),
        ({"nodes": {"n": {**NODE, "kubelet": {"off": True}}}}, FROM_OFF_MS),
        ({"plans": {"cronjobs/default/tick": {"next_ms": 61_000}}}, 60_000 + AFTER_PLAN_MS),
        ({"plans": {"cronjobs/default/tick": {"next_ms": 500}}}, 0),
        ({"plans": {"cronjobs/default/tick": {"next_ms": 3_601_000}}}, 0),
    ],
)
def test_what_is_off_or_planned_is_awaited(cells, expected):
    assert awaited_ms(cells, 1_000) == expected


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"components": {"etcd": ON}}, None),
        ({"components": {"etcd": {"off": True}}}, "what follows from what is switched off"),
        ({"plans": {"cronjobs/a/late": {"next_ms": 9_000}, "cronjobs/a/tick": {"next_ms": 5_000}}}, "CronJob tick is due"),
    ],
)
def test_it_is_said_what_is_awaited(cells, said):
    found = forecast(cells, 1_000)
    assert (found and found["caption"]["en"]) == said
