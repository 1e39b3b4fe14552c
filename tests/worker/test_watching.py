"""Watches of HTTP clients: what comes first, what follows, bookmarks, and revisions that are gone."""
from __future__ import annotations

import json

import pytest

from cluster.worker import sandboxes

from .test_recovery import POD, Worker

pytestmark = pytest.mark.django_db


class Watch:
    """One watch of Pods through the Host, with the lines that it was sent."""

    def __init__(self, worker: Worker, query: str, path: str = "/api/v1/namespaces/default/pods"):
        self.answers: list[dict] = []
        token = sandboxes.find("one").token
        worker.host.handle({"do": "kube", "token": token, "method": "GET", "path": path, "query": "watch=1&" + query, "headers": {}, "body": b""},
                           self.answers.append)
        self.head = self.answers[0]

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for answer in self.answers[1:] for line in answer.get("line", b"").splitlines()]

    @property
    def seen(self) -> list[tuple[str, str]]:
        return [(line["type"], line["object"]["metadata"].get("name", "")) for line in self.lines]

    @property
    def has_ended(self) -> bool:
        return self.answers[-1].get("end", False)


@pytest.fixture
def worker():
    sandboxes.create("one", seed=7)
    made = Worker()
    made.ask("control", sandbox="one", action="pacing", value="clock")
    made.ask("control", sandbox="one", action="run")
    made.apply("one")
    made.play(8)
    return made


def revision(worker: Worker) -> int:
    return worker.host.runners["one"].simulation.store.revision


def delete(worker: Worker) -> None:
    worker.ask("kubectl", sandbox="one", command={"action": "delete", "resource": "pods", "namespace": "default", "name": "web"})
    worker.play(40)


def test_a_watch_without_a_revision_begins_with_what_is_there(worker):
    watch = Watch(worker, "")
    assert watch.head["status"] == 200 and watch.seen == [("ADDED", "web")]
    delete(worker)
    assert watch.seen[-1] == ("DELETED", "web") and {kind for kind, _ in watch.seen[1:-1]} == {"MODIFIED"}


def test_a_watch_from_a_revision_hears_only_what_came_after_it(worker):
    now = revision(worker)
    delete(worker)
    watch = Watch(worker, f"resourceVersion={now}")
    worker.play(0.1)
    assert watch.seen[0] == ("MODIFIED", "web") and watch.seen[-1] == ("DELETED", "web")
    revisions = [int(line["object"]["metadata"]["resourceVersion"]) for line in watch.lines]
    assert revisions == sorted(set(revisions)) and revisions[0] > now


def test_initial_events_end_with_their_bookmark(worker):
    watch = Watch(worker, "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan")
    assert watch.seen == [("ADDED", "web"), ("BOOKMARK", "")]
    mark = watch.lines[-1]["object"]
    assert mark["kind"] == "Pod" and mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(mark["metadata"]["resourceVersion"]) == revision(worker)


def test_a_revision_that_is_compacted_ends_in_an_error_event(worker):
    worker.host.runners["one"].simulation.store.compact(20)
    watch = Watch(worker, "resourceVersion=5")
    [line] = watch.lines
    assert watch.head["status"] == 200 and watch.has_ended
    assert line["type"] == "ERROR" and line["object"]["code"] == 410 and line["object"]["reason"] == "Expired"
    assert line["object"]["message"] == "too old resource version: 5 (20)"


def test_after_a_restart_an_old_revision_is_gone(worker):
    now = revision(worker)
    worker.play(30)
    assert revision(worker) > now
    runner = worker.host.runners["one"]
    runner.engine.settle()  # at rest, so that closing keeps a snapshot: the log before it is not loaded again
    runner.collect()
    runner.close()
    worker.host.drop("one")
    watch = Watch(worker, f"resourceVersion={now}")
    assert watch.lines[0]["object"]["code"] == 410


