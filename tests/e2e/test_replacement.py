"""A Pod of a ReplicaSet is deleted, by each of the page's ways: its replacement comes first, and is another Pod."""

import json

import pytest

from tests.e2e.learner import Learner, visit
from webui.examples import NGINX

ROWS = """async () => {
  const { rows } = await (await fetch(`/api/sandboxes/${podlife.state().sandbox}/history?before=1000000000&limit=2000`)).json();
  return rows.map(({ seq, step, kind, actor, subject, cause }) => ({ seq, step, kind, actor, subject, cause }));
}"""


def by_inspector(learner: Learner, subject: str) -> None:
    learner.select(subject)
    learner.act('[data-act="delete-object"]')


def by_table(learner: Learner, subject: str) -> None:
    learner.page.keyboard.press("t")
    row = learner.page.locator("table.objects tr", has_text=subject.rpartition("/")[2])
    row.locator('[data-act="delete-row"]').click()
    learner.under_way()
    learner.page.keyboard.press("t")


def by_keyboard(learner: Learner, subject: str) -> None:
    """Tab into the stage's grid, walk to the Pod with the arrow keys, press Delete."""
    learner.page.locator('.grid [tabindex="0"]').focus()
    for _ in range(8):
        learner.page.keyboard.press("ArrowDown")
    for _ in range(20):
        name = subject.rpartition("/")[2]
        if name[-5:] in (learner.page.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
            break
        learner.page.keyboard.press("ArrowRight")
    learner.page.keyboard.press("Delete")
    learner.under_way()


@pytest.mark.parametrize("delete", [by_inspector, by_table, by_keyboard])
def test_the_replacement_is_made_before_the_old_pod_is_gone(browser, server, delete):
    with visit(browser, server) as learner:
        learner.settled_with(NGINX)
        before = learner.objects("pods")
        old = max(before, key=lambda subject: before[subject]["node"])
        delete(learner, old)
        learner.settle()
        after = learner.objects("pods")
        (new,) = after.keys() - before.keys()
        assert old not in after and len(after) == 2
        assert (after[new]["uid"], after[new]["ip"]) != (before[old]["uid"], before[old]["ip"])
        assert after[new]["ip"] not in {each["ip"] for each in before.values()}
        assert_order(learner.page.evaluate(ROWS), old, new)
        assert_why(learner, new)


def assert_order(rows: list[dict], old: str, new: str) -> None:
    """The ReplicaSet controller's POST is stored while the old Pod's object is still there."""
    written = next(row for row in rows if row["kind"] == "KeyWritten" and row["subject"] == new)
    gone = next(row for row in rows if row["kind"] == "KeyDeleted" and row["subject"] == old)
    assert written["seq"] < gone["seq"]
    by_seq = {row["seq"]: row for row in rows}
    actors, seq = [], written["cause"]
    while seq in by_seq:
        actors.append(by_seq[seq]["actor"])
        seq = by_seq[seq]["cause"]
    assert "replicaset-controller" in actors
    assert actors[-1] == "kubectl"


def assert_why(learner: Learner, new: str) -> None:
    """The Why tab leads from the new Pod back to the learner's own act."""
    created = learner.page.evaluate(
        f"async () => (await ({ROWS})()).find((row) => row.kind === 'KeyWritten' && row.subject === {json.dumps(new)}).seq"
    )
    chain = learner.sandbox.object_at(new, created)["why"]
    assert chain[-1]["kind"] == "UserActed" and "kubectl delete" in chain[-1]["text"]["en"]
    learner.select(new)
    text = learner.tab("why")
    assert "You run: kubectl delete" in text
