"""OpenAPI as protobuf: read back by a small reader, it says what the JSON says."""
import struct

import msgspec
import pytest

from cluster.apiserver import openapi, openapi_protobuf
from cluster.apiserver.protobuf import _entries as entries
from cluster.kinds import registry

V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
V3 = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"
LISTS = ("TypeItem", "ItemsItem")


def read(version: int, name: str, data: bytes):
    """A message as the JSON that it was made from."""
    members = openapi_protobuf.writer(version).messages[name]
    by_number = {number: (member, kind, is_repeated) for member, (number, kind, is_repeated) in members.items()}
    found = {}
    for number, value in entries(data):
        member, kind, is_repeated = by_number[number]
        item = value_of(version, kind, value)
        if name == "Any":
            return msgspec.yaml.decode(item)
        if member.startswith("|"):
            return item
        if member.endswith("*"):
            found[item["name"]] = item["value"]
        elif is_repeated:
            found.setdefault(member, []).append(item)
        elif isinstance(item, dict):
            found[member] = {**found.get(member, {}), **item}
        else:
            found[member] = item
    if name in LISTS:
        return found["[]"][0]
    return found if name != "DefaultType" else {}


def value_of(version: int, kind: str, value):
    if kind == "string":
        return value.decode()
    if kind == "double":
        return struct.unpack("<d", value)[0]
    return {"bool": bool, "int64": int}[kind](value) if kind in ("bool", "int64") else read(version, kind, value)


def without_zeros(node):
    """What proto3 cannot say: that a list or a text is there and empty, or a flag there and false. Values of x- are texts, kept whole."""
    if isinstance(node, list):
        return [without_zeros(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: value if key.startswith("x-") or key in ("enum", "default") else without_zeros(value) for key, value in node.items()
            if value not in ("", [], False) or key.startswith("x-")}


def test_version_2_says_what_the_json_says():
    expected = without_zeros(openapi.version_2(registry()))
    found = read(2, "Document", openapi_protobuf.version_2(registry()))
    assert found["definitions"].keys() == expected["definitions"].keys() and found["paths"].keys() == expected["paths"].keys()
    for part in ("definitions", "paths"):
        for name in expected[part]:
            assert without_zeros(found[part][name]) == expected[part][name], name
    assert found["info"] == expected["info"] and found["swagger"] == "2.0"


@pytest.mark.parametrize("name", ["api/v1", "apis/apps/v1", "apis/apiextensions.k8s.io/v1", "apis/autoscaling/v2"])
def test_version_3_says_what_the_json_says(name):
    expected = without_zeros(openapi.document(registry(), name))
    found = read(3, "Document", openapi_protobuf.document(registry(), name))
    assert found["paths"].keys() == expected["paths"].keys()
    for schema, body in expected["components"]["schemas"].items():
        assert without_zeros(found["components"]["schemas"][schema]) == body, schema
    for path in expected["paths"]:
        assert without_zeros(found["paths"][path]) == expected["paths"][path], path


def test_the_numbers_are_those_of_the_published_messages():
    top = dict(entries(openapi_protobuf.version_2(registry())))
    assert top[1] == b"2.0" and dict(entries(top[2]))[1] == b"Kubernetes"
    names = [dict(entries(pair))[1].decode() for number, pair in entries(top[9])]
    assert "io.k8s.api.core.v1.Pod" in names and names == sorted(names)


def test_the_form_is_what_the_client_accepts_best(http):
    for path, accept in (("/openapi/v2", V2), ("/openapi/v3/apis/apps/v1", V3)):
        code, headers, body = http("GET", path, Accept=accept)
        assert (code, headers["Content-Type"], headers["Vary"]) == (200, accept.replace("@", "."), "Accept")
        assert isinstance(body, bytes)
        plain = http("GET", path, Accept=f"application/json, {accept};q=0.5")
        assert plain[1]["Content-Type"] == "application/json" and plain[1]["ETag"] == headers["ETag"]
        assert http("GET", path, Accept=accept, If_None_Match=headers["ETag"])[0] == 304
        assert http("GET", path, Accept="text/html")[0] == 406


def test_an_old_hash_is_sent_to_the_new_one(http):
    code, headers, _ = http("GET", "/openapi/v3/apis/apps/v1", query="hash=OLD")
    assert code == 301 and headers["Location"] == f"?hash={openapi.digests(registry())['apis/apps/v1']}"
