"""Leaves every verdict of a scheduling cycle in the trace: which nodes were filtered, how scored, which chosen."""

from __future__ import annotations

from .cycle import Decision, Scores
from .nodes import Verdict

FEW_NODES = 8  # up to here each node is a fact of its own; beyond, one table


def trace(actor, subject: str, decision: Decision) -> None:
    """Trace one decision, in the order in which it was made."""
    if not actor.engine.trace.on:
        return
    if decision.before is not None:
        rejection = decision.before.rejection
        actor.trace("PodRejected", subject, plugin=decision.before.plugin, reason=", ".join(rejection.reasons))
        return
    _trace_filters(actor, subject, [_filtered(verdict) for verdict in decision.verdicts])
    _trace_scores(actor, subject, _scored(decision.scores))
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


def _trace_filters(actor, subject: str, rows: list[dict]) -> None:
    if len(rows) > FEW_NODES:
        passed = sum(row["passed"] for row in rows)
        verdict = f"✓ {passed}" + (f" · ✖ {len(rows) - passed}" if passed < len(rows) else "")
        actor.trace("NodeFiltered", subject, rows=rows, node=f"{len(rows)} nodes", verdict=verdict)
        return
    for row in rows:
        actor.trace("NodeFiltered", subject, **row)


def _trace_scores(actor, subject: str, rows: list[dict]) -> None:
    if len(rows) > FEW_NODES:
        best = max(row["total"] for row in rows)
        actor.trace("NodeScored", subject, rows=rows, node=f"{len(rows)} nodes", total=f"≤ {best}")
        return
    for row in rows:
        actor.trace("NodeScored", subject, **row)


def _filtered(verdict: Verdict) -> dict:
    """One node's row; `verdict` is the same in every language."""
    reason = ", ".join(verdict.rejection.reasons) if verdict.rejection else ""
    words = f"✖ {verdict.plugin}: {reason}" if verdict.rejection else "✓"
    return {
        "node": verdict.node,
        "passed": verdict.rejection is None,
        "plugin": verdict.plugin,
        "reason": reason,
        "verdict": words,
    }


def _scored(scores: Scores) -> list[dict]:
    rows = zip(scores.nodes, scores.totals, strict=True)
    return [{"node": node, "total": total, "scores": scores.of(index)} for index, (node, total) in enumerate(rows)]
