"""Sets with names, sets for nodes, budgets, networking and RBAC: what sets each apart."""
from __future__ import annotations

import pytest

from cluster.kinds import daemonset, ingress, networkpolicy, poddisruptionbudget, registry, rolebinding, statefulset
from cluster.meta.objects import draft

from .objects import texts

TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "app", "image": "nginx:1"}]}}
CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}


def made(module, meta: dict | None = None, **spec) -> dict:
    """An object as the server stores it."""
    new = {"metadata": {"name": "w", **(meta or {})}, "spec": draft(spec)}
    if module in (statefulset, daemonset):
        new["spec"] = {"selector": {"matchLabels": {"app": "a"}}, "template": draft(TEMPLATE), **new["spec"]}
    module.KIND.default(new)
    module.KIND.prepare_create(new)
    return new


# -- StatefulSet ------------------------------------------------------------------------------------------------------


def test_a_claim_template_is_a_whole_claim():
    claim = made(statefulset, volumeClaimTemplates=[CLAIM])["spec"]["volumeClaimTemplates"][0]
    assert (claim["apiVersion"], claim["kind"], claim["status"]) == ("v1", "PersistentVolumeClaim", {"phase": "Pending"})
    assert claim["spec"]["volumeMode"] == "Filesystem"


def test_a_volume_of_a_claims_name_gives_way_to_the_claim():
    mounted = draft(TEMPLATE)
    mounted["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    assert texts(statefulset.KIND.validate(made(statefulset, template=mounted, volumeClaimTemplates=[CLAIM]))) == []
    assert texts(statefulset.KIND.validate(made(statefulset, template=mounted))) == [
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']


@pytest.mark.parametrize(("field", "value", "may"), [
    ("replicas", 3, True), ("minReadySeconds", 5, True), ("ordinals", {"start": 2}, True), ("revisionHistoryLimit", 1, True),
    ("serviceName", "other", False), ("podManagementPolicy", "Parallel", False), ("volumeClaimTemplates", [CLAIM], False),
])
def test_what_of_a_stateful_set_may_change(field, value, may):
    old = made(statefulset)
    new = draft(old)
    new["spec"][field] = draft(value)
    statefulset.KIND.default(new)
    assert (texts(statefulset.KIND.validate_update(new, old)) == []) == may


# -- DaemonSet --------------------------------------------------------------------------------------------------------


def test_the_templates_generation_is_an_annotation_that_only_the_server_sets():
    old = made(daemonset, {"annotations": {daemonset.GENERATION: "-4"}})
    assert old["metadata"]["annotations"] == {daemonset.GENERATION: "1"}
    new = draft(old)
    new["metadata"]["annotations"] = {}
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2"
    daemonset.KIND.default(new)
    daemonset.KIND.prepare_update(new, old)
    assert new["metadata"]["annotations"] == {daemonset.GENERATION: "2"} and new["metadata"]["generation"] == 2


@pytest.mark.parametrize(("rolling", "refused"), [
    ({}, []), ({"maxUnavailable": 0, "maxSurge": "30%"}, []),
    ({"maxSurge": 1}, ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"]),
    ({"maxUnavailable": 0}, ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]),
    ({"maxUnavailable": "101%"}, ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
])
def test_either_surge_or_unavailable(rolling, refused):
    assert texts(daemonset.KIND.validate(made(daemonset, updateStrategy={"rollingUpdate": rolling}))) == refused


# -- budgets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "shown"), [
    ({"minAvailable": 1}, ["1", "N/A", 0]), ({"maxUnavailable": "50%"}, ["N/A", "50%", 0]), ({}, ["N/A", "N/A", 0]),
])
def test_kubectl_shows_budgets(spec, shown):
    assert poddisruptionbudget.KIND.cells(made(poddisruptionbudget, **spec), 0)[1:4] == shown


def test_a_budget_has_one_bound():
    assert texts(poddisruptionbudget.KIND.validate(made(poddisruptionbudget, minAvailable=1, maxUnavailable=1))) == [
        'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: '
        "minAvailable and maxUnavailable cannot be both set"]


# -- networking -------------------------------------------------------------------------------------------------------


def backend(**port) -> dict:
    return {"service": {"name": "s", "port": port}}


@pytest.mark.parametrize(("path", "refused"), [
    ({"path": "/a", "pathType": "Prefix", "backend": backend(number=80)}, []),
    ({"path": "/a", "backend": backend(number=80)}, ["pathType: Required value: pathType must be specified"]),
    ({"path": "a", "pathType": "Exact", "backend": backend(name="web")}, ['path: Invalid value: "a": must be an absolute path']),
    ({"pathType": "ImplementationSpecific", "backend": backend(name="web")}, []),
    ({"path": "/a//b", "pathType": "Exact", "backend": {}}, ['path: Invalid value: "/a//b": must not contain \'//\'',
                                                            'backend: Invalid value: "": resource or service backend is required']),
    ({"path": "/", "pathType": "Prefix", "backend": backend(name="web", number=1)}, [
        'backend: Invalid value: "": cannot set both port name & port number']),
])
def test_paths_of_an_ingress(path, refused):
    new = made(ingress, rules=[{"http": {"paths": [path]}}])
    assert texts(ingress.KIND.validate(new)) == [f"spec.rules[0].http.paths[0].{why}" for why in refused]


@pytest.mark.parametrize(("hosts", "shown"), [([], "*"), (["a", "b"], "a,b"), (["a", "b", "c", "d"], "a,b,c + 1 more..."), (["a", ""], "a")])
def test_kubectl_shows_three_hosts(hosts, shown):
    assert ingress.KIND.cells(made(ingress, rules=[{"host": host} for host in hosts]), 0)[2] == shown


@pytest.mark.parametrize(("spec", "types"), [
    ({}, ["Ingress"]), ({"egress": [{}]}, ["Ingress", "Egress"]), ({"policyTypes": ["Egress"]}, ["Egress"]),
])
def test_a_policys_types_follow_its_rules(spec, types):
    assert made(networkpolicy, **spec)["spec"]["policyTypes"] == types


@pytest.mark.parametrize(("excepted", "is_inside"), [("10.1.0.0/16", True), ("10.0.0.0/8", False), ("11.0.0.0/16", False), ("::/64", False)])
def test_an_exception_lies_inside_of_its_range(excepted, is_inside):
    new = made(networkpolicy, ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": [excepted]}}]}])
    assert (texts(networkpolicy.KIND.validate(new)) == []) == is_inside


# -- RBAC -------------------------------------------------------------------------------------------------------------


def test_a_binding_keeps_its_role_and_names_its_subjects():
    old = {"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"}, "subjects": [
        {"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}]}
    rolebinding.KIND.default(old)
    assert old["subjects"][0]["apiGroup"] == old["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    assert rolebinding.KIND.cells(old, 0)[1:] == ["Role/r", "<unknown>", "u", "", "n/s"]
    new = draft(old)
    new["roleRef"]["name"] = "other"
    assert [error.detail for error in rolebinding.KIND.validate_update(new, old)] == ["cannot change roleRef"]


STORED_ONLY = ("Ingress", "IngressClass", "VolumeAttributesClass", "FlowSchema",
               "PriorityLevelConfiguration", "DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice")


@pytest.mark.parametrize("kind", STORED_ONLY)
def test_a_kind_that_nothing_acts_on_says_so(kind):
    found = next(known for known in registry().stored if known.kind == kind)
    assert found.title["en"].endswith("Stored only here so far.") and found.title["zh"].endswith("目前在此仅存储。")


def test_an_address_of_a_status_that_is_written_oddly_is_warned_of():
    new = made(ingress)
    new["status"]["loadBalancer"]["ingress"] = [{"hostname": "a.com"}, {"ip": "2001:DB8::1"}]
    assert ingress.KIND.warn_status(new, new) == [
        'status.loadBalancer.ingress[1]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")']
