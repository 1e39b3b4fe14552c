#!/usr/bin/env python3
"""Writes cluster/apiserver/openapi_enums.json: the values that fields may have, which the published schemas leave out.

    .venv/bin/python tools/types/make_enums.py FOLDER        the folder of the module k8s.io/kubernetes

openapi_enums.json: {definition: {field: [values, what the description of the field says of them]}}; a field whose items are limited
is written with [] behind its name. Of Quantity and IntOrString, which the package of schemas does not describe, the field "" holds
the description. A real server adds them because its gate OpenAPIEnums is on, the published file is made without.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from cluster.meta import schema

FUNCTION = re.compile(r"^func schema_(k8sio_api_|pkg_apis_apiextensions_)(\w+)\(ref .*?^\}", re.M | re.S)
PACKAGES = {"k8sio_api_": "io.k8s.api.", "pkg_apis_apiextensions_": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions."}
PROPERTY = re.compile(r'^\t{5}"([^"]+)": \{$(.*?)^\t{5}\},$', re.M | re.S)
DESCRIPTION = re.compile(r'^\t{7}Description: +("(?:[^"\\]|\\.)*"),$', re.M)
ENUM = re.compile(r"^(\t+)Enum: +\[\]interface\{\}\{(.*)\},$", re.M)
EITHER = ("io.k8s.apimachinery.pkg.api.resource.Quantity", "io.k8s.apimachinery.pkg.util.intstr.IntOrString")
VALUES = "\n\nPossible enum values:"


def main() -> None:
    folder, known = Path(sys.argv[1]), schema.definitions()
    text = (folder / "pkg/generated/openapi/zz_generated.openapi.go").read_text()
    published = json.loads((folder / "api/openapi-spec/swagger.json").read_text())["definitions"]
    found = {name: {"": [[], published[name]["description"]]} for name in EITHER}
    for function in FUNCTION.finditer(text):
        package, name = function[1], function[2].replace("_", ".", 2 if function[1] == "k8sio_api_" else 1)
        name = PACKAGES[package] + name
        fields = dict(limited(function[0]))
        if name in known and fields:
            found[name] = fields
    lines = [f"{json.dumps(name)}:{json.dumps(found[name], ensure_ascii=False, separators=(',', ':'))}" for name in sorted(found)]
    target = Path(schema.__file__).parents[1] / "apiserver" / "openapi_enums.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{target.name}: {len(found)} definitions, {sum(map(len, found.values()))} fields, {target.stat().st_size} bytes")


def limited(function: str):
    """(field, [values, text]) of each field of a struct that has an enum, itself or in its items."""
    for name, body in PROPERTY.findall(function):
        for indent, values in ENUM.findall(body):
            described = DESCRIPTION.search(body)
            text = json.loads(described[1]) if described else ""
            yield name + "[]" * (len(indent) > 7), [json.loads(f"[{values}]"), text[text.find(VALUES):] if VALUES in text else ""]


if __name__ == "__main__":
    main()
