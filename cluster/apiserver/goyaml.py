"""YAML as upstream reads it: go-yaml's words for what is no YAML, YAML 1.1 values, and at most so many aliases.

Source: sigs.k8s.io/yaml yaml.go; go.yaml.in/yaml/v2 decode.go, resolve.go.
"""
from __future__ import annotations

import base64
import re

import yaml

from cluster.meta.gojson import Number
from cluster.meta.gotext import float_text, quote

_PLAIN_TAG, _TEXT_TAG, _PREFIX = "plain", "text", "tag:yaml.org,2002:"
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
for _word in ("y", "yes", "true", "on"):
    _WORDS |= {form: True for form in (_word, _word.capitalize(), _word.upper())}
for _word in ("n", "no", "false", "off"):
    _WORDS |= {form: False for form in (_word, _word.capitalize(), _word.upper())}
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_INTEGER = 100  # 64 bits in binary, a sign and prefix; what is longer is out of range
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_UNSUPPORTED = {float("inf"): "+Inf", float("-inf"): "-Inf"}


class YAMLError(ValueError):
    """Text that is no YAML, or not JSON's subset of it; the message is upstream's, beginning with `yaml: `."""


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):
    """A loader that leaves the meaning of plain scalars to us."""

    def resolve(self, kind, value, implicit):
        if kind is yaml.ScalarNode:
            return _PLAIN_TAG if implicit[0] else _TEXT_TAG
        return super().resolve(kind, value, implicit)


def parse(raw: bytes | str) -> tuple[object, list[str]]:
    """(value, repeated keys) of the first document: what upstream's YAMLToJSON makes of it.

    Keys come in sorted order, as they do after its way through JSON. A repeated key is a complaint such as
    `line 5: key "name" already set in map`. Raises YAMLError.
    """
    loader = _loader(raw)
    try:
        node = loader.get_node() if loader.check_node() else None
    except yaml.composer.ComposerError as error:
        raise YAMLError(f"yaml: unknown anchor '{_name_at(raw, error.problem_mark)}' referenced") from None
    except yaml.MarkedYAMLError as error:
        raise YAMLError(f"yaml: {_where(error)}{error.problem}") from None
    except yaml.YAMLError as error:
        raise YAMLError(f"yaml: {_reader_problem(error)}") from None
    except RecursionError:
        raise YAMLError("yaml: exceeded max depth of 10000") from None
    finally:
        loader.dispose()
    return _constructed(node, raw)


