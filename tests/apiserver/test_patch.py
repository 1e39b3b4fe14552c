"""JSON, merge and strategic merge patches, and the patch that kubectl apply computes."""
import json

import pytest

from cluster.apiserver import jsonpatch, patch, strategic
from cluster.meta import schema, status
from cluster.meta.objects import draft
from cluster.meta.requests import Request

DEPLOYMENT = schema.type_of("apps", "v1", "Deployment")
POD_SPEC = schema.type_of("", "v1", "Pod").fields["spec"].type.struct
META = DEPLOYMENT.fields["metadata"].type.struct


@pytest.mark.parametrize(("operations", "wanted"), [
    ([{"op": "add", "path": "/a", "value": 1}], {"a": 1, "l": [1, 2]}),
    ([{"op": "add", "path": "/l/1", "value": 9}], {"l": [1, 9, 2]}),
    ([{"op": "add", "path": "/l/-", "value": 9}], {"l": [1, 2, 9]}),
    ([{"op": "remove", "path": "/l/0"}], {"l": [2]}),
    ([{"op": "replace", "path": "/missing", "value": 1}], {"l": [1, 2], "missing": 1}),
    ([{"op": "copy", "from": "/missing", "path": "/b"}], {"l": [1, 2], "b": None}),
    ([{"op": "move", "from": "/l", "path": "/m"}], {"m": [1, 2]}),
    ([{"op": "add", "path": "x/a~1b~0", "value": 1}], {"l": [1, 2], "a/b~": 1}),
    ([{"op": "test", "path": "/l/0", "value": 1}, {"op": "add", "path": "/a"}], {"l": [1, 2], "a": None}),
])
def test_a_json_patch_applies(operations, wanted):
    document = {"l": [1, 2]}
    assert jsonpatch.apply(document, operations) == wanted
    assert document == {"l": [1, 2]}


@pytest.mark.parametrize("operation", [
    {"op": "test", "path": "/l", "value": 1}, {"op": "remove", "path": "/x"}, {"op": "add", "path": "/l/7", "value": 1},
    {"op": "merge", "path": "/l"}, {"op": "add", "value": 1}, {"op": "add", "path": "/x/y", "value": 1}, {"op": "add", "path": "x"},
    {"op": "replace", "path": "/l/x", "value": 1},
])
def test_an_operation_that_does_not_apply_is_refused(operation):
    with pytest.raises(jsonpatch.PatchError):
        jsonpatch.apply({"l": [1, 2]}, [operation])


@pytest.mark.parametrize(("change", "wanted"), [
    ({"a": None}, {"b": {"c": 1}}), ({"b": {"d": 2, "e": None}}, {"a": 1, "b": {"c": 1, "d": 2}}),
    ({"n": {"x": None, "y": [None, 1]}}, {"a": 1, "b": {"c": 1}, "n": {"y": [None, 1]}}), ({"b": [1]}, {"a": 1, "b": [1]}),
])
def test_a_merge_patch_applies(change, wanted):
    assert jsonpatch.merge({"a": 1, "b": {"c": 1}}, change) == wanted


CONTAINERS = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}


@pytest.mark.parametrize(("change", "wanted"), [
    ({"containers": [{"name": "b", "image": "z"}]}, {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "z"}]}),
    ({"containers": [{"name": "c"}]}, {"containers": [{"name": "c"}, *CONTAINERS["containers"]]}),
    ({"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": [{"name": "b", "image": "y"}]}),
    ({"containers": [{"$patch": "replace"}, {"name": "n"}]}, {"containers": [{"name": "n"}]}),
    ({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
     {"containers": [{"name": "b", "image": "y"}, {"name": "a", "image": "x"}]}),
    ({"tolerations": [{"key": "k"}]}, {**CONTAINERS, "tolerations": [{"key": "k"}]}),
    ({"nodeSelector": {"a": "b", "c": None}}, {**CONTAINERS, "nodeSelector": {"a": "b"}}),
    ({"containers": None}, {}),
])
def test_a_strategic_patch_merges_lists_by_key(change, wanted):
    assert strategic.merge_map(CONTAINERS, change, POD_SPEC, strategic.Options()) == wanted


