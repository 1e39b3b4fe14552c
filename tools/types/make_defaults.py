#!/usr/bin/env python3
"""Writes cluster/apiserver/openapi_defaults.json: the defaults of fields that do not follow from their Go types.

    PYTHONPATH=. .venv/bin/python tools/types/make_defaults.py FOLDER        the folder of the module k8s.io/kubernetes

openapi_defaults.json: {definition: {field: default}}. What follows from the types is openapi_defaults.py's to work out; this says so
where the published documents say something else.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

from cluster.apiserver import openapi_defaults
from cluster.meta import schema


def main() -> None:
    found: dict[str, dict] = {}
    for path in sorted((Path(sys.argv[1]) / "api/openapi-spec/v3").glob("*.json")):
        for name, body in json.loads(path.read_text()).get("components", {}).get("schemas", {}).items():
            struct = schema.struct_of(name)
            for field, about in (body.get("properties") or {}).items() if struct else ():
                derived = openapi_defaults.of_field(struct.fields[field]) if field in struct.fields else None
                if "default" in about and (derived is None or about["default"] != derived):
                    found.setdefault(name, {})[field] = about["default"]
    lines = [f"{json.dumps(name)}:{json.dumps(found[name], separators=(',', ':'))}" for name in sorted(found)]
    target = Path(schema.__file__).parents[1] / "apiserver" / "openapi_defaults.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{target.name}: {len(found)} definitions, {sum(map(len, found.values()))} fields, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