@pytest.mark.parametrize(("query", "words"), [("labelSelector=a%3Db", []), ("labelSelector=!a", ["web"]),
                                              ("fieldSelector=metadata.name%3Dweb", ["web"]),
                                              ("fieldSelector=spec.nodeName%3Dnowhere", [])])
def test_selectors_choose(worker, query, words):
    assert [name for _, name in Watch(worker, query).seen] == words


def test_a_bad_selector_is_refused_as_a_plain_answer(worker):
    watch = Watch(worker, "labelSelector=a%3D%3D%3Db")
    assert watch.head["status"] == 400 and b"Status" in watch.head["body"]


def test_a_watch_that_was_ended_hears_nothing_more(worker):
    watch = Watch(worker, "")
    worker.ask("unwatch", sandbox="one", watch=watch.head["watch"])
    delete(worker)
    assert watch.seen == [("ADDED", "web")] and not worker.host.runners["one"].watches


def test_a_stream_of_the_same_number_takes_no_watch_along(worker):
    watch = Watch(worker, "")
    worker.ask("stream_input", sandbox="one", stream=watch.head["watch"], gone=True)
    delete(worker)
    assert watch.seen[-1] == ("DELETED", "web")


def test_a_bookmark_carries_the_present_revision(worker):
    watch = Watch(worker, "allowWatchBookmarks=true")
    delete(worker)
    worker.ask("bookmark", sandbox="one", watch=watch.head["watch"])
    *before, line = watch.lines
    assert before[-1]["type"] == "DELETED" and line["type"] == "BOOKMARK"
    assert int(line["object"]["metadata"]["resourceVersion"]) == revision(worker)
    assert worker.ask("bookmark", sandbox="one", watch=999) == {"ok": True}


def test_a_reset_ends_watches(worker):
    watch = Watch(worker, "")
    worker.ask("control", sandbox="one", action="reset")
    assert watch.has_ended


def test_the_end_of_a_watch_of_before_a_reset_leaves_later_ones_alone(worker):
    """Watches are numbered anew; a reader who is slow to notice the end says so with an old number."""
    before = Watch(worker, "").head
    worker.ask("control", sandbox="one", action="reset")
    later = Watch(worker, "").head
    assert later["watch"] == before["watch"] and later["run"] != before["run"]
    worker.ask("unwatch", sandbox="one", watch=before["watch"], run=before["run"])
    assert list(worker.host.runners["one"].watches) == [later["watch"]]
    worker.ask("unwatch", sandbox="one", watch=later["watch"], run=later["run"])
    assert not worker.host.runners["one"].watches


def test_the_news_of_a_turn_come_in_one_message(worker):
    watch = Watch(worker, "")
    worker.host.runners["one"].settle()
    worker.ask("kubectl", sandbox="one", command={"action": "apply", "files": [{"name": "x", "text": POD % "two"}]})
    worker.ask("control", sandbox="one", action="settle")
    worker.play(1)
    assert len(watch.seen) > len(watch.answers)


def test_an_unknown_token_is_not_found(worker):
    answer = worker.ask("kube", token="wrong", method="GET", path="/api/v1/pods", query="", headers={}, body=b"")
    assert answer["status"] == 404 and answer["body"] == b"404 page not found\n"


def test_what_many_watches_show_alike_is_encoded_once_a_turn(monkeypatch):
    from cluster.meta.requests import Request
    from cluster.worker import watching
    encoded = []
    monkeypatch.setattr(watching.http, "watch_event", lambda kind, obj, request, context: encoded.append(request.accept) or request.accept.encode())
    lines, pod = watching.Lines(), {"metadata": {"name": "web"}}
    plain, table = (Request(verb="watch", resource="pods", accept=accept) for accept in ("application/json", "application/json;as=Table;v=v1"))
    said = [lines.of("ADDED", pod, request, None) for request in (plain, plain, table, table)]
    assert said == [plain.accept.encode()] * 2 + [table.accept.encode()] * 2
    assert encoded == [plain.accept, table.accept, table.accept]
    lines.forget()
    lines.of("ADDED", pod, plain, None)
    assert len(encoded) == 4