@pytest.mark.parametrize(("change", "wanted"), [
    ({"finalizers": ["c"]}, ["c", "a", "b"]), ({"$deleteFromPrimitiveList/finalizers": ["a"]}, ["b"]),
    ({"$setElementOrder/finalizers": ["b", "c", "a"], "finalizers": ["c"]}, ["b", "c", "a"]),
])
def test_a_strategic_patch_merges_lists_of_words(change, wanted):
    assert strategic.merge_map({"finalizers": ["a", "b"]}, change, META, strategic.Options())["finalizers"] == wanted


def test_retain_keys_drops_all_others():
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    change = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic.apply(live, change, DEPLOYMENT) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_a_patch_changes_nothing_in_place_and_shares_the_rest():
    live = {"metadata": {"name": "d"}, "spec": {"template": {"spec": draft(CONTAINERS)}}}
    before = draft(live)
    result = strategic.apply(live, {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "z"}]}}}}, DEPLOYMENT)
    assert live == before
    assert result["metadata"] is live["metadata"]


@pytest.mark.parametrize(("change", "wanted"), [
    ({"containers": [{"image": "x"}]}, "map: map[image:x] does not contain declared merge key: name"),
    ({"nodeSelector": {"$patch": "toss", "x": "y"}}, "unknown patch type: toss in map: map[$patch:toss x:y]"),
    ({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "s", "image": "b"}]},
     "The order in patch list:\n[map[image:b name:s]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n"),
    ({"containers": [{"name": "a"}, 5]}, None),
])
def test_a_senseless_strategic_patch_is_refused_in_upstreams_words(change, wanted):
    live = {**CONTAINERS, "nodeSelector": {"a": "b"}}
    with pytest.raises(strategic.StrategicError) as refused:
        strategic.merge_map(live, change, POD_SPEC, strategic.Options())
    assert wanted is None or str(refused.value) == wanted


def config(**spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def template(*containers, **spec):
    return {"template": {"spec": {"containers": list(containers), **spec}}}


def test_apply_sends_what_changed_and_what_went():
    last = config(replicas=2, paused=True, **template({"name": "a", "image": "x"}))
    wanted = config(replicas=3, **template({"name": "a", "image": "y"}))
    live = config(replicas=2, paused=True, revisionHistoryLimit=10, **template({"name": "a", "image": "x", "tty": False}))
    found = patch.three_way_strategic(last, wanted, live, "apps", "v1", "Deployment")
    assert found == {"spec": {"replicas": 3, "paused": None, "template": {"spec": {
        "$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a", "image": "y"}]}}}}
    after = strategic.apply(live, found, DEPLOYMENT)
    assert after["spec"] == {"replicas": 3, "revisionHistoryLimit": 10, **template({"name": "a", "image": "y", "tty": False})}


def test_apply_deletes_items_that_left_the_file_and_keeps_others():
    last = config(**template({"name": "a"}, {"name": "b"}))
    wanted = config(**template({"name": "a"}))
    live = config(**template({"name": "a"}, {"name": "b"}, {"name": "injected"}))
    found = patch.three_way_strategic(last, wanted, live, "apps", "v1", "Deployment")
    assert found["spec"]["template"]["spec"]["containers"] == [{"name": "b", "$patch": "delete"}]
    after = strategic.apply(live, found, DEPLOYMENT)
    assert [item["name"] for item in after["spec"]["template"]["spec"]["containers"]] == ["a", "injected"]


def test_apply_of_the_same_sends_nothing():
    same = config(replicas=2, **template({"name": "a", "image": "x"}))
    live = {**same, "status": {"replicas": 2}}
    assert patch.three_way_strategic(same, same, live, "apps", "v1", "Deployment") == {}


