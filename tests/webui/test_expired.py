"""What is older than the log, over HTTP: a watch ends in an error event, a list that goes on is told how it may. After a restart the log is new."""
from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.servers import Server
from tests.webui.conftest import Api

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A server that was restarted, the address of a sandbox on it, and a list of its ConfigMaps that was begun before."""
    data = tmp_path_factory.mktemp("data")
    with Server(data) as server:
        api = Api(server)
        name = api.sandbox("expired", nodes=[])
        path = "/k8s/" + re.search(r"/k8s/([^\s\"]+)", api.ask("GET", f"/api/sandboxes/{name}/kubeconfig")[1])[1]
        for letter in "abc":
            assert api.ask("POST", f"{path}{MAPS}", {"metadata": {"name": letter}})[0] == 201
        begun = api.ask("GET", f"{path}{MAPS}?limit=1")[1]
        assert api.ask("POST", f"{path}{MAPS}", {"metadata": {"name": "d"}})[0] == 201
        api.control(name, "settle")
        api.control(name, "hold")
    with Server(data) as server:
        yield Api(server), path, begun["metadata"]


@pytest.mark.slow
def test_a_watch_from_before_the_log_ends_in_an_error_event(past):
    api, path, begun = past
    code, text = api.ask("GET", f"{path}{MAPS}?watch=1&timeoutSeconds=5&resourceVersion={begun['resourceVersion']}")
    [line] = [json.loads(each) for each in text.splitlines()] if isinstance(text, str) else [text]
    assert code == 200 and line["type"] == "ERROR"
    assert (line["object"]["code"], line["object"]["reason"], line["object"]["kind"]) == (410, "Expired", "Status")
    assert re.fullmatch(rf"too old resource version: {begun['resourceVersion']} \(\d+\)", line["object"]["message"])


@pytest.mark.slow
def test_an_expired_list_says_how_it_may_be_gone_on_with(past):
    api, path, begun = past
    code, refusal = api.ask("GET", f"{path}{MAPS}?limit=1&continue={quote(begun['continue'])}")
    assert (code, refusal["reason"]) == (410, "Expired")
    assert refusal["message"].startswith("The provided continue parameter is too old to display a consistent list result. You can start a new list "
                                         "without the continue parameter, or use the continue token in this response to retrieve the remainder")
    code, rest = api.ask("GET", f"{path}{MAPS}?continue={quote(refusal['metadata']['continue'])}")
    assert code == 200 and [item["metadata"]["name"] for item in rest["items"]] == ["b", "c", "d", "kube-root-ca.crt"]


@pytest.mark.slow
def test_an_exact_list_of_a_revision_before_the_log_is_refused(past):
    api, path, begun = past
    code, refusal = api.ask("GET", f"{path}{MAPS}?resourceVersionMatch=Exact&resourceVersion={begun['resourceVersion']}")
    assert (code, refusal["reason"], refusal["message"]) == (410, "Expired", "The resourceVersion for the provided list is too old.")
