#!/usr/bin/env python3
"""Writes cluster/apiserver/protobuf.json: the field numbers of the types in types.json, from upstream's generated.proto files.

    .venv/bin/python tools/types/make_protobuf.py FOLDER...        folders of the modules k8s.io/api, k8s.io/apimachinery,
                                                                    k8s.io/kube-aggregator, k8s.io/apiextensions-apiserver

protobuf.json: {struct: {number: field}}. A field that Go embeds is written "*struct": its fields belong to the outer object.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from cluster.meta import schema

MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^\s+(?:optional|repeated|required|map<[^>]*>)?\s*([\w.]*)\s+(\w+) = (\d+);", re.M)
PACKAGE = re.compile(r"^package ([\w.]+);", re.M)


def main() -> None:
    messages = {name: fields for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("generated.proto"))
                for name, fields in read(path.read_text())}
    found: dict[str, dict[str, str]] = {}
    for name in sorted(schema._table()["structs"]):
        add(name, schema.struct_of(name).fields, messages, found)
    lines = [f"{json.dumps(name)}:{json.dumps(found[name], separators=(',', ':'))}" for name in sorted(found)]
    target = Path(schema.__file__).parents[1] / "apiserver" / "protobuf.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{target.name}: {len(found)} structs, {target.stat().st_size} bytes")


def read(text: str):
    """(schema name, [(type, field, number)]) of each message of a file."""
    package = PACKAGE.search(text)[1]
    for name, body in MESSAGE.findall(text):
        yield schema_name(package, name), [(type_name(package, kind), field, number) for kind, field, number in FIELD.findall(body)]


def schema_name(package: str, name: str) -> str:
    """`io.k8s.api.core.v1.Pod` of package `k8s.io.api.core.v1`."""
    return f"io.k8s.{package.removeprefix('k8s.io.').replace('_', '-')}.{name}"


def type_name(package: str, kind: str) -> str:
    full = kind.lstrip(".")
    if full.startswith("k8s.io."):
        head, _, name = full.rpartition(".")
        return schema_name(head, name)
    return schema_name(package, full) if full[:1].isupper() else full


def spellings(field: str) -> list[str]:
    """How the JSON name of a field may differ: `Webhooks`, `ref` for `$ref`, `xKubernetesListType` for `x-kubernetes-list-type`."""
    return [field, field[:1].lower() + field[1:], f"${field}", re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", field)]


def add(name: str, known: dict, messages: dict, found: dict) -> None:
    """The numbers of one struct, and of what it embeds. known: the JSON fields of the outermost object."""
    if name in found or name not in messages:
        return
    found[name] = rows = {}
    for kind, field, number in messages[name]:
        field = next((name for name in spellings(field) if name in known), field)
        if field in known or kind not in messages:
            rows[number] = field
        else:
            rows[number] = "*" + kind
            add(kind, known, messages, found)


if __name__ == "__main__":
    main()
