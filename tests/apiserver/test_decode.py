"""Decoding: Go's words for what does not fit, field validation, and the form that Go would write."""
import json

import pytest

from cluster.apiserver import decode, gotime, goyaml
from cluster.meta import gojson, status

HEAD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
PREFIX = 'Pod in version "v1" cannot be handled as a Pod: '
META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


def pod(**spec):
    return {**HEAD, "spec": {"containers": [{"name": "app", "image": "nginx"}], **spec}}


def read(body, content_type="application/json", group="", kind="Pod", validation=""):
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return decode.decode(raw, content_type, group, "v1", kind, validation)


def refused(*args, **kwargs):
    with pytest.raises(status.StatusError) as error:
        read(*args, **kwargs)
    return error.value.message


@pytest.mark.parametrize(("spec", "wanted"), [
    ({"containers": {}}, "object into Go struct field PodSpec.spec.containers of type []v1.Container"),
    ({"containers": ["x"]}, "string into Go struct field PodSpec.spec.containers of type v1.Container"),
    ({"containers": [{"image": True}]}, "bool into Go struct field Container.spec.containers.image of type string"),
    ({"nodeSelector": {"a": 1}}, "number into Go struct field PodSpec.spec.nodeSelector of type string"),
    ({"hostNetwork": 5}, "number into Go struct field PodSpec.spec.hostNetwork of type bool"),
    ({"priority": 2**31}, "number 2147483648 into Go struct field PodSpec.spec.priority of type int32"),
    ({"volumes": [{"hostPath": 5}]}, "number into Go struct field Volume.spec.volumes.VolumeSource.hostPath "
                                     "of type v1.HostPathVolumeSource"),
])
def test_a_wrong_type_is_named_with_its_go_field(spec, wanted):
    assert refused(pod(**spec)) == f"{PREFIX}json: cannot unmarshal {wanted}"


def test_a_number_is_quoted_as_it_was_written():
    text = json.dumps(pod()).replace('"spec": {', '"spec": {"terminationGracePeriodSeconds": 5.0, ')
    assert "unmarshal number 5.0 into" in refused(text)


def test_unknown_and_repeated_fields_warn_by_default():
    text = json.dumps(pod(colour="red")).replace('"image": "nginx"', '"image": "a", "image": "b"')
    obj, warnings = read(text)
    assert warnings == ['duplicate field "spec.containers[0].image"', 'unknown field "spec.colour"']
    assert obj["spec"]["containers"][0]["image"] == "b"
    assert "colour" not in obj["spec"]


def test_strict_validation_refuses_unknown_fields():
    wanted = f'{PREFIX}strict decoding error: unknown field "spec.imagePullPolicy", unknown field "spec.x"'
    assert refused(pod(imagePullPolicy="Always", x=1), validation="Strict") == wanted


def test_validation_may_be_turned_off():
    assert read(pod(colour="red"), validation="Ignore")[1] == []


@pytest.mark.parametrize("left_out", [("kind", "apiVersion"), ("kind",), ("apiVersion",), ()])
def test_what_a_body_leaves_out_of_its_identity_stands_in_front(left_out):
    body = {name: value for name, value in pod().items() if name not in left_out}
    found = read(body)[0]
    assert (found["kind"], found["apiVersion"]) == ("Pod", "v1") and set(list(found)[:2]) == {"kind", "apiVersion"}


def test_names_are_case_sensitive():
    assert read(pod(RestartPolicy="Never"))[1] == ['unknown field "spec.RestartPolicy"']


@pytest.mark.parametrize(("body", "wanted"), [
    ("", "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"),
    ("[]", f"couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type {META} (5b5d)"),
    ('{"kind":1}', "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind "
                   'of type string ({"kind":1})'),
    ('{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})'),
])
def test_what_is_no_object_is_unrecognized(body, wanted):
    assert refused(body) == f"the object provided is unrecognized (must be of type Pod): {wanted}"


