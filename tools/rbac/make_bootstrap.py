#!/usr/bin/env python3
"""Writes cluster/worker/bootstrap_rbac.json: the Roles and bindings that a cluster starts with, from upstream's lists of them.

    .venv/bin/python tools/rbac/make_bootstrap.py FOLDER      plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata

A role: [name, namespace, labels, rules, aggregation label]. A rule: [groups, resources, verbs, names, urls], each a text with
spaces ("-" is the core group). A binding: [name, namespace, role kind, role, [[subject kind, name, namespace], …]].
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

SOURCES = ("cluster-roles", "controller-roles", "namespace-roles", "cluster-role-bindings", "controller-role-bindings", "namespace-role-bindings")
PARTS = ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs")
COMMON = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def main() -> None:
    items = [item for name in SOURCES for item in yaml.safe_load((Path(sys.argv[1]) / f"{name}.yaml").read_text())["items"]]
    found = {"roles": [role(item) for item in items if "roleRef" not in item],
             "bindings": [binding(item) for item in items if "roleRef" in item]}
    target = Path(__file__).parents[2] / "cluster" / "worker" / "bootstrap_rbac.json"
    lines = [f'"{name}":[\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]" for name, rows in found.items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{target.name}: {len(found['roles'])} roles, {len(found['bindings'])} bindings, {target.stat().st_size} bytes")


def role(item: dict) -> list:
    meta = item["metadata"]
    labels = {key: value for key, value in meta["labels"].items() if key not in COMMON}
    selectors = (item.get("aggregationRule") or {}).get("clusterRoleSelectors") or [{}]
    gathered = next(iter(selectors[0].get("matchLabels") or {}), "")
    return [meta["name"], meta.get("namespace", ""), labels, [rule(one) for one in item["rules"] or ()], gathered]


def rule(one: dict) -> list[str]:
    return [" ".join(value or "-" for value in one.get(part) or ()) for part in PARTS]


def binding(item: dict) -> list:
    meta, reference = item["metadata"], item["roleRef"]
    subjects = [[one["kind"], one["name"], one.get("namespace", "")] for one in item.get("subjects") or ()]
    return [meta["name"], meta.get("namespace", ""), reference["kind"], reference["name"], subjects]


if __name__ == "__main__":
    main()
