"""SchedulingGates: a Pod with gates is not even queued until the last one is lifted.

Source: kubernetes pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go.
"""

from __future__ import annotations

from ..framework import Plugin


class SchedulingGates(Plugin):
    name, order = "SchedulingGates", 0
    hints = {"pod/gates": lambda pod, old, new: pod.uid == new.uid}


PLUGIN = SchedulingGates()
