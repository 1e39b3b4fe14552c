"""A sandbox made with a KubeSchedulerConfiguration: kept as plain data, it makes the same profiles whenever its cluster is made anew."""
from __future__ import annotations

import msgspec
import pytest

from cluster.worker import sandboxes
from cluster.worker.refusals import Refused
from cluster.worker.simulation import Settings, Simulation

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TEXT = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {qps: 50.5}
profiles:
- {schedulerName: default-scheduler, percentageOfNodesToScore: null}
- schedulerName: packer
  percentageOfNodesToScore: 50
  pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]
"""


def test_what_a_sandbox_keeps_makes_the_same_profiles():
    row = sandboxes.create("packed", nodes=["a"], scheduler_config=TEXT)
    row.refresh_from_db()
    assert row.settings["scheduler_config"]["clientConnection"] == {"qps": 50.5}
    profiles = Simulation(msgspec.convert(row.settings, Settings)).scheduler.profiles
    assert list(profiles) == ["default-scheduler", "packer"] and profiles["packer"].percent == 50
    assert next(plugin.strategy.kind for plugin in profiles["packer"].scoring if plugin.name == "NodeResourcesFit") == "MostAllocated"


@pytest.mark.parametrize(("text", "words"), [
    ("a: 1\na: 2", 'line 2: key "a" already set in map'), ("[]", "couldn't decode"), ("{}", "Object 'Kind' is missing"),
    (TEXT.replace("50", "101"), "not in valid range [0-100]"),
])
def test_a_configuration_with_which_the_scheduler_would_not_start_makes_no_sandbox(text, words):
    with pytest.raises(Refused) as refusal:
        sandboxes.create("packed", scheduler_config=text)
    assert words in refusal.value.texts["en"] and refusal.value.texts["zh"].startswith("kube-scheduler 无法以此配置启动：")
    assert sandboxes.find("packed") is None
