"""Binding: a scheduler's decision, POSTed and carried out, never stored. The scheduler uses pods/binding instead.

Source: pkg/registry/core/pod/storage/storage.go (LegacyBindingREST).
"""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age
from cluster.kinds.base import Kind


def cells(binding: dict, now_unix_ms: int) -> list:
    """Name, age: a Binding is never listed."""
    return [binding["metadata"].get("name", ""), age(binding, now_unix_ms)]


KIND = Kind(kind="Binding", plural="bindings", singular="binding", verbs=("create",), columns=(NAME, AGE), cells=cells, icon="link",
            title={"en": "Ties a Pod to a node: the scheduler's decision as an object.",
                   "zh": "将 Pod 绑定到节点：以对象表示的调度决定。"})
