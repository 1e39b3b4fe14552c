"""A StatefulSet's rules one by one: names, whose claims are whose, the hash of a revision."""

from __future__ import annotations

import pytest

from cluster.controllers import _history as history
from cluster.controllers import _statefulset_claims as retention
from cluster.controllers import _statefulset_identity as identity
from cluster.controllers import _statefulset_status as statuses
from cluster.controllers._own_writes import OwnWrites


@pytest.mark.parametrize(("name", "parent", "place"), [
    ("web-0", "web", 0), ("web-10", "web", 10), ("a-b-2", "a-b", 2), ("web-007", "web", 7), ("web", "", -1), ("web-", "", -1),
    ("web-1a", "", -1), ("web-2147483647", "web", 2147483647), ("web-2147483648", "web", -1), ("-1", "", 1), ("web-" + "9" * 5000, "web", -1),
])
def test_a_name_tells_parent_and_ordinal(name, parent, place):
    assert identity.parent_and_ordinal(name) == (parent, place)


def test_the_hash_of_a_revision_is_that_of_a_real_cluster():
    """From a recording: the StatefulSet `part`, whose revision is part-78cffc678."""
    container = {"name": "app", "image": "busybox:1", "command": ["sleep", "1000"], "env": [{"name": "V", "value": "1"}], "resources": {},
                 "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"}
    spec = {"containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 0, "dnsPolicy": "ClusterFirst",
            "securityContext": {}, "schedulerName": "default-scheduler"}
    owner = {"spec": {"template": {"metadata": {"labels": {"app": "part"}}, "spec": spec}}}
    assert history.digest(history.template_patch(owner), 0) == "78cffc678"
    assert history.digest(history.template_patch(owner), 1) != "78cffc678"


def test_json_is_written_as_go_writes_it():
    assert history.raw({"b": "a<b>&\u2028ü", "a": 1}) == b'{"a":1,"b":"a\\u003cb\\u003e\\u0026\\u2028\xc3\xbc"}'


SET = {"metadata": {"name": "web", "uid": "s"}, "spec": {"replicas": 2}}
OF_SET = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "s", "controller": True}
OF_POD = {"apiVersion": "v1", "kind": "Pod", "name": "web-2", "uid": "p", "controller": True}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x", "controller": True}


def claim(*owners):
    return {"metadata": {"name": "data-web-2", "ownerReferences": list(owners)}}


def pod(place):
    return {"metadata": {"name": f"web-{place}", "uid": "p"}}


