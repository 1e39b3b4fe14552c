"""What every namespace gets, and how one goes.

Source: pkg/controller/namespace/deletion/namespaced_resources_deleter_test.go, status_condition_utils_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _namespace_conditions as conditions
from cluster.meta.requests import Response
from tests.controllers.rig import Rig
from tests.controllers.world import TEMPLATE, World


def namespace(world, name="shop"):
    world.do(world.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))


def test_each_namespace_gets_a_service_account_and_the_root_certificate():
    world = World()
    namespace(world)
    for name in ("default", "kube-system", "shop"):
        assert world.get("serviceaccounts", "default", name) is not None
        assert "ca.crt" in world.get("configmaps", "kube-root-ca.crt", name)["data"]


def test_what_every_namespace_has_comes_back():
    world = World()
    world.do(world.client.delete("serviceaccounts", "default", "default"))
    world.do(world.client.delete("configmaps", "kube-root-ca.crt", "default"))
    assert world.get("serviceaccounts", "default") is not None
    assert world.get("configmaps", "kube-root-ca.crt") is not None


def test_nothing_happens_for_five_seconds_and_then_everything_goes():
    world = World()
    namespace(world)
    world.do(
        world.client.create(
            "pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "a", "namespace": "shop"},
                "spec": TEMPLATE["spec"],
            },
        )
    )
    world.do(world.client.delete("namespaces", "shop"), settle=False)
    world.run(4_500)
    assert world.store.get("/registry/namespaces/shop").value["status"]["phase"] == "Terminating"
    assert world.get("pods", "a", "shop") is not None
    world.settle()
    assert world.store.get("/registry/namespaces/shop") is None
    assert world.list("pods", "shop") == [] and world.list("configmaps", "shop") == []


def test_a_finalizer_holds_the_namespace_and_is_named():
    world = World()
    namespace(world)
    held = {"name": "held", "namespace": "shop", "finalizers": ["example.com/hold"]}
    world.do(world.client.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}))
    world.do(world.client.delete("namespaces", "shop"), settle=False)
    world.run(7_000)
    conditions = world.store.get("/registry/namespaces/shop").value["status"]["conditions"]
    messages = {c["type"]: c["message"] for c in conditions if c["status"] == "True"}
    assert messages == {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
        "NamespaceFinalizersRemaining": (
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
        ),
    }
    world.do(
        world.client.patch(
            "configmaps", "held", {"metadata": {"finalizers": None}}, namespace="shop", patch_type="merge"
        )
    )
    assert world.store.get("/registry/namespaces/shop") is None


def test_a_kind_that_has_gone_meanwhile_is_not_found():
    """A component that still knows a definition's resource is answered as a client is."""
    world = World()
    with pytest.raises(AssertionError, match="the server could not find the requested resource"):
        world.do(world.client.list("widgets.example.com", "default"))
    assert world.hand.answers[-1].code == 404


# -- one look ------------------------------------------------------------------------------------------------------------------------------------

REFUSED = {"code": 403, "body": {"kind": "Status", "reason": "Forbidden", "message": "no"}}
CONFLICT = {"code": 409, "body": {"kind": "Status", "reason": "Conflict", "message": "x"}}
GONE = {"code": 404, "body": {"kind": "Status", "reason": "NotFound", "message": "x"}}


def going(finalizers=("kubernetes",), phase="Terminating", *, deleted=True):
    meta = {"name": "ns", **({"deletionTimestamp": "2026-01-01T09:00:00Z"} if deleted else {})}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {"finalizers": list(finalizers)}, "status": {"phase": phase}}


class Look:
    """One look at a namespace. answers: request -> one answer, or several in turn; of lists, too."""

    def __init__(self, namespace, *objects, **answers):
        self.rig = rig = Rig({"controller": "namespace-controller", "now": "2026-01-01T09:00:06Z", "objects": [namespace, *objects]})
        self.answers, self.asked, granted = {key.replace("_", " "): value for key, value in answers.items()}, [], rig.grant

        def grant(request):
            name = f"{request.verb} {request.resource}"
            self.asked.append(name)
            found = self.answers.get(name)
            found = found.pop(0) if isinstance(found, list) and found else found
            answer = Response(**found) if found else granted(request)
            if answer.ok and request.verb == "update":
                rig.objects["namespaces", "ns"] = answer.body
            return answer

        rig.grant = grant
        self.end = rig.look({"key": "ns"})

    def count(self, request):
        return self.asked.count(request)

    @property
    def troubles(self):
        told = [each["body"]["status"]["conditions"] for each in self.rig.requests if each["request"] == "update namespaces/status ns"]
        return {each["type"]: each["message"] for each in told[-1] if each["status"] == "True"} if told else {}

    @property
    def finalizers(self):
        return [each["body"]["spec"].get("finalizers") for each in self.rig.requests if each["request"] == "update namespaces/finalize ns"]


def in_it(kind, name, api_version="v1", **more):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "ns", **more}, "spec": {"containers": []}}


