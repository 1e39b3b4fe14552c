"""Names, labels, annotations and metadata."""
import pytest

from cluster.meta import names, objectmeta

LABEL_RULE = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
              "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")


@pytest.mark.parametrize(("check", "value", "wanted"), [
    (names.dns1123_label, "a-1", []),
    (names.dns1123_label, "a.b", ["must not contain dots"]),
    (names.dns1123_label, "A", [LABEL_RULE]),
    (names.dns1123_label, "a" * 64, ["must be no more than 63 characters"]),
    (names.dns1123_subdomain, "a.b-c", []),
    (names.dns1123_subdomain, "a" * 254, ["must be no more than 253 characters"]),
    (names.dns1035_label, "a1", []),
    (names.qualified_name, "example.com/Name_1", []),
    (names.qualified_name, "/x", ["prefix part must be non-empty"]),
    (names.qualified_name, "a" * 64, ["name part must be no more than 63 bytes"]),
    (names.label_value, "", []),
    (names.label_value, "x" * 64, ["must be no more than 63 bytes"]),
    (names.config_map_key, "..a", ["must not start with '..'"]),
    (names.config_map_key, "..", ["must not be '..'"]),
    (names.port_name, "http", []),
    (names.port_name, "80", ["must contain at least one letter (a-z)"]),
    (names.port_name, "a--b-", ["must not contain consecutive hyphens", "must not begin or end with a hyphen"]),
    (names.path_segment, "a/b%c", ["may not contain '/'", "may not contain '%'"]),
    (names.path_segment, "..", ["may not be '..'"]),
    (names.relaxed_env_var_name, "9 a", []),
])
def test_a_name_is_judged_in_upstreams_words(check, value, wanted):
    assert check(value) == wanted


@pytest.mark.parametrize(("check", "value"), [
    (names.dns1035_label, "1a"), (names.qualified_name, "a/b/c"), (names.qualified_name, "-a"), (names.label_value, "a b"),
    (names.relaxed_env_var_name, "A=B"), (names.wildcard_dns1123_subdomain, "*.*.a"),
])
def test_a_bad_name_gets_a_complaint(check, value):
    assert len(check(value)) == 1


def test_a_prefix_may_end_in_a_dash():
    assert names.is_subdomain_name("web-", True) == []
    assert names.is_subdomain_name("web-", False) != []


def meta(**parts):
    return {"name": "x", "namespace": "default", **parts}


def messages(errors):
    return [str(error) for error in errors]


def test_sound_metadata_has_no_complaints():
    sound = meta(labels={"app": "a"}, annotations={"Example.COM/A": "anything at all"}, finalizers=["example.com/f"])
    assert objectmeta.validate_object_meta(sound, namespaced=True) == []


@pytest.mark.parametrize(("parts", "wanted"), [
    ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
    ({"namespace": ""}, "metadata.namespace: Required value"),
    ({"finalizers": ["orphan", "foregroundDeletion"]}, 'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: '
     "finalizer orphan and foregroundDeletion cannot be both set"),
    ({"generation": -1}, "metadata.generation: Invalid value: -1: must be greater than or equal to 0"),
    ({"annotations": {"a": "x" * 262144}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
    ({"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]},
     'metadata.ownerReferences.uid: Invalid value: "": must not be empty'),
    ({"managedFields": [{"operation": "Guess", "manager": "m"}]},
     'metadata.managedFields[0].operation: Invalid value: "Guess": must be `Apply` or `Update`'),
])
def test_metadata_is_judged_in_upstreams_words(parts, wanted):
    assert messages(objectmeta.validate_object_meta(meta(**parts), namespaced=True)) == [wanted]


def test_a_cluster_scoped_object_may_not_have_a_namespace():
    errors = objectmeta.validate_object_meta(meta(), namespaced=False)
    assert messages(errors) == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_only_one_owner_controls():
    owner = {"apiVersion": "v1", "kind": "Pod", "controller": True}
    errors = objectmeta.validate_owner_references([{**owner, "name": "a", "uid": "1"}, {**owner, "name": "b", "uid": "2"}], "o")
    assert errors[0].detail.endswith('Found "true" in references for Pod/a and Pod/b')


def test_an_update_keeps_identity():
    old = meta(uid="1", resourceVersion="5")
    errors = objectmeta.validate_object_meta_update({**old, "uid": "2", "name": "y"}, old)
    assert messages(errors) == ['metadata.name: Invalid value: "y": field is immutable',
                                'metadata.uid: Invalid value: "2": field is immutable']


def test_a_deleted_object_gets_no_new_finalizers():
    old = meta(resourceVersion="5", deletionTimestamp="t", finalizers=["a.b/c"])
    errors = objectmeta.validate_object_meta_update({**old, "finalizers": ["a.b/c", "a.b/d"]}, old)
    assert messages(errors) == ["metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
                                'found new finalizers []string{"a.b/d"}']


@pytest.mark.parametrize(("manager", "count"), [("kubectl", 0), ("a\x01", 1), ("x" * 129, 1)])
def test_a_field_manager_is_short_and_printable(manager, count):
    assert len(objectmeta.validate_field_manager(manager)) == count
