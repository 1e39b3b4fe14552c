"""Leaves every verdict of a scheduling cycle in the trace: which nodes were filtered, how scored, which chosen."""

from __future__ import annotations

from .cycle import Decision, Scores, Verdict

FEW_NODES = 8  # up to here each node is a fact of its own; beyond, one table


def trace(actor, subject: str, decision: Decision) -> None:
    """Trace one decision, in the order in which it was made."""
    if not actor.engine.trace.on:
        return
    if decision.before is not None:
        rejection = decision.before.rejection
        actor.trace("PodRejected", subject, plugin=decision.before.plugin, reason=", ".join(rejection.reasons))
        return
    _facts(actor, subject, "NodeFiltered", [_filtered(verdict) for verdict in decision.verdicts])
    _facts(actor, subject, "NodeScored", _scored(decision.scores))
    if decision.node:
        total = max(decision.scores.totals, default=0)
        actor.trace(
            "NodeChosen",
            subject,
            node=decision.node,
            total=total,
            ties=decision.ties,
            feasible=decision.feasible,
            evaluated=len(decision.verdicts),
        )


def _facts(actor, subject: str, kind: str, rows: list[dict]) -> None:
    if len(rows) > FEW_NODES:
        actor.trace(
            kind,
            subject,
            rows=rows,
            nodes=len(rows),
            node=f"{len(rows)} nodes",
            passed=True,
            plugin="",
            reason="",
            total=0,
        )
        return
    for row in rows:
        actor.trace(kind, subject, **row)


def _filtered(verdict: Verdict) -> dict:
    reason = ", ".join(verdict.rejection.reasons) if verdict.rejection else ""
    return {"node": verdict.node, "passed": verdict.rejection is None, "plugin": verdict.plugin, "reason": reason}


def _scored(scores: Scores) -> list[dict]:
    return [
        {"node": node, "total": total, "scores": scores.of(index)}
        for index, (node, total) in enumerate(zip(scores.nodes, scores.totals, strict=True))
    ]
