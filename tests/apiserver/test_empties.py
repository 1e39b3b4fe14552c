"""Lists and maps that were sent empty: rules see them, what is stored does not have them."""
import json

import pytest

from cluster.apiserver import admission, decode, empties
from cluster.meta import schema

HPA = {"spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "behavior": {"scaleUp": {"policies": []}}}}


def read(kind, body, group="", version="v1", told=None):
    return decode.decode(json.dumps(body).encode(), "application/json", group, version, kind, "", told)[0]


def whole(kind, body, group="", version="v1"):
    """(object with its empties, whether it is said to have some)."""
    told = []
    return read(kind, body, group, version, told), bool(told)


@pytest.mark.parametrize(("kind", "body", "path"), [
    ("ConfigMap", {"data": {}}, ("data",)),
    ("Pod", {"spec": {"containers": [{"name": "a", "command": []}]}}, ("spec", "containers", 0, "command")),
    ("Pod", {"metadata": {"labels": {}}}, ("metadata", "labels")),
])
def test_an_empty_one_is_kept_only_where_it_is_asked_for(kind, body, path):
    obj, is_told = whole(kind, body)
    *way, name = path
    for step in way:
        obj = obj[step]
    assert is_told and obj[name] in ([], {})
    lean = read(kind, body)
    for step in way:
        lean = lean[step]
    assert name not in lean


def test_an_object_without_any_is_as_it_always_was():
    body = {"spec": {"containers": [{"name": "a", "args": None, "resources": {}}]}}
    assert whole("Pod", body) == (read("Pod", body), False)


def test_a_stripped_object_is_what_go_writes_and_gets_them_back_for_validation():
    obj, _ = whole("HorizontalPodAutoscaler", HPA, "autoscaling", "v2")
    places = empties.strip(obj, schema.type_of("autoscaling", "v2", "HorizontalPodAutoscaler"))
    assert obj == read("HorizontalPodAutoscaler", HPA, "autoscaling", "v2")
    again = empties.restored(obj, places)
    assert again["spec"]["behavior"]["scaleUp"] == {"policies": []} and "policies" not in obj["spec"]["behavior"]["scaleUp"]
    assert again["spec"]["scaleTargetRef"] is obj["spec"]["scaleTargetRef"]


def test_a_list_that_go_always_writes_comes_back_from_etcd_as_null():
    obj, _ = whole("Role", {"rules": []}, "rbac.authorization.k8s.io")
    places = empties.strip(obj, schema.type_of("rbac.authorization.k8s.io", "v1", "Role"))
    assert obj["rules"] == []
    empties.settle(obj, places)
    assert obj["rules"] is None


def test_what_became_of_a_place_since_is_left_alone():
    obj, _ = whole("Pod", {"spec": {"tolerations": [], "containers": [{"name": "a", "command": []}]}})
    places = empties.strip(obj, schema.type_of("", "v1", "Pod"))
    obj["spec"] |= {"tolerations": [{"operator": "Exists"}], "containers": []}
    assert empties.restored(obj, places) == obj


def test_an_item_of_a_list_is_found_again_by_its_keys():
    def sent(*names, **more):
        return {"spec": {"containers": [{"name": name, **more} for name in names]}}

    obj, _ = whole("Pod", sent("a", "b", command=[]))
    places = empties.strip(obj, schema.type_of("", "v1", "Pod"))
    with_commands = [{"name": "new"}, {"name": "b", "command": []}, {"name": "a", "command": []}]
    assert empties.restored(sent("new", "b", "a"), places)["spec"]["containers"] == with_commands
    assert empties.restored(sent("x", "y"), places) == sent("x", "y")
    twice, _ = whole("Pod", sent("a", "a", command=[]))
    places = empties.strip(twice, schema.type_of("", "v1", "Pod"))
    assert [each["command"] for each in empties.restored(twice, places)["spec"]["containers"]] == [[], []]


ARGLESS = {"containers": [{"name": "app", "image": "nginx:1", "args": [], "env": []}], "imagePullSecrets": [], "nodeSelector": {}}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def test_what_may_not_change_has_not_changed_where_something_empty_is_sent_for_nothing(http, pod):
    path = "/api/v1/namespaces/default/pods"
    made = http("POST", path, pod)[2]
    spec = {**made["spec"], "imagePullSecrets": [], "nodeSelector": {}, "containers": [{**made["spec"]["containers"][0], "args": [], "env": []}]}
    code, _, body = http("PUT", f"{path}/p", {**made, "spec": spec})
    assert (code, body["metadata"]["resourceVersion"], body["spec"]) == (200, made["metadata"]["resourceVersion"], made["spec"])
    patch = json.dumps({"spec": ARGLESS}).encode()
    assert http("PATCH", f"{path}/p", patch, Content_Type="application/strategic-merge-patch+json")[0] == 200


def test_a_selector_that_is_emptied_has_changed(http):
    path, spec = "/apis/apps/v1/namespaces/default/deployments", {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    made = http("POST", path, {"metadata": {"name": "w"}, "spec": spec})[2]
    same = {**made, "spec": {**made["spec"], "selector": {"matchLabels": {"app": "a"}, "matchExpressions": []}}}
    assert http("PUT", f"{path}/w", same)[0] == 200
    other = {**made, "spec": {**made["spec"], "selector": {"matchLabels": {}}}}
    assert "field is immutable" in http("PUT", f"{path}/w", other)[2]["message"]


def test_server_side_apply_shows_them_to_the_rules_too(http):
    path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "w"}, **HPA}
    for name in ("new", "old"):
        if name == "old":
            http("POST", path, {**body, "metadata": {"name": name}, "spec": {**HPA["spec"], "behavior": {}}})
        config = json.dumps({**body, "metadata": {"name": name}}).encode()
        code, _, answer = http("PATCH", f"{path}/{name}", config, query="fieldManager=me", Content_Type="application/apply-patch+yaml")
        assert code == 422 and "spec.behavior.scaleUp.policies: Required value" in answer["message"]


@pytest.mark.parametrize("change", [
    lambda http, path, body: http("PUT", path, body),
    lambda http, path, body: http("PATCH", path, json.dumps({"rules": []}).encode(), Content_Type="application/merge-patch+json"),
])  # fmt: skip
def test_mutating_admission_sees_a_list_that_go_always_writes_as_it_was_sent(http, monkeypatch, change):
    path, body = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", {"metadata": {"name": "r"}, "rules": []}
    seen = []
    monkeypatch.setattr(admission, "mutate", lambda call, obj, live: seen.append(obj["rules"]))
    http("POST", path, body)
    code, _, answer = change(http, f"{path}/r", body)
    assert seen == [[], []] and code == 200 and answer["rules"] is None