@pytest.mark.parametrize(("version", "kind", "wanted"), [
    ("v1", "Podd", 'Podd in version "v1" cannot be handled as a Pod: no kind "Podd" is registered for version "v1" '
                   'in scheme "pkg/runtime/scheme.go:111"'),
    ("v1", "Service", 'Service in version "v1" cannot be handled as a Pod: '
                      "converting (v1.Service) to (core.Pod): unknown conversion"),
])
def test_another_kind_than_the_urls_is_refused(version, kind, wanted):
    assert refused({"apiVersion": version, "kind": kind}) == wanted


def test_another_version_than_the_urls_is_refused():
    body = {"apiVersion": "extensions/v1beta1", "kind": "Deployment"}
    wanted = "the API version in the data (extensions/v1beta1) does not match the expected API version (apps/v1)"
    assert refused(body, group="apps", kind="Deployment") == wanted


def test_kind_and_version_come_from_the_url_where_they_are_missing():
    obj, _ = read({"metadata": {"name": "c"}}, kind="ConfigMap")
    assert obj == {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}}


@pytest.mark.parametrize("content_type", ["text/plain", "application/vnd.kubernetes.protobuf"])
def test_other_media_types_are_refused(content_type):
    with pytest.raises(status.StatusError) as error:
        read(pod(), content_type)
    assert error.value.code == 415


def test_a_charset_is_no_other_media_type():
    assert read(pod(), "application/json; charset=utf-8")


def test_a_large_body_is_refused():
    with pytest.raises(status.StatusError) as error:
        read(b" " * (decode.MAX_BODY_BYTES + 1))
    assert (error.value.code, error.value.message) == (413, "Request entity too large: limit is 3145728")


def test_an_object_is_written_as_go_would():
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "creationTimestamp": None, "labels": {}},
            "spec": {"paused": False, "replicas": 0, "selector": {}, "template": {"spec": {"containers": [
                {"name": "a", "command": [], "resources": {"limits": {"cpu": "1000m"}}, "securityContext": {}}]}}}}
    obj, _ = read(body, group="apps", kind="Deployment")
    assert obj == {
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d"},
        "spec": {"replicas": 0, "selector": {}, "strategy": {}, "template": {"metadata": {}, "spec": {"containers": [
            {"name": "a", "resources": {"limits": {"cpu": "1"}}, "securityContext": {}}]}}},
        "status": {}}
    assert list(obj) == ["kind", "apiVersion", "metadata", "spec", "status"]


def test_required_zero_values_are_shown():
    obj, _ = read({"metadata": {"name": "e"}, "count": 0}, kind="Event")
    assert obj["firstTimestamp"] is None and obj["eventTime"] is None
    assert obj["involvedObject"] == {} and obj["reportingComponent"] == ""


@pytest.mark.parametrize(("text", "wanted"), [
    ("2026-01-01T09:00:00Z", "2026-01-01T09:00:00Z"), ("2026-01-01T01:00:00.9+02:00", "2025-12-31T23:00:00Z"),
    ("2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00Z"), ("0001-01-01T00:00:00Z", None),
])
def test_times_become_utc_and_whole_seconds(text, wanted):
    assert gotime.time(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("yesterday", 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'),
    ("2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'),
    ("2026-02-29T00:00:00Z", 'parsing time "2026-02-29T00:00:00Z": day out of range'),
])
def test_a_bad_time_is_refused_in_gos_words(text, wanted):
    with pytest.raises(gotime.TimeError) as error:
        gotime.time(text)
    assert str(error.value) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("{", "unexpected end of JSON input"),
    ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
    ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    ('{"a" 1}', "invalid character '1' after object key"),
    ("[1 2]", "invalid character '2' after array element"),
    ("[NaN]", "invalid character 'N' looking for beginning of value"),
    ("tru", "invalid character ' ' in literal true (expecting 'e')"), ("trux", "invalid character 'x' in literal true (expecting 'e')"),
    ('"a\nb"', "invalid character '\\n' in string literal"), ('"\\x"', "invalid character 'x' in string escape code"),
    ("01", "invalid character '1' after top-level value"), ("1.", "invalid character ' ' after decimal point in numeric literal"),
    ("\ufeff{}", "invalid character 'ï' looking for beginning of value"),
])
def test_bad_json_is_refused_in_gos_words(text, wanted):
    with pytest.raises(gojson.JSONError) as error:
        gojson.parse(text)
    assert str(error.value) == wanted


