"""Who owns which field, after updates and applies."""
import pytest

from cluster.apiserver import apply, fieldsets, managed
from cluster.meta import status
from cluster.meta.objects import draft

THEN, NOW = "2026-01-01T09:00:00Z", "2026-01-01T09:00:01Z"
CONTAINER = {"name": "app", "image": "nginx", "ports": [{"containerPort": 80, "protocol": "TCP"}]}


def deployment(replicas=1, image="nginx", **meta):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", **meta}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"a": "b"}}, "strategy": {"type": "Recreate"}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{**CONTAINER, "image": image}], "securityContext": {}}}},
        "status": {}}


def tracked(old, new, manager, time=NOW, **options):
    entries = managed.track_update(old, new, manager, time, **options)
    return {**new, "metadata": {**new["metadata"], "managedFields": entries}}


def entries_of(obj):
    return obj["metadata"].get("managedFields", [])


def test_a_create_owns_all_that_it_set():
    assert managed.track_update(None, deployment(labels={"l": "m"}), "kubectl", NOW) == [{
        "manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1", "time": NOW, "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
            "f:spec": {
                "f:replicas": {}, "f:selector": {}, "f:strategy": {"f:type": {}},
                "f:template": {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {
                    "f:containers": {'k:{"name":"app"}': {".": {}, "f:image": {}, "f:name": {}, "f:ports": {
                        ".": {}, 'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}}}}},
                    "f:securityContext": {}}}}}}]


def test_a_changed_field_changes_hands():
    live = tracked(None, deployment(), "a", THEN)
    scaled = tracked(live, deployment(replicas=2), "b")
    by = {entry["manager"]: entry for entry in entries_of(scaled)}
    assert by["b"]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in by["a"]["fieldsV1"]["f:spec"]
    assert (by["a"]["time"], by["b"]["time"]) == (THEN, NOW)


def test_an_update_that_changes_nothing_keeps_every_entry():
    live = tracked(None, deployment(), "a", THEN)
    assert managed.track_update(live, draft(live), "b", NOW) == entries_of(live)


def test_a_removed_field_belongs_to_nobody_and_keeps_the_time():
    live = tracked(None, deployment(labels={"x": "1", "y": "2"}), "a", THEN)
    entries = managed.track_update(live, deployment(labels={"x": "1"}), "b", NOW)
    assert [entry["manager"] for entry in entries] == ["a"]
    assert entries[0]["fieldsV1"]["f:metadata"] == {"f:labels": {".": {}, "f:x": {}}}
    assert entries[0]["time"] == THEN


def test_an_entry_without_fields_goes():
    live = tracked(None, deployment(labels={"x": "1"}), "a", THEN)
    live = tracked(live, deployment(labels={"x": "1", "y": "1"}), "b", THEN)
    entries = managed.track_update(live, deployment(labels={"x": "1", "y": "2"}), "c", NOW)
    assert [entry["manager"] for entry in entries] == ["a", "c"]


def test_subresources_have_entries_of_their_own():
    live = tracked(None, deployment(), "kcm", THEN)
    new = {**draft(live), "status": {"replicas": 1}}
    entries = managed.track_update(live, new, "kcm", NOW, "apps/v1", "status", ("spec",))
    assert [(entry["manager"], entry.get("subresource")) for entry in entries] == [("kcm", None), ("kcm", "status")]
    assert entries[1]["fieldsV1"] == {"f:status": {"f:replicas": {}}}


def test_fields_that_a_request_cannot_set_are_not_owned():
    new = {**deployment(), "status": {"replicas": 1}}
    assert "f:status" not in managed.track_update(None, new, "a", NOW, reset_fields=("status",))[0]["fieldsV1"]
    labelled = deployment(labels={"a": "b"}, annotations={"c": "d"})
    fields = managed.track_update(None, labelled, "a", NOW, reset_fields=("metadata.labels", "spec"))[0]["fieldsV1"]
    assert fields == {"f:metadata": {"f:annotations": {".": {}, "f:c": {}}}}


def test_the_scale_subresources_entries_have_no_time():
    live = tracked(None, deployment(), "a", THEN)
    entries = managed.track_update(live, deployment(replicas=3), "kubectl", "", "apps/v1", "scale")
    assert "time" not in next(entry for entry in entries if entry["manager"] == "kubectl")


def test_an_object_that_was_never_tracked_stays_so():
    assert managed.track_update(deployment(), deployment(replicas=2), "a", NOW) == []


def test_a_client_may_clear_the_entries_but_not_through_a_subresource():
    live = tracked(None, deployment(), "a", THEN)
    cleared = {**deployment(), "metadata": {"name": "d", "managedFields": [{}]}}
    assert managed.track_update(live, cleared, "b", NOW) == []
    assert managed.track_update(live, cleared, "b", NOW, "apps/v1", "status", ("spec",)) == entries_of(live)


def test_unsound_entries_from_a_client_are_ignored():
    live = tracked(None, deployment(), "a", THEN)
    sent = {**deployment(), "metadata": {"name": "d", "managedFields": [{"manager": "x", "operation": "Guess"}]}}
    assert managed.track_update(live, sent, "b", NOW) == entries_of(live)


def test_only_ten_updaters_are_kept_apart():
    live = tracked(None, deployment(labels={}), "m0", THEN)
    for number in range(1, 12):
        labels = {f"l{i}": "x" for i in range(1, number + 1)}
        live = tracked(live, deployment(labels=labels), f"m{number}", f"2026-01-01T09:00:{number:02}Z")
    names = [entry["manager"] for entry in entries_of(live)]
    assert len(names) == 10
    assert names[0] == "ancient-changes" and "m11" in names and "m1" not in names


def test_repeated_keys_are_owned_as_a_whole():
    new = deployment()
    new["spec"]["template"]["spec"]["containers"][0]["ports"] *= 2
    fields = managed.track_update(None, new, "a", NOW)[0]["fieldsV1"]
    ports = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"app"}']["f:ports"]
    assert ports == {".": {}, 'k:{"containerPort":80,"protocol":"TCP"}': {}}


A = {"f:a": {".": {}, "f:b": {}}, "f:c": {}}


@pytest.mark.parametrize(("other", "union", "difference", "intersection"), [
    (None, A, A, None),
    (A, A, None, A),
    ({"f:a": {}}, A, {"f:a": {"f:b": {}}, "f:c": {}}, {"f:a": {}}),
    ({"f:a": {"f:b": {}}}, A, {"f:a": {}, "f:c": {}}, {"f:a": {"f:b": {}}}),
    ({"f:d": {}}, {**A, "f:d": {}}, A, None),
])
def test_sets_of_fields(other, union, difference, intersection):
    assert fieldsets.union(A, other) == union
    assert fieldsets.difference(A, other) == difference
    assert fieldsets.intersection(A, other) == intersection


def test_paths_read_as_upstream_prints_them():
    node = {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}, "f:finalizers": {'v:"x"': {}}}}
    assert [fieldsets.show(path) for path in fieldsets.paths(node)] == [
        '.spec.containers[name="app"].image', '.spec.finalizers[="x"]']


