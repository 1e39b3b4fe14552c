"""A learner sees who decides: groups and rule at the gates, the admission plugin that refuses, and what nothing acts on."""

import pytest

from tests.e2e.learner import Sandbox, call, visit

STRICT = """\
apiVersion: v1
kind: Namespace
metadata: {name: strict, labels: {pod-security.kubernetes.io/enforce: restricted}}
"""
PLAIN = """\
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: strict}
spec: {containers: [{name: app, image: "nginx/nginx:v1"}]}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: nobody-acts}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
"""
REFUSES = {"en": "PodSecurity, an admission plugin, refuses with 403 Forbidden", "zh": "PodSecurity 是准入插件，它拒绝请求，返回 403 Forbidden"}
MASTERS = {"en": "the group system:masters may do everything", "zh": "system:masters 组可以做任何事"}
GROUPS = {"en": "in groups system:masters, system:authenticated", "zh": "属于用户组 system:masters、system:authenticated"}
STORED = {"en": "Stored only here so far.", "zh": "目前在此仅存储。"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_gates_name_groups_rule_and_the_plugin_that_refuses(browser, server, language):
    with visit(browser, server, locale="zh-CN" if language == "zh" else "en-GB") as learner:
        learner.settled_with(STRICT)
        learner.write(PLAIN)
        learner.apply()
        rows = learner.steps(20)
        said = {row["kind"]: row["words"] for row in rows}
        assert GROUPS[language] in said["RequestAuthenticated"] and MASTERS[language] in said["RequestAuthorized"]
        refused = next(row["words"] for row in rows if row["kind"] == "RequestRefused" and "403" in row["words"])
        assert REFUSES[language] in refused and 'violates PodSecurity "restricted:latest"' in refused
        learner.settle()
        learner.settled_with(INGRESS)
        learner.until(f"document.querySelector('[data-stored-only]')?.innerText.includes('{STORED[language]}')")


def test_the_rule_that_lets_somebody_is_named_and_who_has_none_is_refused(browser, server):
    sandbox = Sandbox(server.url, rbac=True)
    reader = {"kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "ann-views"},
              "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
              "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}]}
    sandbox.get("/version")
    call(f"{sandbox._server}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", reader)
    sandbox.control("settle")
    with visit(browser, server, sandbox=sandbox) as learner:
        learner.page.evaluate("podlife.terminal?.focus()")
        learner.until("document.documentElement.dataset.terminal === 'ready'", 20_000)
        learner.page.evaluate("podlife.terminal.focus()")
        learner.page.keyboard.type("kubectl delete pod nothing --as ann")
        learner.page.keyboard.press("Enter")
        learner.until("podlife.terminal.text().includes('cannot delete') || podlife.terminal.text().includes('held')", 20_000)
        rows = learner.steps(20)
        refused = next(row["words"] for row in rows if row["kind"] == "RequestRefused")
        assert 'User "ann" cannot delete resource "pods" in API group "" in the namespace "default"' in refused
        learner.until("podlife.terminal.text().replaceAll('\\n', '').includes('Error from server (Forbidden): pods \"nothing\" is forbidden')")
