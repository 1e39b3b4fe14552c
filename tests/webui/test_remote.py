"""What is typed to the shell's commands, before a server is asked."""

import pytest

from cluster.worker.refusals import Refused
from cluster.worker.sandboxes import MAX_NODES, _check_nodes
from webui.remote import _node_names


@pytest.mark.parametrize(("typed", "names"), [
    ("a,b", ["a", "b"]), ("a,,b,", ["a", "b"]), ("3", ["k8snode1", "k8snode2", "k8snode3"]), ("0", []),
    ("000002", ["k8snode1", "k8snode2"]), ("node1", ["node1"]),
])  # fmt: skip
def test_nodes_are_named_or_counted(typed, names):
    assert _node_names(typed) == names


def test_a_thousand_nodes_are_let_through_and_more_are_refused_however_many_are_asked_for():
    _check_nodes(_node_names(str(MAX_NODES)))
    for typed in (str(MAX_NODES + 1), "9" * 60):
        with pytest.raises(Refused, match="at most 1000 nodes"):
            _check_nodes(_node_names(typed))