def config(**parts):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, **parts}


def applied(live, wanted, manager, force=False, time=NOW):
    changed, entries = apply.apply(live, wanted, apply.Applier(manager, time, "v1", force))
    obj = apply.typed_object(changed, "v1", "ConfigMap") if changed is not None else draft(live)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}


def test_an_apply_creates_and_owns_what_it_says():
    obj = applied(None, config(data={"k": "v"}), "m")
    assert obj["data"] == {"k": "v"}
    assert entries_of(obj) == [{"manager": "m", "operation": "Apply", "apiVersion": "v1", "time": NOW, "fieldsType": "FieldsV1",
                                "fieldsV1": {"f:data": {"f:k": {}}}}]


def test_what_is_applied_no_more_is_removed():
    obj = applied(None, config(data={"a": "1", "b": "2"}), "m", time=THEN)
    obj = applied(obj, config(data={"a": "1"}), "m")
    assert obj["data"] == {"a": "1"}


def test_what_another_owns_too_stays():
    obj = applied(None, config(data={"a": "1"}), "m", time=THEN)
    obj = applied(obj, config(data={"a": "1"}), "n", time=THEN)
    obj = applied(obj, config(data={}), "n")
    assert obj["data"] == {"a": "1"}
    assert [entry["manager"] for entry in entries_of(obj)] == ["n", "m"]  # n, which never changed anything, has no time


def test_an_apply_that_changes_nothing_keeps_its_time():
    obj = applied(None, config(data={"a": "1"}), "m", time=THEN)
    assert entries_of(applied(obj, config(data={"a": "1"}), "m"))[0]["time"] == THEN


@pytest.mark.parametrize(("wanted", "message"), [
    ({"a": "2"}, 'Apply failed with 1 conflict: conflict with "m": .data.a'),
    ({"a": "2", "b": "2"}, 'Apply failed with 2 conflicts: conflicts with "m":\n- .data.a\n- .data.b'),
])
def test_what_another_owns_is_a_conflict(wanted, message):
    obj = applied(None, config(data={"a": "1", "b": "1"}), "m")
    with pytest.raises(status.StatusError) as refused:
        applied(obj, config(data=wanted), "n")
    assert (refused.value.code, refused.value.message) == (409, message)


def test_a_conflict_with_an_updater_names_its_version():
    live = tracked(None, config(data={"a": "1"}), "curl")
    with pytest.raises(status.StatusError, match=r'conflict with "curl" using v1: \.data\.a'):
        applied(live, config(data={"a": "2"}), "m")


def test_force_takes_over():
    obj = applied(None, config(data={"a": "1"}), "m", time=THEN)
    obj = applied(obj, config(data={"a": "2"}), "n", force=True)
    assert obj["data"] == {"a": "2"}
    assert [entry["manager"] for entry in entries_of(obj)] == ["n"]


def test_kubectl_takes_over_from_its_own_client_side_apply():
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}\n'
    live = config(data={"a": "1"})
    live["metadata"]["annotations"] = {apply.LAST_APPLIED: text}
    live = tracked(None, live, "kubectl-client-side-apply")
    assert applied(live, config(data={"a": "2"}), "kubectl")["data"] == {"a": "2"}
    with pytest.raises(status.StatusError):
        applied(live, config(data={"a": "2"}), "other")


@pytest.mark.parametrize(("wanted", "part"), [
    (config(data={"k": 5}), ".data.k: expected string, got &value.valueUnstructured{Value:5}"),
    (config(colour="red"), ".colour: field not declared in schema"),
    (config(data=[1]), ".data: expected map, got &{[1]}"),
    ({**config(), "apiVersion": "v2"}, "invalid object type: /v2, Kind=ConfigMap"),
])
def test_a_configuration_that_does_not_fit_is_refused(wanted, part):
    with pytest.raises(status.StatusError) as refused:
        applied(None, wanted, "m")
    assert part in refused.value.message


def test_lists_merge_by_key_in_the_appliers_order():
    kind = managed.struct_of("v1", "Pod").fields["spec"].type.struct.fields["containers"].type
    live, wanted = ([{"name": name} for name in names] for names in ("abc", "cxa"))
    merged = apply._merge_lists(live, wanted, kind)
    assert "".join(item["name"] for item in merged) == "bcxa"
