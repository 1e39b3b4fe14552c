"""What Kubernetes' own validation says of objects made by chance, and what ours says.

upstream.jsonl.gz (Pods, what is made of them alone, nodes), upstream_workloads.jsonl.gz (the other workloads, policies,
networking, RBAC) and upstream_storage.jsonl.gz (Services and their endpoints, storage, quotas, limits, priorities): a case a
line, {op, new, old, errors, warnings}. Each object, as decoded, went through the strategies of k8s.io/kubernetes v1.36.3
(pkg/registry/…, with its defaults and default feature gates); kept is what shows a message that no case before it shows.
Errors are sorted, since upstream walks maps in any order; a diff of two specs is `<diff>`.
"""
from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from cluster.kinds import registry
from cluster.meta.objectmeta import validate_kube_finalizers, validate_object_meta
from cluster.meta.objects import draft

FILES = ("upstream.jsonl.gz", "upstream_workloads.jsonl.gz", "upstream_storage.jsonl.gz")
CASES = [json.loads(line) for name in FILES for line in gzip.decompress(Path(__file__).with_name(name).read_bytes()).splitlines()]
DIFF = re.compile(r"\n@@ .*(?:\n[ +@-].*)*")


def judged(case: dict) -> dict:
    """Our errors and warnings for a case."""
    kind = registry().kind(case["new"]["apiVersion"], case["new"]["kind"])
    new, old = draft(case["new"]), draft(case.get("old"))
    kind.default(new)
    if case["op"] == "create":
        if kind.prepare_create:
            kind.prepare_create(new)
        errors = validate_object_meta(new["metadata"], namespaced=kind.namespaced, name_check=kind.name_check)
        if not kind.plain_metadata:
            errors += validate_kube_finalizers(new["metadata"].get("finalizers"), "metadata.finalizers")
        errors += kind.validate(new)
    else:
        kind.default(old)
        prepare, validate = strategy(kind, case["op"])
        if prepare:
            prepare(new, old)
        errors = validate(draft(new), old)      # what is the old one's very own is taken for sound, as these never were
    warns = not errors and case["op"] in ("create", "update") and kind.warn
    texts = {DIFF.sub("\n<diff>", str(error)): None for error in errors}
    return {"errors": sorted(texts), "warnings": sorted(kind.warn(new, old)) if warns else []}


def strategy(kind, op: str):
    """What prepares and what checks an update of some sort."""
    prepares = {"update": kind.prepare_update, "status": kind.prepare_status, **kind.prepare_for}
    checks = {"update": kind.validate_update, "status": kind.validate_status, **kind.validate_for}
    return prepares[op], checks[op]


@pytest.mark.slow
def test_ours_says_what_upstreams_says():
    assert len(CASES) > 2000
    wrong = []
    for index, case in enumerate(CASES):
        wanted = {"errors": case["errors"], "warnings": case["warnings"]}
        found = judged(case)
        if found != wanted:
            wrong.append((index, wanted, found))
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[0]}"


def test_cases_are_of_every_sort():
    assert {case["op"] for case in CASES} == {"create", "update", "status", "resize", "ephemeralcontainers"}
    assert {case["new"]["kind"] for case in CASES} == {
        "Pod", "Deployment", "ReplicaSet", "Node", "StatefulSet", "DaemonSet", "ControllerRevision", "Job", "CronJob",
        "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "IngressClass", "NetworkPolicy", "RuntimeClass", "Role",
        "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Service", "Endpoints", "Secret", "PersistentVolume",
        "PersistentVolumeClaim", "ReplicationController", "LimitRange", "ResourceQuota", "PodTemplate", "EndpointSlice",
        "StorageClass", "VolumeAttachment", "CSINode", "PriorityClass"}
