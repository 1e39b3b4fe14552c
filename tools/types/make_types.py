#!/usr/bin/env python3
"""Writes cluster/meta/types.json: the published schemas' merge rules and main.go's facts about Go types, in one compact file.

    PYTHONPATH=. .venv/bin/python tools/types/make_types.py go_types.json

types.json: {"kinds": {"group/version/kind": struct}, "structs": {struct: [Go name, [field, ...]]},
             "others": ["group/version/kind", ...]}
field:      [name, flags, type, patchMergeKey, patchStrategy]; the last two only where there is one.
            flags: e omitempty, z omitzero, p pointer; after a colon the embedded Go struct that holds the field
type:       [sort, Go type, more]; more: of an object its struct's name, of a list or map its element.
            A list has then ["map", key, ...] or ["set"]; an atomic object or map ["atomic"].
Only released versions (v1, v2, ...) are kept; `others` names the kinds of other versions, which upstream knows too.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

from cluster.meta import schema

SPECIAL = {"Time": "time", "MicroTime": "microtime", "Quantity": "quantity", "IntOrString": "intorstring",
           "RawExtension": "raw", "FieldsV1": "fields", "JSON": "raw", "JSONSchemaPropsOrStringArray": "raw"}
# Types that take a struct or something simpler. Of a list of schemas nothing is kept: upstream refuses it.
LOOSE = {"JSONSchemaPropsOrArray": "object", "JSONSchemaPropsOrBool": "objectorbool"}
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
# The merge rules of apiextensions, which the published schemas leave out.
MERGE = {(f"{EXTENSIONS}CustomResourceDefinitionStatus", "conditions"): ["type"],
         (f"{EXTENSIONS}JSONSchemaProps", "x-kubernetes-validations"): ["rule"]}


def main() -> None:
    facts = json.loads(Path(sys.argv[1]).read_text())
    published = schema.definitions()
    kinds = {kind: name for kind, name in sorted(facts["kinds"].items()) if is_released(kind) and facts["structs"].get(name)}
    kinds = {kind: name for kind, name in kinds.items() if not name.startswith(EXTENSIONS) or "CustomResource" in kind}
    structs = {}
    for name in kinds.values():
        add(name, facts["structs"], published, structs)
    target = Path(schema.__file__).with_name("types.json")
    lines = [f" {json.dumps(name)}:{compact(structs[name])}" for name in sorted(structs)]
    others = sorted(kind for kind in facts["kinds"] if not is_released(kind))
    target.write_text('{"kinds":' + compact(kinds) + ',\n"others":' + compact(others) + ',\n"structs":{\n' + ",\n".join(lines) + "\n}}\n")
    print(f"{target.name}: {len(kinds)} kinds, {len(structs)} structs, {target.stat().st_size} bytes")


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def is_released(kind: str) -> bool:
    return not any(word in kind.split("/")[1] for word in ("alpha", "beta"))


def add(name: str, facts: dict, published: dict, structs: dict) -> None:
    if name in structs:
        return
    structs[name] = fact = [facts[name]["go"], []]
    properties = published.get(name, {}).get("properties", {})
    for field in facts[name]["fields"] or ():
        rules = properties.get(field["name"], {})
        if (name, field["name"]) in MERGE:
            rules = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": MERGE[name, field["name"]]}
        kind = describe(field["type"], rules, published)
        inside = field.get("in", "")
        row = [field["name"], f"{field['flags']}:{inside}" if inside else field["flags"], kind]
        if field.get("key") or field.get("merge"):
            row += [field.get("key", ""), field.get("merge", "")]
        fact[1].append(row)
        for inner in inner_structs(field["type"]):
            add(inner, facts, published, structs)


def inner_structs(kind: dict) -> list[str]:
    if "struct" in kind:
        return [kind["struct"]]
    if kind.get("special", "").rpartition(".")[2] in LOOSE:
        return [f"{EXTENSIONS}JSONSchemaProps"]
    inner = kind.get("list") or kind.get("map")
    return inner_structs(inner) if inner else []


def describe(kind: dict, rules: dict, published: dict) -> list:
    go = kind["go"]
    loose = LOOSE.get(kind.get("special", "").rpartition(".")[2])
    if loose:
        return [loose, "v1.JSONSchemaProps", f"{EXTENSIONS}JSONSchemaProps"]
    if "special" in kind:
        return [SPECIAL[kind["special"].rsplit(".", 1)[1]], go]
    if "scalar" in kind:
        return [kind["scalar"], go]
    if "bytes" in kind:
        return ["bytes", go]
    atomic = ["atomic"] if "atomic" in (rules.get("x-kubernetes-map-type"),) else []
    if "struct" in kind:
        says = rules.get("x-kubernetes-map-type") or published.get(kind["struct"], {}).get("x-kubernetes-map-type")
        atomic = ["atomic"] if says == "atomic" else []
        return ["object", go, kind["struct"], *([atomic] if atomic else [])]
    if "map" in kind:
        return ["map", go, describe(kind["map"], rules.get("additionalProperties", {}), published), *([atomic] if atomic else [])]
    merge = {"map": ["map", *rules.get("x-kubernetes-list-map-keys", ())], "set": ["set"]}.get(rules.get("x-kubernetes-list-type"))
    return ["list", go, describe(kind["list"], rules.get("items", {}), published), *([merge] if merge else [])]


if __name__ == "__main__":
    main()