@pytest.mark.parametrize(("namespace", "asked", "left"), [
    (going(deleted=False), 1, []), (going(()), 1, []), (going(), None, None), (going(("kubernetes", "a")), None, ["a"]),
    (going(("b", "a")), None, ["a", "b"]),
])  # fmt: skip
def test_only_what_is_going_is_emptied_and_then_let_go(namespace, asked, left):
    """Source: TestFinalized, TestFinalizeNamespaceFunc, TestSyncNamespaceThatIsActive, testSyncNamespaceThatIsTerminating."""
    look = Look(namespace)
    assert look.end is None and look.finalizers in (left, [left] * 2) and asked in (None, len(look.asked))


def test_everything_is_deleted_pods_first_and_each_kind_listed_afterwards():
    """Source: testSyncNamespaceThatIsTerminating."""
    look = Look(going())
    assert look.asked[:4] == ["get namespaces", "list pods", "deletecollection pods", "list pods"]
    assert "deletecollection deployments" in look.asked and look.asked[-1] == "update namespaces"
    assert look.count("list services") == look.count("deletecollection services") == 1


def test_who_comes_before_is_waited_for():
    """Source: TestRetryOnConflictError."""
    look = Look(going(phase="Active"), update_namespaces=[CONFLICT])
    assert look.end is None and look.count("get namespaces") == 3 and look.finalizers[-1] is None  # the conditions' update makes the second conflict


@pytest.mark.parametrize(("answer", "end"), [(REFUSED, "retry"), (GONE, None)])
def test_a_namespace_that_cannot_be_marked_is_tried_again(answer, end):
    look = Look(going(phase="Active"), update_namespaces=answer)
    assert look.end == end and look.asked == ["get namespaces", "update namespaces"]


def test_a_kind_that_is_not_there_when_asked_for_is_empty():
    """Source: TestDeleteEncounters404."""
    look = Look(going(), deletecollection_services=GONE, list_services=GONE)
    assert look.end is None and look.finalizers[-1] is None and look.count("list services") == 2


def test_what_cannot_be_deleted_is_told_and_keeps_nothing_else():
    """Source: deleteAllContent: of a kind that could not be deleted nothing is counted, so Pods that stay do not keep the rest."""
    look = Look(going(), in_it("Pod", "a"), in_it("ConfigMap", "c"), deletecollection_pods=REFUSED)
    assert look.end == "retry" and "deletecollection configmaps" in look.asked
    words = "unexpected items still remain in namespace: ns for gvr: /v1, Resource=configmaps"
    assert look.troubles == {"NamespaceDeletionContentFailure": f"Failed to delete all resource types, 2 remaining: no, {words}",
                             "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances"}  # fmt: skip


@pytest.mark.parametrize("request_", ["list_pods", "list_services"])
def test_what_cannot_be_listed_is_told(request_):
    look = Look(going(), **{request_: REFUSED})
    assert look.end == "retry" and look.troubles == {"NamespaceDeletionContentFailure": "Failed to delete all resource types, 1 remaining: no"}


# -- conditions ----------------------------------------------------------------------------------------------------------------------------------

TYPES = list(conditions.GOOD)
DISCOVERY, PARSING, *_ = TYPES
FOO = {PARSING: ("foo", "bar")}


@pytest.mark.parametrize(("before", "bad", "order"), [
    ([("unknown", "True")], {}, ["unknown", *TYPES]), ([(DISCOVERY, "True")], {}, TYPES),
    ([(PARSING, "True"), (DISCOVERY, "True")], {}, [PARSING, DISCOVERY, *TYPES[2:]]),
    ([(PARSING, "False"), (DISCOVERY, "True")], FOO, [PARSING, DISCOVERY, *TYPES[2:]]), ([(DISCOVERY, "True")], FOO, TYPES),
])  # fmt: skip
def test_conditions_keep_their_order_and_say_that_all_is_well_or_what_is_not(before, bad, order):
    """Source: status_condition_utils_test.go TestUpdateConditions."""
    found = conditions.updated([{"type": type_, "status": status, "lastTransitionTime": "t0"} for type_, status in before], bad, "t1")
    assert [each["type"] for each in found] == order
    told = {each["type"]: (each["status"], each["reason"], each["message"]) for each in found if each["type"] != "unknown"}
    assert told == {type_: ("True", *bad[type_]) if type_ in bad else ("False", *conditions.GOOD[type_]) for type_ in TYPES}


REMAIN = "Some resources are remaining: daemonsets.apps.k8s.io has 5 resource instances, deployments.apps.k8s.io has 5 resource instances"
HELD = "Some content in the namespace has finalizers remaining: kubedb in 5 resource instances, service-catalog in 6 resource instances"


@pytest.mark.parametrize(("remaining", "finalizers"), [(False, False), (True, False), (False, True), (True, True)])
def test_what_is_left_is_counted_by_kind_and_by_finalizer(remaining, finalizers):
    """Source: status_condition_utils_test.go TestProcessContentTotals."""
    found = conditions.troubles({"deployments.apps.k8s.io": 5, "daemonsets.apps.k8s.io": 5} if remaining else {},
                                {"service-catalog": 6, "kubedb": 5} if finalizers else {}, [])  # fmt: skip
    assert found == {**({"NamespaceContentRemaining": ("SomeResourcesRemain", REMAIN)} if remaining else {}),
                     **({"NamespaceFinalizersRemaining": ("SomeFinalizersRemain", HELD)} if finalizers else {})}  # fmt: skip
