#!/usr/bin/env python3
"""Writes cluster/apiserver/openapi_protobuf.json: the messages of OpenAPI's protobuf form, from gnostic-models' .proto files.

    .venv/bin/python tools/types/make_openapi_protobuf.py FOLDER        the folder of the module github.com/google/gnostic-models

openapi_protobuf.json: {"2" or "3": {message: {member: "number type"}}}. A member is named as the JSON document names it; "x-*", "/*"
and "*" stand for members whose names are free, "[]" for a message that is one list, "|type" for what a message is one of. A type
that ends in "*" is repeated.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from cluster.meta import schema

FILES = {"2": "openapiv2/OpenAPIv2.proto", "3": "openapiv3/OpenAPIv3.proto"}
MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^\s+(repeated )?([\w.]+) (\w+) = (\d+);", re.M)
FREE = {"vendor_extension": "x-*", "specification_extension": "x-*", "path": "/*", "response_code": "*", "response_or_reference": "*",
        "additional_properties": "*"}


def main() -> None:
    found = {version: read((Path(sys.argv[1]) / name).read_text()) for version, name in FILES.items()}
    target = Path(schema.__file__).parents[1] / "apiserver" / "openapi_protobuf.json"
    target.write_text("{\n" + ",\n".join(f'"{version}":{{\n{lines(table)}\n}}' for version, table in found.items()) + "\n}\n")
    print(f"{target.name}: {sum(map(len, found.values()))} messages, {target.stat().st_size} bytes")


def lines(table: dict) -> str:
    return ",\n".join(f"{json.dumps(name)}:{json.dumps(members, separators=(',', ':'))}" for name, members in sorted(table.items()))


def read(text: str) -> dict[str, dict[str, str]]:
    """The messages that a document can be made of."""
    messages = {name: members(body) for name, body in MESSAGE.findall(text)}
    kept, waiting = {}, ["Document"]
    while waiting:
        name = waiting.pop()
        if name in messages and name not in kept:
            kept[name] = messages[name]
            waiting += [member.split()[1].rstrip("*") for member in messages[name].values()]
    return kept


def members(body: str) -> dict[str, str]:
    rows = FIELD.findall(body)
    if "oneof " in body:
        return {f"|{kind}": f"{number} {kind}" for _, kind, _, number in rows}
    if len(rows) == 1 and rows[0][0] and not rows[0][1].startswith("Named"):
        return {"[]": f"{rows[0][3]} {rows[0][1]}*"}
    return {wire_name(name, kind, is_repeated): f"{number} {kind}{'*' * bool(is_repeated)}" for is_repeated, kind, name, number in rows}


def wire_name(name: str, kind: str, is_repeated: str) -> str:
    """`$ref` of `_ref`, `operationId` of `operation_id`, `x-*` of a repeated pair."""
    if is_repeated and kind.startswith("Named"):
        return FREE[name]
    head, *rest = name.replace("_ref", "$ref", 1).split("_") if name == "_ref" else name.split("_")
    return head + "".join(part.title() for part in rest)


if __name__ == "__main__":
    main()
