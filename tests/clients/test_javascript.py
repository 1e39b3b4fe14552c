"""npm's @kubernetes/client-node against a real server: one run of its suite by Node, each of its tests told by its name."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from tests.clients import tools
from tests.servers import Server
from tests.webui.kubectl import Kubectl

pytestmark = pytest.mark.slow
WITHIN_S = 300
NAMES = [
    "the version is told",
    "objects are created, read, replaced, patched, listed and deleted",
    "refusals are exceptions with the server's Status",
    "a manifest is applied on the server, and owned",
    "a watch tells of what is added, modified and deleted",
    "an informer keeps a copy and tells of additions, updates and deletions",
    "an informer sees a Deployment's Pods come and go",
    "exec gives a command's output, its errors and its exit code",
    "exec hands standard input to the command",
    "exec of a Pod that is not there is refused",
    "attach follows the first process",
    "a log is read whole, in part, and followed to its end",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """{name of a test: what went wrong, "" if nothing}."""
    package = tools.needed(tools.package, "javascript")
    report = tmp_path_factory.mktemp("report") / "report.xml"
    with Server(tmp_path_factory.mktemp("data")) as server:
        kubectl = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        kubectl.control("speed", 8)
        kubectl.control("run")
        environment = {**package.environment(), "KUBECONFIG": kubectl.environment["KUBECONFIG"]}
        reporter = ["--test-reporter=junit", f"--test-reporter-destination={report}"]
        command = [*package.node.node, "--test", "--test-timeout=90000", *reporter, "suite.mjs"]
        done = subprocess.run(command, cwd=package.folder, env=environment, capture_output=True, text=True, timeout=WITHIN_S)
        assert report.exists(), done.stdout + done.stderr
        assert "Traceback" not in server.output, server.output
    return {case.get("name"): _failure(case) for case in ElementTree.parse(report).iter("testcase")}


def _failure(case: ElementTree.Element) -> str:
    found = case.find("failure")
    return "" if found is None else found.text or found.get("message") or "failed"


def test_every_test_of_the_suite_is_told_here(results):
    assert list(results) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_client_node(results, name):
    assert results.get(name, "it was not run") == ""
