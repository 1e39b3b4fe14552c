"""`manage.py bench` finds its benchmarks and says what there is; how fast they are is nobody's test."""
from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from benchmarks import measure
from cluster.management.commands import bench


def test_every_file_with_a_run_is_a_benchmark():
    assert list(bench.found()) == ["api", "apiserver", "engine", "probes", "simulate", "size", "store", "worker"]


def test_an_unknown_benchmark_is_refused_with_the_names_of_those_there_are():
    with pytest.raises(CommandError, match=r"no benchmark 'simulat'; there are: api, apiserver, engine, probes, simulate"):
        call_command("bench", "simulat")


def test_a_figure_is_a_line_with_its_unit_and_goal(monkeypatch, capsys):
    figures = [measure.Figure("100 replicas, wall", 0.4321, "s", "< 0.5")]
    monkeypatch.setattr(bench.found()["simulate"], "run", lambda runs: figures)
    call_command("bench", "simulate")
    assert capsys.readouterr().out.split() == ["simulate", "100", "replicas,", "wall", "0.432", "s", "goal", "<", "0.5"]


def test_the_middle_of_several_runs_is_taken_of_each_clock_by_itself():
    spent = [measure.Spent(3, 1), measure.Spent(1, 2), measure.Spent(2, 3)]
    assert measure.middle(spent) == measure.Spent(2, 2)
