"""The short way of a heartbeat ends as the general way does."""
import json

import pytest

from cluster.apiserver import renewal, update
from tests.conformance.in_process import InProcess

LEASE = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
         "metadata": {"name": "n1", "namespace": "kube-node-lease", "ownerReferences": [
             {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u"}]},
         "spec": {"holderIdentity": "n1", "leaseDurationSeconds": 40, "renewTime": "2026-01-01T09:00:00.000000Z"}}  # fmt: skip
LATER = "2026-01-01T09:00:10.000000Z"


def ask(server, verb, body, manager="kubelet/v1.36.3"):
    return server.ask(verb, "leases", group="coordination.k8s.io", namespace="kube-node-lease", name="n1", body=body, user_agent=manager)


def with_spec(lease, **spec):
    return {**lease, "spec": {**lease["spec"], **spec}}


# what is sent, made of what was answered; who sends it; whether the short way is taken
SENT = {
    "a later time": (lambda lease: with_spec(lease, renewTime=LATER), "kubelet/v1.36.3", True),
    "the same time": (lambda lease: with_spec(lease), "kubelet/v1.36.3", False),
    "another holder": (lambda lease: with_spec(lease, renewTime=LATER, holderIdentity="n2"), "kubelet/v1.36.3", False),
    "one field more": (lambda lease: with_spec(lease, renewTime=LATER, leaseTransitions=1), "kubelet/v1.36.3", False),
    "one field less": (lambda lease: {**lease, "spec": {"holderIdentity": "n1", "renewTime": LATER}}, "kubelet/v1.36.3", False),
    "no time": (lambda lease: {**lease, "spec": {"holderIdentity": "n1", "leaseDurationSeconds": 40}}, "kubelet/v1.36.3", False),
    "a refusal": (lambda lease: with_spec(lease, renewTime=LATER, leaseDurationSeconds=0), "kubelet/v1.36.3", False),
    "another manager": (lambda lease: with_spec(lease, renewTime=LATER), "other/v1", False),
    "other metadata": (lambda lease: {**with_spec(lease, renewTime=LATER), "metadata": {**lease["metadata"], "labels": {"a": "b"}}},
                       "kubelet/v1.36.3", False),
    "an old version": (lambda lease: {**with_spec(lease, renewTime=LATER), "metadata": {**lease["metadata"], "resourceVersion": "1"}},
                       "kubelet/v1.36.3", False),
}  # fmt: skip


@pytest.mark.parametrize("case", SENT)
def test_what_comes_of_it_is_what_the_general_way_makes(case, monkeypatch):
    change, manager, is_short = SENT[case]
    outcomes, taken, act = [], [], renewal.renewed
    for is_general in (False, True):
        server = InProcess()
        lease = ask(server, "create", LEASE).body
        before = json.dumps(lease)
        server.now_ms = getattr(server, "now_ms", 0) + 10_000
        monkeypatch.setattr(update.renewal, "renewed", lambda call, general=is_general: taken.append(None if general else act(call)) or taken[-1])
        answers = [ask(server, "update", change(lease), manager)]
        if answers[0].ok:
            answers.append(ask(server, "update", with_spec(answers[0].body, renewTime="2026-01-01T09:00:20.000000Z"), manager))
        assert json.dumps(lease) == before
        outcomes.append(([(answer.code, answer.body) for answer in answers], server.events, server.store.revision))
    assert outcomes[0] == outcomes[1]
    assert (taken[0] is not None) == is_short
