"""Who is asking, and whether they may."""
import pytest

from cluster.apiserver import authz, streams
from cluster.apiserver.authn import authenticate
from cluster.apiserver.authz import authorize
from cluster.meta.requests import Request
from cluster.meta.status import StatusError

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def give(server):
    """Let a subject have rules: in a namespace, or ("") in the cluster."""
    def bind(subject, *rules, namespace="", name="b"):
        meta = {"name": name, "uid": name, **({"namespace": namespace} if namespace else {})}
        kind, place = ("Role", f"{namespace}/") if namespace else ("ClusterRole", "")
        server.store.put(f"/registry/{kind.lower()}s/{place}{name}", {"kind": kind, "metadata": meta, "rules": list(rules)})
        server.store.put(f"/registry/{kind.lower()}bindings/{place}{name}", {
            "kind": f"{kind}Binding", "metadata": meta, "subjects": [subject], "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name}})
    return bind


@pytest.fixture
def asked(server):
    def ask(user, *groups, **parts):
        request = Request(**{"verb": "list", "resource": "pods", "namespace": "a", **parts}, user=user, groups=list(groups))
        return authorize(request, authenticate(request, server.context), server.context)
    return ask


def user(name):
    return {"kind": "User", "name": name}


def rule(verbs, resources, group="", **more):
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split(), **more}


@pytest.mark.parametrize("name, groups, verb, resource, said", [
    ("jane", ["system:masters"], "list", "pods", "system:masters"),
    ("system:node:n", ["system:nodes"], "list", "pods", "node authorizer"),
    ("system:kube-scheduler", [], "list", "pods", 'ClusterRoleBinding "system:kube-scheduler"'),
    ("system:serviceaccount:kube-system:replicaset-controller", [], "create", "pods", 'to ServiceAccount "replicaset-controller/kube-system"'),
])
def test_admins_and_components_may_by_the_roles_that_a_cluster_starts_with(asked, name, groups, verb, resource, said):
    assert said in asked(name, *groups, verb=verb, resource=resource)


def test_others_may_not(asked):
    with pytest.raises(StatusError) as refusal:
        asked("jane")
    assert refusal.value.message == 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "a"'


@pytest.mark.parametrize("granted, parts, may", [
    (rule("list", "pods"), {}, True),
    (rule("list", "pods"), {"verb": "get", "name": "p"}, False),
    (rule("*", "*"), {"verb": "delete", "name": "p"}, True),
    (rule("get", "pods"), {"verb": "get", "name": "p", "subresource": "log"}, False),
    (rule("get", "pods/log"), {"verb": "get", "name": "p", "subresource": "log"}, True),
    (rule("get", "*/log"), {"verb": "get", "name": "p", "subresource": "log"}, True),
    (rule("get", "pods", resourceNames=["p"]), {"verb": "get", "name": "p"}, True),
    (rule("get", "pods", resourceNames=["p"]), {"verb": "get", "name": "q"}, False),
    (rule("list", "pods", resourceNames=["p"]), {}, False),
    (rule("list", "pods", "apps"), {}, False),
    (rule("list", "deployments", "*"), {"resource": "deployments", "group": "apps"}, True),
    (rule("list", "pods"), {"namespace": "other"}, False),
    (rule("list", "pods"), {"namespace": ""}, False),
])
def test_a_role_lets_its_subjects_do_what_its_rules_say_in_its_namespace(asked, give, granted, parts, may):
    give(user("jane"), granted, namespace="a")
    if may:
        assert asked("jane", **parts) == 'RoleBinding "b/a" of Role "b" to User "jane"'
    else:
        with pytest.raises(StatusError):
            asked("jane", **parts)


@pytest.mark.parametrize("subject, name, groups", [
    ({"kind": "Group", "name": "dev"}, "jane", ["dev"]),
    ({"kind": "ServiceAccount", "name": "sa", "namespace": "b"}, "system:serviceaccount:b:sa", []),
    ({"kind": "Group", "name": "system:authenticated"}, "anybody", []),
])
def test_a_cluster_role_may_be_given_to_groups_and_service_accounts(asked, give, subject, name, groups):
    give(subject, rule("list", "pods"))
    assert asked(name, *groups, namespace="")


def test_a_role_that_is_taken_back_lets_nobody_through_any_more(asked, give, server):
    give(user("jane"), rule("list", "pods"), namespace="a")
    assert asked("jane")
    server.store.delete("/registry/rolebindings/a/b")
    with pytest.raises(StatusError):
        asked("jane")


def test_a_binding_without_its_role_is_said_in_the_refusal(asked, give, server):
    give(user("jane"), rule("get", "pods"), namespace="a")
    server.store.delete("/registry/roles/a/b")
    with pytest.raises(StatusError) as refusal:
        asked("jane")
    assert refusal.value.message.endswith(f'in the namespace "a": RBAC: role.{RBAC} "b" not found')


def test_a_subresource_is_named_in_the_refusal(asked):
    with pytest.raises(StatusError) as refusal:
        asked("jane", verb="get", name="p", subresource="log")
    assert 'cannot get resource "pods/log"' in refusal.value.message


def test_without_enforcement_everybody_with_credentials_may_but_who_is_impersonated_is_judged(asked, server):
    server.enforces_rbac = False
    assert "not enforced" in asked("system:serviceaccount:default:default")
    with pytest.raises(StatusError):
        asked("admin", "system:masters", options={"Impersonate-User": "jane"})


@pytest.mark.parametrize(("parts", "is_enforced", "is_told", "is_open"), [
    ({}, False, False, True), ({}, True, False, False), ({}, False, True, False), ({"path": "/api/v1/pods"}, False, False, False),
    ({"raw": b"{}"}, False, False, False), ({"options": {"Authorization": "Bearer x"}}, False, False, False),
    ({"options": {"Impersonate-User": "jane"}}, False, False, False),
])  # fmt: skip
def test_who_asks_is_looked_at_where_that_could_refuse_the_request_or_is_told(server, parts, is_enforced, is_told, is_open):
    server.enforces_rbac = is_enforced
    request = Request(verb="create", resource="pods", user="nobody", **parts)
    assert authz.is_open(request, server.context.enter(request, quiet=not is_told)) is is_open


def test_everybody_known_may_discover(asked):
    assert "system:discovery" in asked("jane", verb="raw", resource="", path="/apis/apps/v1", namespace="")
    with pytest.raises(StatusError):
        asked("system:anonymous", verb="raw", resource="", path="/apis", namespace="")
    assert asked("system:anonymous", verb="raw", resource="", path="/version", namespace="")


# -- impersonation and tokens -----------------------------------------------------------------------------------------


def test_impersonation_gives_up_ones_own_groups():
    options = {"Impersonate-User": "system:serviceaccount:a:b"}
    found = authenticate(Request(verb="list", user="admin", groups=["system:masters"], options=options))
    assert (found.user, found.behind) == ("system:serviceaccount:a:b", "admin")
    assert found.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")


def token_of(server, namespace="default", name="default", **spec):
    made = server.ask("create", "serviceaccounts", namespace=namespace, name=name, subresource="token", body={"spec": spec})
    return made.body["status"]["token"]


@pytest.mark.parametrize("words", ["Bearer {}", "bearer {} and more", "BEARER {} "])
def test_a_token_says_whose_it_is(http, server, words):
    headers = {"Authorization": words.format(token_of(server))}
    _, _, review = http("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, **headers)
    info = review["status"]["userInfo"]
    assert info["username"] == "system:serviceaccount:default:default"
    assert info["groups"] == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]


@pytest.mark.parametrize("spoil", [lambda token: "zzz", lambda token: token[:-1], lambda token: "a" + token, lambda token: token.replace(".", "", 1)])
def test_a_token_that_is_none_is_unauthorized(http, server, spoil):
    code, _, body = http("GET", "/api/v1/pods", Authorization=f"Bearer {spoil(token_of(server))}")
    assert (code, body["reason"], body["message"]) == (401, "Unauthorized", "Unauthorized")


def test_a_token_ends_with_its_time_and_with_its_account(http, server):
    headers = {"Authorization": f"Bearer {token_of(server, expirationSeconds=600)}"}
    assert http("GET", "/version", **headers)[0] == 200
    server.now_ms += 700_000
    assert http("GET", "/version", **headers)[0] == 401
    headers = {"Authorization": f"Bearer {token_of(server)}"}
    server.ask("delete", "serviceaccounts", namespace="default", name="default")
    assert http("GET", "/version", **headers)[0] == 401


def test_a_service_account_impersonates_only_whom_it_may(http, server, give):
    headers = {"Authorization": f"Bearer {token_of(server)}", "Impersonate_User": "jane", "Impersonate_Group": "dev"}
    code, _, body = http("GET", "/version", **headers)
    assert (code, body["message"]) == (403, 'users "jane" is forbidden: User "system:serviceaccount:default:default" cannot '
                                            'impersonate resource "users" in API group "" at the cluster scope')
    give({"kind": "ServiceAccount", "name": "default", "namespace": "default"}, rule("impersonate", "users", resourceNames=["jane"]))
    assert 'groups "dev" is forbidden' in http("GET", "/version", **headers)[2]["message"]
    del headers["Impersonate_Group"]
    assert http("GET", "/version", **headers)[0] == 200


def test_a_query_impersonates_nobody(http):
    _, _, review = http("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, query="Impersonate-User=jane")
    assert review["status"]["userInfo"]["username"] == "kubernetes-admin"


@pytest.mark.parametrize("verbs, may", [("get", False), ("create", False), ("get create", True)])
@pytest.mark.parametrize("stream", ["exec", "attach", "portforward"])
def test_a_stream_that_is_begun_by_get_needs_the_right_to_create_it_too(server, give, stream, verbs, may):
    give(user("jane"), rule(verbs, f"pods/{stream}"), namespace="a")
    request = Request(verb="get", resource="pods", namespace="a", name="p", subresource=stream, user="jane", groups=[])
    found = streams.target(request, "", server.context)
    assert found.code == (404 if may else 403)
    if verbs == "get":
        assert found.body["message"] == 'pods "p" is forbidden: '