def _name_at(raw: bytes | str, mark: yaml.Mark | None) -> str:
    """The name of the anchor or alias at a place."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    found = re.compile(r"[&*]([-\w]+)").search(text, mark.index if mark else 0)
    return found[1] if found else ""


def _loader(raw: bytes | str) -> _Loader:
    try:
        return _Loader(raw)
    except yaml.YAMLError as error:
        raise YAMLError(f"yaml: {_reader_problem(error)}") from None


def _constructed(node: yaml.Node | None, raw: bytes | str) -> tuple[object, list[str]]:
    builder = _Builder(raw)
    try:
        if node is not None:
            _refuse_bomb(node)
        value = builder.build(node) if node is not None else None
    except RecursionError:
        raise YAMLError("yaml: exceeded max depth of 10000") from None
    return value, builder.repeated


def _where(error: yaml.MarkedYAMLError) -> str:
    """`line N: `; go-yaml counts a parser's lines from 0 and a scanner's from 1, and never names line 0."""
    mark = error.problem_mark
    if mark is None or mark.line == 0:
        mark = error.context_mark if mark is None else error.context_mark or mark
        return f"line {mark.line}: " if mark is not None and mark.line else ""
    line = mark.line + 1 if isinstance(error, yaml.scanner.ScannerError) else mark.line
    return f"line {line}: "


def _reader_problem(error: yaml.YAMLError) -> str:
    reason = getattr(error, "reason", None) or str(error)
    if reason == "special characters are not allowed":
        return "control characters are not allowed"
    if "codec" in str(getattr(error, "encoding", "")) or reason.startswith("invalid start byte"):
        return "invalid leading UTF-8 octet"
    return reason


class _Builder:
    """Turns nodes into values, counting how much of it comes from aliases."""

    def __init__(self, raw: bytes | str):
        self.raw = raw
        self.repeated: list[str] = []
        self.count = self.alias_count = self.alias_depth = 0
        self.seen: dict[int, yaml.Node] = {}
        self.open: list[int] = []

    def build(self, node: yaml.Node) -> object:
        is_alias = id(node) in self.seen
        self._count(is_alias)
        if isinstance(node, yaml.ScalarNode):
            self.seen[id(node)] = node
            return _scalar(node)
        if id(node) in self.open:
            raise YAMLError(f"yaml: anchor '{_name_at(self.raw, node.start_mark)}' value contains itself")
        self.seen[id(node)] = node
        self.open.append(id(node))
        self.alias_depth += is_alias
        value = self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
        self.alias_depth -= is_alias
        self.open.pop()
        return value

    def _count(self, is_alias: bool) -> None:
        self.count += 1 + is_alias
        self.alias_count += is_alias + (self.alias_depth > 0)
        _refuse_excess(self.alias_count, self.count)

    def _sequence(self, node: yaml.SequenceNode) -> list:
        return [self.build(item) for item in node.value]

    def _mapping(self, node: yaml.MappingNode) -> dict:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                found = {**self._merged(value_node), **found}
                continue
            key = self._key(key_node)
            value = self.build(value_node)
            if key in found:
                shown = quote(key) if key_node.tag == _TEXT_TAG or isinstance(_scalar(key_node), str) else key
                self.repeated.append(f"line {value_node.start_mark.line + 1}: key {shown} already set in map")
            found[key] = value
        return {key: found[key] for key in sorted(found)}

    def _merged(self, node: yaml.Node) -> dict:
        if isinstance(node, yaml.SequenceNode):
            merged: dict = {}
            for item in reversed(node.value):
                merged |= self._merged(item)
            return merged
        if not isinstance(node, yaml.MappingNode):
            raise YAMLError("yaml: map merge requires map or sequence of maps as the value")
        return self.build(node)

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            shown = "map[interface {}]interface {}{}" if isinstance(node, yaml.MappingNode) else "[]interface {}{}"
            raise YAMLError(f"yaml: invalid map key: {shown}")
        self._count(False)
        value = _scalar(node)
        if value is None:
            raise YAMLError("unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>")
        if isinstance(value, bool):
            return "true" if value else "false"
        return float_text(value) if isinstance(value, float) else str(value)


def _refuse_bomb(root: yaml.Node) -> None:
    """Count what a document comes to before any of it is built: the aliases of a few lines may be worth millions."""
    sizes: dict[int, int] = {}
    _refuse_excess(_count_aliased(root, sizes), sizes[id(root)])


def _count_aliased(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many steps below a node, seen for the first time, come from aliases; `sizes` gets all steps of each node."""
    sizes[id(node)] = size = 1
    aliased = 0
    for child in _children(node):
        if id(child) in sizes:
            size += 1 + sizes[id(child)]
            aliased += sizes[id(child)]
        else:
            aliased += _count_aliased(child, sizes)
            size += sizes[id(child)]
    sizes[id(node)] = size
    return aliased


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _refuse_excess(aliased: int, count: int) -> None:
    if aliased > 100 and count > 1000 and aliased / count > _allowed_ratio(count):
        raise YAMLError("yaml: document contains excessive aliasing")


def _allowed_ratio(count: int) -> float:
    if count <= 400_000:
        return 0.99
    return max(0.10, 0.99 - 0.89 * (count - 400_000) / 3_600_000)


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and node.tag in (_PLAIN_TAG, f"{_PREFIX}merge")


def _scalar(node: yaml.ScalarNode) -> object:
    tag, text = node.tag, node.value
    if tag == _TEXT_TAG or tag == f"{_PREFIX}str":
        return text
    if tag == f"{_PREFIX}binary":
        return _binary(text)
    value = _resolved(text)
    if tag.startswith(_PREFIX) and tag[len(_PREFIX):] in ("bool", "int", "float", "null", "timestamp"):
        value = _tagged(value, text, tag[len(_PREFIX):])
    return _json_number(value) if isinstance(value, float) else value


def _tagged(value: object, text: str, tag: str) -> object:
    """A value whose tag says what it is to be."""
    found = {str: "str", bool: "bool", int: "int", float: "float"}.get(type(value), "null")
    if found == "int" and tag == "float":
        return float(value)
    if found != tag and not (tag == "timestamp" and found == "str"):
        raise YAMLError(f"yaml: cannot decode !!{found} `{text}` as a !!{tag}")
    return value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except ValueError:
        raise YAMLError("yaml: !!binary value contains invalid base64 data") from None


def _resolved(text: str) -> object:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if found := _SPECIAL_FLOAT.fullmatch(text):
        return float("nan") if found[3] else float(f"{found[1]}inf")
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "") if text[0] != "." else text
    if len(digits) <= _LONGEST_INTEGER and (found := _INTEGER.fullmatch(digits)):
        value = _integer(found[2])
        value = -value if found[1] == "-" else value
        if -2**63 <= value < 2**64:
            return value
    if not _FLOAT.fullmatch(digits):
        return text
    value = float(digits)
    return text if value in _UNSUPPORTED else value  # too large for a float: text


def _integer(digits: str) -> int:
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        return int(digits, 8)
    return int(digits, 0)


def _json_number(value: float) -> object:
    """A float after its way through JSON: whole ones lose their point."""
    if value != value or value in _UNSUPPORTED:
        raise YAMLError(f"json: unsupported value: {_UNSUPPORTED.get(value, 'NaN')}")
    if value == int(value) and abs(value) < 1e21:
        return int(value)
    return Number(float_text(value))