def test_apply_retains_keys_of_a_union():
    last = config(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
    wanted = config(strategy={"type": "Recreate"})
    found = patch.three_way_strategic(last, wanted, last, "apps", "v1", "Deployment")
    assert found["spec"]["strategy"] == {"type": "Recreate", "rollingUpdate": None, "$retainKeys": ["type"]}


def test_copies_may_not_grow_beyond_measure():
    start = {"op": "add", "path": "/data/k", "value": "x" * 100_000}
    operations = [start, *({"op": "copy", "from": "/data", "path": f"/data/k{at}"} for at in range(40))]
    with pytest.raises(jsonpatch.PatchError, match=r"the accumulated size increase of copy is 6\d{6}, exceeding the limit 3145728"):
        jsonpatch.apply({"data": {}}, operations)


def test_a_merge_patch_for_unknown_kinds_is_three_way_too():
    found = patch.three_way_merge({"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}, {"a": 1, "b": {"c": 1}, "x": 1})
    assert found == {"a": None, "b": {"c": None, "d": 2}}


def request(body, raw=True):
    return Request(verb="patch", raw=json.dumps(body).encode() if raw else None, body=None if raw else body)


def applied(sort, body, live, validation="Warn"):
    return patch.apply(live, patch.read(request(body), sort, validation), "", "v1", "ConfigMap", validation)


LIVE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}}


def test_a_patched_object_is_typed_again():
    obj, warnings = applied("merge", {"data": {"k": None}, "colour": "red"}, LIVE)
    assert obj == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert warnings == ['unknown field "colour"']


@pytest.mark.parametrize(("sort", "body", "validation", "code", "part"), [
    ("merge", [1], "Warn", 400, "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("strategic", [1], "Warn", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("json", [{"op": "nope", "path": "/a"}], "Warn", 422, "the server rejected our request due to an error in our request"),
    ("merge", {"data": {"k": 5}}, "Warn", 422, "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"),
    ("merge", {"x": 1}, "Strict", 422, 'strict decoding error: unknown field "x"'),
    ("strategic", {"data": {"x": 1}, "y": {"z": "w"}}, "Warn", 422, 'Invalid value: "map[data:map[x:1] y:map[z:w]]"'),
    ("strategic", {"data": {"k": 5}}, "Warn", 422, 'Invalid value: "map[data:map[k:5]]": cannot convert int64 to string'),
    ("strategic", {"data": {"k": True}}, "Warn", 422, "unrecognized type: string"),
    ("strategic", {"data": {"k": 1.5}}, "Warn", 422, "unrecognized type: string"),
    ("strategic", {"immutable": "yes"}, "Warn", 422, "unrecognized type: bool"),
    ("strategic", {"binaryData": {"k": "?"}}, "Warn", 422, "error decoding from json: illegal base64 data at input byte 0"),
    ("strategic", {"metadata": {"finalizers": "x"}}, "Warn", 422, "cannot restore slice from string"),
    ("strategic", {"data": {"$patch": "toss"}}, "Warn", 500, "unknown patch type: toss"),
    ("json", [{"op": "add", "path": "/a", "value": 1}] * 10001, "Warn", 413, "allowed maximum operations in a JSON patch is 10000"),
])
def test_a_bad_patch_is_refused(sort, body, validation, code, part):
    with pytest.raises(status.StatusError) as refused:
        applied(sort, body, LIVE, validation)
    assert refused.value.code == code
    assert part in refused.value.message


def test_a_components_patch_is_not_typed_again_and_owns_its_top():
    obj, warnings = patch.apply(LIVE, patch.read(request({"data": {"x": "y"}}, raw=False), "strategic", "Warn"), "", "v1", "ConfigMap")
    assert (obj["data"], warnings) == ({"k": "v", "x": "y"}, [])
    assert obj["metadata"] == LIVE["metadata"] and obj["metadata"] is not LIVE["metadata"]
