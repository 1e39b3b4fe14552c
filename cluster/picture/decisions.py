"""A scheduling decision as the page shows it: filters and scores by node; of many nodes those that matter, the others are counted."""
from __future__ import annotations

from collections import Counter
from typing import Any

MOST_NODES = 12   # as many as stand on the stage at once
SHOWN = 8         # beyond, so many have columns: the best, and for each of some filters one that it rejected
MOST_REJECTED = 3
MOST_REASONS = 5


class Deciding:
    """One decision while it is made: what was told of it, and the cells that tell of it."""

    def __init__(self, pod: str, seq: int):
        self.pod, self.seq = pod, seq
        self.plugins: tuple[str, ...] = ()
        self.filtered: dict[str, dict] = {}   # node → its row: passed, plugin, reason
        self.scored: dict[str, dict] = {}     # node → its row: total, scores
        self.chosen: str | None = None
        self.remarks: list[dict] = []

    def cell(self) -> dict[str, Any]:
        nodes = self._shown()
        totals = {node: self.scored[node]["total"] for node in nodes if node in self.scored}
        return {"pod": self.pod, "seq": self.seq, "filters": self._filters(nodes), "scores": self._scores(list(totals)), "totals": totals,
                "chosen": self.chosen, "notes": [*self._rejections(), *self._others(nodes), *self.remarks]}

    def stamps(self) -> dict[str, Any]:
        """What stands on the nodes themselves."""
        best = max((row["total"] for row in self.scored.values()), default=None)
        return {"pod": self.pod, "nodes": {node: self._stamp(node, best) for node in self._shown()}}

    def _stamp(self, node: str, best: int | None) -> dict:
        row, score = self._row(node), self.scored.get(node, {}).get("total")
        text = both("passes every filter", "通过所有过滤") if row["passed"] else both(row["plugin"], row["plugin"])
        is_best = node == self.chosen if self.chosen else score is not None and score == best
        return {"ok": row["passed"], "text": text, "score": score, "best": is_best}

    def _known(self) -> list[str]:
        return [*self.filtered, *(node for node in self.scored if node not in self.filtered)]

    def _row(self, node: str) -> dict:
        """What the filters said of a node; who is scored has passed them, told or not."""
        return self.filtered.get(node) or {"node": node, "passed": True, "plugin": "", "reason": ""}

    def _shown(self) -> list[str]:
        """All nodes; of many the chosen one, the best, and some that were rejected, each by another filter."""
        if len(known := self._known()) <= MOST_NODES:
            return known
        rejecting: dict[str, str] = {}
        for node, row in self.filtered.items():
            if not row["passed"]:
                rejecting.setdefault(row["plugin"], node)
        rejected = list(rejecting.values())[:MOST_REJECTED]
        ranked = sorted(self.scored.values(), key=lambda row: -row["total"]) or [row for row in self.filtered.values() if row["passed"]]
        first = [self.chosen] if self.chosen in self.filtered or self.chosen in self.scored else []
        passing = list(dict.fromkeys([*first, *(row["node"] for row in ranked[:SHOWN])]))[:SHOWN - len(rejected)]
        return [*passing, *rejected]

    def _filters(self, nodes: list[str]) -> list[dict]:
        rows = [self._row(node) for node in nodes]
        return [{"plugin": plugin, "verdicts": {row["node"]: verdict(row, plugin, self.plugins) for row in rows}} for plugin in self.plugins]

    def _scores(self, nodes: list[str]) -> list[dict]:
        tables: dict[str, dict] = {}
        for node in nodes:
            for plugin, (raw, normalised, weight, weighted) in self.scored[node]["scores"].items():
                table = tables.setdefault(plugin, {"plugin": plugin, "weight": weight, "values": {}, "parts": {}})
                table["values"][node] = weighted
                table["parts"][node] = [raw, normalised]
        return list(tables.values())

    def _rejections(self) -> list[dict]:
        """Why nodes were rejected: each by name, many by reason."""
        rejected = [row for row in self.filtered.values() if not row["passed"]]
        if len(self._known()) <= MOST_NODES:
            return [both(f"{row['node']}: {row['reason']}", f"{row['node']}：{row['reason']}") for row in rejected]
        reasons = Counter(row["reason"] for row in rejected).most_common(MOST_REASONS)
        return [both(f"{count} × {reason}", f"{count} × {reason}") for reason, count in reasons]

    def _others(self, nodes: list[str]) -> list[dict]:
        known = self._known()
        left = len(known) - len(nodes)
        if not left:
            return []
        passed = sum(1 for node in known if self._row(node)["passed"])
        return [both(f"{len(known)} nodes were looked at, {passed} passed every filter. {left} of them have no column here.",
                     f"共查看 {len(known)} 个节点，{passed} 个通过所有过滤；其中 {left} 个未在此列出。")]  # fmt: skip


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def verdict(row: dict, plugin: str, plugins: tuple[str, ...]) -> str:
    """What one filter said of a node: those before the failing one passed it, those after it were not asked."""
    if row["passed"]:
        return "pass"
    if row["plugin"] not in plugins:
        return "pass" if plugin != row["plugin"] else "fail"
    failing, mine = plugins.index(row["plugin"]), plugins.index(plugin)
    return "pass" if mine < failing else "fail" if mine == failing else "none"
