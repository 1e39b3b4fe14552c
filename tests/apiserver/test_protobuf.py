"""Protobuf bodies: kubectl create and drain send nothing else."""
import contextlib
import json
import random
import struct

import pytest

from cluster.apiserver import protobuf


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(**parts) -> bytes:
    """A message from `_NUMBER=value`: an int, a text, bytes, or a list of these."""
    out = b""
    for name, values in parts.items():
        number = int(name[1:])
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += varint(number << 3) + varint(value)
            else:
                data = value.encode() if isinstance(value, str) else value
                out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return protobuf.PREFIX + message(_1=message(_1=api_version, _2=kind), _2=raw)


def test_a_namespace():
    body = envelope("v1", "Namespace", message(_1=message(_1="foo", _2="", _7=0, _8=b"", _11=message(_1="a", _2="b"))))
    assert json.loads(protobuf.to_json(body)) == {"kind": "Namespace", "apiVersion": "v1", "metadata": {
        "name": "foo", "generateName": "", "generation": 0, "creationTimestamp": None, "labels": {"a": "b"}}}


def test_embedded_messages_belong_to_the_outer_object():
    volume = message(_1="v", _2=message(_19=message(_1=message(_1="settings"), _3=420)))
    body = envelope("v1", "Pod", message(_2=message(_1=volume)))
    assert json.loads(protobuf.to_json(body))["spec"]["volumes"] == [{"name": "v", "configMap": {"name": "settings", "defaultMode": 420}}]


def test_values_that_are_messages_on_the_wire():
    port = message(_1="/", _2=message(_1=0, _2=8080))
    resources = message(_2=message(_1="cpu", _2=message(_1="500m")))
    container = message(_1="app", _8=resources, _10=message(_1=message(_2=port), _2=-1), _18=1)
    spec = json.loads(protobuf.to_json(envelope("v1", "Pod", message(_2=message(_2=container)))))["spec"]
    assert spec["containers"] == [{
        "name": "app", "resources": {"requests": {"cpu": "500m"}}, "tty": True,
        "livenessProbe": {"httpGet": {"path": "/", "port": 8080}, "initialDelaySeconds": -1}}]


def test_times_and_bytes():
    meta = message(_1="c", _9=message(_1=1_767_258_000))
    found = json.loads(protobuf.to_json(envelope("v1", "ConfigMap", message(_1=meta, _3=message(_1="k", _2=b"\x00\xff")))))
    assert found["metadata"]["deletionTimestamp"] == "2026-01-01T09:00:00Z"
    assert found["binaryData"] == {"k": "AP8="}


def test_a_time_of_the_first_year_has_four_digits():
    """Source: k8s.io/apimachinery pkg/apis/meta/v1/micro_time.go; test/e2e/common/node/lease.go sets such a time."""
    assert protobuf._time(-62_135_596_798, 5_000, "microtime") == "0001-01-01T00:00:02.000005Z"


def test_it_is_created_like_any_other(http):
    code, _, body = http("POST", "/api/v1/namespaces", envelope("v1", "Namespace", message(_1=message(_1="foo"))),
                         **{"Content-Type": protobuf.MEDIA_TYPE})
    assert (code, body["metadata"]["name"], body["status"]["phase"]) == (201, "foo", "Active")


def test_what_is_no_object_is_refused(http):
    assert http("POST", "/api/v1/namespaces", b"nonsense", **{"Content-Type": protobuf.MEDIA_TYPE})[0] == 415


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_are_refused_and_never_a_fault(seed):
    chance = random.Random(seed)
    body = bytearray(envelope("v1", "Pod", message(_1=message(_1="p", _8=message(_1=5)), _2=message(_2=message(_1="a", _2="b")))))
    for _ in range(200):
        body[chance.randrange(4, len(body))] = chance.randrange(256)
        with contextlib.suppress(protobuf.ProtobufError):
            protobuf.to_json(bytes(body))


def test_fields_that_are_written_large_on_the_wire_have_their_json_names():
    """`Webhooks` and `Expression` are so in their Go tags; the JSON names begin small."""
    hook = message(_1="a.b.c", _6="None")
    body = envelope("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", message(_1=message(_1="x"), _2=[hook, hook]))
    assert [each["name"] for each in json.loads(protobuf.to_json(body))["webhooks"]] == ["a.b.c", "a.b.c"]
    rule = message(_1="object.spec.x > 1", _2="no")
    body = envelope("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", message(_1=message(_1="x"), _2=message(_3=rule)))
    assert json.loads(protobuf.to_json(body))["spec"]["validations"] == [{"expression": "object.spec.x > 1", "message": "no"}]


def test_a_definition_has_schemas_in_schemas():
    """Go's client of definitions speaks protobuf too. Source: apiextensions v1 generated.proto, marshal.go."""
    number = message(_5="integer") + b"\x59" + struct.pack("<d", 3.5)      # minimum, field 11
    props = [message(_1="n", _2=number), message(_1="l", _2=message(_5="array", _24=message(_1=message(_5="string")), _42="set")),
             message(_1="m", _2=message(_5="object", _30=message(_1=1))), message(_1="o", _2=message(_30=message(_2=message(_5="string")))),
             message(_1="d", _2=message(_8=message(_1=b'{"a": 1}'), _38=1))]
    version = message(_1="v1", _2=1, _3=1, _4=message(_1=message(_5="object", _29=props)))
    body = envelope("apiextensions.k8s.io/v1", "CustomResourceDefinition", message(_1=message(_1="x"), _2=message(_1="g.io", _7=version)))
    found = json.loads(protobuf.to_json(body))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    assert found == {
        "n": {"type": "integer", "minimum": 3.5},
        "l": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "m": {"type": "object", "additionalProperties": True},
        "o": {"additionalProperties": {"type": "string"}},
        "d": {"default": {"a": 1}, "x-kubernetes-preserve-unknown-fields": True},
    }
