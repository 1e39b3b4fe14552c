"""The functions that expressions may call, and the types that they may name.

functions.txt: a line a declaration, in the order in which they are tried: name, `m` for a method, arguments, result.
Source: k8s.io/apiserver pkg/cel/environment/base.go, pkg/cel/library; github.com/google/cel-go common/stdlib/standard.go.
"""
from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

from . import types
from .types import Type


class Declaration(NamedTuple):
    """One way to call a function."""

    is_method: bool
    arguments: tuple[Type, ...]
    result: Type


NAMED = {name: ("type", (name,)) for name in ("bool", "bytes", "double", "int", "string", "uint")} | {
    "duration": ("type", types.DURATION), "timestamp": ("type", types.TIMESTAMP), "null_type": ("type", types.NULL),
    "type": ("type", types.TYPE), "list": ("type", types.list_of(types.DYN)), "map": ("type", types.map_of(types.DYN, types.DYN)),
    "google.protobuf.Duration": ("type", types.DURATION), "google.protobuf.Timestamp": ("type", types.TIMESTAMP)}
OF_PATCHES = {"jsonpatch.escapeKey": (Declaration(False, (types.STRING,), types.STRING),)}


@cache
def functions() -> dict[str, tuple[Declaration, ...]]:
    """The declarations of each function."""
    found: dict[str, list[Declaration]] = {}
    for line in resources.files("cluster.apiserver.cel").joinpath("functions.txt").read_text(encoding="utf-8").splitlines():
        name, sort, arguments, result = line.split("\t")
        read = tuple(types.read(text) for text in arguments.split("|")) if arguments else ()
        found.setdefault(name, []).append(Declaration(sort == "m", read, types.read(result)))
    return {name: tuple(declared) for name, declared in found.items()}