def test_deep_json_is_refused_without_harm():
    with pytest.raises(gojson.JSONError, match="exceeded max depth"):
        gojson.parse("[" * 200_000)


@pytest.mark.parametrize(("text", "wanted"), [
    ("a: yes\nb: 0o17\nc: 017\nd: 1e3\ne: 0x10\nf: 08\n", {"a": True, "b": 15, "c": 15, "d": 1000, "e": 16, "f": 8}),
    ("a: 2026-01-01\nb: ~\nc: '5'\nd: !!str 5\ne: 1_000", {"a": "2026-01-01", "b": None, "c": "5", "d": "5", "e": 1000}),
    ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
    ("base: &b {x: 1}\nuse: {<<: *b, z: 2}\n", {"base": {"x": 1}, "use": {"x": 1, "z": 2}}),
    ("\ufeffa: b\r\n", {"a": "b"}), ("", None), ("a: 1\n---\nb: [", {"a": 1}),
])
def test_yaml_is_read_as_upstream_reads_it(text, wanted):
    assert goyaml.parse(text.encode())[0] == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    (b"a: [b", "yaml: line 1: did not find expected ',' or ']'"),
    (b"a:\n\tb: c\n", "yaml: line 2: found character that cannot start any token"),
    (b"a: b: c\n", "yaml: mapping values are not allowed in this context"),
    (b"a: \xe9\n", "yaml: incomplete UTF-8 octet sequence"),
    (b"[" * 20000, "yaml: exceeded maximum nesting depth"),
    (b"a: .inf\n", "json: unsupported value: +Inf"),
])
def test_bad_yaml_is_refused_in_upstreams_words(text, wanted):
    with pytest.raises(goyaml.YAMLError) as error:
        goyaml.parse(text)
    assert str(error.value) == wanted


def test_an_alias_bomb_does_not_go_off():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(goyaml.YAMLError, match="document contains excessive aliasing"):
        goyaml.parse("\n".join(lines))


def test_repeated_yaml_keys_are_named_by_line():
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  name: q\nspec:\n  colour: red\n"
    assert read(text, "application/yaml")[1] == ['line 5: key "name" already set in map', 'unknown field "spec.colour"']
    wanted = f'{PREFIX}strict decoding error: yaml: unmarshal errors:\n  line 5: key "name" already set in map, ' \
             'unknown field "spec.colour"'
    assert refused(text, "application/yaml", validation="Strict") == wanted


def test_options_take_any_version_they_come_in():
    assert decode.decode_plain(b'{"gracePeriodSeconds": 3, "what": 1}', "application/json", "DeleteOptions") == \
        {"gracePeriodSeconds": 3}


@pytest.mark.parametrize(("sent", "wanted"), [([104, 105], "aGk="), ([], ""), ([1, "x"], "string"), ([300], "number 300")])
def test_bytes_may_be_a_list_of_numbers(sent, wanted):
    body = {"kind": "Secret", "apiVersion": "v1", "data": {"a": sent}}
    if isinstance(wanted, str) and wanted in ("string", "number 300"):
        assert refused(body, kind="Secret").endswith(f"cannot unmarshal {wanted} into Go struct field Secret.data of type uint8")
    else:
        assert read(body, kind="Secret")[0]["data"] == {"a": wanted}