def with_policy(scaled, deleted):
    return {**SET, "spec": {**SET["spec"], "persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled, "whenDeleted": deleted}}}


@pytest.mark.parametrize(("scaled", "deleted", "place", "owners"), [
    ("Retain", "Retain", 0, []), ("Retain", "Retain", 2, []),
    ("Retain", "Delete", 0, ["StatefulSet"]), ("Retain", "Delete", 2, ["StatefulSet"]),
    ("Delete", "Retain", 0, []), ("Delete", "Retain", 2, ["Pod"]),
    ("Delete", "Delete", 0, ["StatefulSet"]), ("Delete", "Delete", 2, ["Pod"]),
])
def test_the_policy_decides_who_owns_a_claim(scaled, deleted, place, owners):
    """Source: the table of isClaimOwnerUpToDate."""
    stateful_set = with_policy(scaled, deleted)
    after = retention.with_owners(claim(), stateful_set, pod(place))
    assert [one["kind"] for one in after["metadata"].get("ownerReferences", ())] == owners
    assert retention.is_up_to_date(after, stateful_set, pod(place))
    assert retention.is_up_to_date(claim(), stateful_set, pod(place)) == (not owners)


@pytest.mark.parametrize(("owners", "up_to_date", "after"), [
    ([OTHER], True, None),
    ([OTHER, OF_SET], False, [OTHER]),
    ([{**OF_SET, "uid": "former"}], True, None),
    ([{**OF_POD, "uid": "former"}], True, None),
    ([{**OF_SET, "controller": False}], False, None),
])
def test_what_others_control_is_left_to_them(owners, up_to_date, after):
    stateful_set = with_policy("Delete", "Delete")
    assert retention.is_up_to_date(claim(*owners), stateful_set, pod(2)) == up_to_date
    if after is not None:
        assert retention.with_owners(claim(*owners), stateful_set, pod(2))["metadata"]["ownerReferences"] == after


def test_a_claim_of_an_earlier_pod_is_stale():
    assert retention.is_stale(claim({**OF_POD, "uid": "former"}), pod(2)) and not retention.is_stale(claim(OF_POD), pod(2))


def test_a_status_is_written_in_the_order_of_the_struct_without_its_zeros():
    status = dict.fromkeys(reversed(statuses.ORDER), 0) | {"currentRevision": "a", "updateRevision": "b"}
    assert statuses.wire(status) == {"replicas": 0, "currentRevision": "a", "updateRevision": "b", "collisionCount": 0, "availableReplicas": 0}
    assert list(statuses.wire(status)) == ["replicas", "currentRevision", "updateRevision", "collisionCount", "availableReplicas"]


class Copy:
    def __init__(self, revision):
        self.revision = revision

    def has_seen(self, revision):
        return self.revision >= revision


def test_own_writes_are_waited_for_by_resource():
    writes = OwnWrites()
    for resource, revision in (("pods", 7), ("pods", 5), ("statefulsets", 8)):
        writes.wrote("default/web", resource, {"metadata": {"resourceVersion": str(revision)}})
    assert not writes.are_seen("default/web", {"pods": Copy(6), "statefulsets": Copy(8)})
    assert not writes.are_seen("default/web", {"pods": Copy(9), "statefulsets": Copy(7)})
    assert writes.are_seen("default/web", {"pods": Copy(7), "statefulsets": Copy(8)})
    assert writes.are_seen("default/web", {"pods": Copy(0), "statefulsets": Copy(0)})


WITH_CLAIMS = {"metadata": {"name": "web", "namespace": "default"}, "spec": {
    "selector": {"matchLabels": {"app": "web"}}, "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": {"a": "b"}}, "spec": {}}]}}


def member(name="web-1", claim="data-web-1", **labels):
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {"metadata": {"name": name, "labels": {identity.POD_NAME: name, **labels}}, "spec": {"volumes": volumes}}


@pytest.mark.parametrize(("pod", "is_member", "is_known", "has_storage"), [
    (member(), True, True, True),
    (member(**{identity.POD_NAME: "web-2"}), True, False, True),
    (member("other-1"), False, False, True),
    (member("web-x"), False, False, False),
    (member(claim="data-web-2"), True, True, False),
    (member(claim=None), True, True, False),
])
def test_a_pod_is_told_by_its_name_its_label_and_its_claims(pod, is_member, is_known, has_storage):
    """Source: pkg/controller/statefulset/stateful_set_utils_test.go (TestIsMemberOf, TestIdentityMatches, TestStorageMatches)."""
    found = identity.is_member(WITH_CLAIMS, pod), identity.identity_matches(WITH_CLAIMS, pod), identity.storage_matches(WITH_CLAIMS, pod)
    assert found == (is_member, is_known, has_storage)


def test_identity_and_storage_are_put_right_and_other_volumes_stay():
    """Source: updateIdentity, updateStorage."""
    pod = {"metadata": {"name": "web-1"}, "spec": {"volumes": [{"name": "data", "emptyDir": {}}, {"name": "own", "emptyDir": {}}]}}
    made = identity.with_storage(WITH_CLAIMS, identity.with_identity(pod))
    assert identity.identity_matches(WITH_CLAIMS, made) and identity.storage_matches(WITH_CLAIMS, made)
    assert made["metadata"]["labels"] == {identity.POD_NAME: "web-1", identity.POD_INDEX: "1"}
    assert [volume["name"] for volume in made["spec"]["volumes"]] == ["data", "own"]


def test_a_places_claims_are_named_and_labelled_after_the_set():
    """Source: getPersistentVolumeClaims."""
    (claim,) = identity.claims(WITH_CLAIMS, 3)
    assert claim["metadata"] == {"name": "data-web-3", "namespace": "default", "labels": {"a": "b", "app": "web"}}
