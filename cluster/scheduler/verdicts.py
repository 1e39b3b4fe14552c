"""Leaves every verdict of a scheduling cycle in the trace: which nodes were filtered, how scored, which chosen."""

from __future__ import annotations

from .cycle import Decision
from .nodes import Verdict
from .scoring import Column, Scores

FEW_NODES = 8  # up to here each node is a fact of its own; beyond, one table


def trace(actor, subject: str, decision: Decision, filters: tuple[str, ...] | None = None) -> None:
    """Trace one decision, in the order in which it was made. filters: by name, where they are not the usual ones."""
    if not actor.engine.trace.on:
        return
    if decision.before is not None:
        rejection = decision.before.rejection
        actor.trace("PodRejected", subject, plugin=decision.before.plugin, reason=", ".join(rejection.reasons))
        return
    _trace_filters(actor, subject, decision.verdicts, {} if filters is None else {"filters": filters})
    _trace_scores(actor, subject, decision.scores)
    if decision.node:
        actor.trace(
            "NodeChosen",
            subject,
            node=decision.node,
            total=max(decision.scores.totals, default=0),
            ties=decision.ties,
            feasible=decision.feasible,
            evaluated=len(decision.verdicts),
        )


def _trace_filters(actor, subject: str, found: list[Verdict], more: dict) -> None:
    if len(found) <= FEW_NODES:
        for verdict in found:
            actor.trace("NodeFiltered", subject, **_filtered(verdict.node, *_said(verdict)), **more)
        return
    failed = {verdict.node: _said(verdict) for verdict in found if verdict.rejection is not None}
    words = f"✓ {len(found) - len(failed)}" + (f" · ✖ {len(failed)}" if failed else "")
    nodes = [verdict.node for verdict in found]
    actor.trace("NodeFiltered", subject, nodes=nodes, failed=failed, node=f"{len(found)} nodes", verdict=words, **more)


def _trace_scores(actor, subject: str, scores: Scores) -> None:
    if len(scores.nodes) <= FEW_NODES:
        for row in _scored(scores):
            actor.trace("NodeScored", subject, **row)
        return
    columns, count = [list(column) for column in scores.columns], f"{len(scores.nodes)} nodes"
    actor.trace("NodeScored", subject, nodes=scores.nodes, totals=scores.totals, columns=columns, node=count, total=f"≤ {max(scores.totals)}")


def _said(verdict: Verdict) -> tuple[str, str]:
    """(plugin, reason) of a rejection; empty where there is none."""
    return (verdict.plugin, ", ".join(verdict.rejection.reasons)) if verdict.rejection is not None else ("", "")


def _filtered(node: str, plugin: str = "", reason: str = "") -> dict:
    """One node's row; `verdict` is the same in every language."""
    return {"node": node, "passed": not plugin, "plugin": plugin, "reason": reason, "verdict": f"✖ {plugin}: {reason}" if plugin else "✓"}


def _scored(scores: Scores) -> list[dict]:
    rows = zip(scores.nodes, scores.totals, strict=True)
    return [{"node": node, "total": total, "scores": scores.of(index)} for index, (node, total) in enumerate(rows)]


# -- who reads the trace ----------------------------------------------------------------------------------------------


def filtered_rows(data: dict) -> list[dict]:
    """A row for each node that a fact about filters tells of; a table of many nodes is kept by column, which is a tenth of the work."""
    if "nodes" not in data:
        return data.get("rows") or [data]  # of one node; or of many, as tables once were kept
    return [_filtered(node, *data["failed"].get(node, ())) for node in data["nodes"]]


def scored_rows(data: dict) -> list[dict]:
    """The same of a fact about scores."""
    if "nodes" not in data:
        return data.get("rows") or [data]
    return _scored(Scores(data["nodes"], data["totals"], [Column(*column) for column in data["columns"]]))
