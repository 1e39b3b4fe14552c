"""Manifests as kubectl reads them: documents, lists within them, and its words for what is none.

Source: k8s.io/apimachinery pkg/util/yaml/decoder.go;
k8s.io/cli-runtime pkg/resource/{visitor,mapper,metadata_decoder}.go;
k8s.io/kubectl pkg/validation/validation.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from cluster.apiserver import goyaml
from cluster.meta import gojson
from cluster.meta.gotext import quote, to_json, type_word

SEPARATOR = "---"
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
IGNORE_HINT = "; if you choose to ignore these errors, turn validation off with --validate=false"
MAX_DEPTH = 200  # upstream's is 10,000; nothing that the API takes is nested a quarter as deep as this
TOO_DEEP = "error converting YAML to JSON: yaml: exceeded max depth of 10000"
METADATA_TEXTS = ("generateName", "name", "namespace", "resourceVersion", "selfLink", "uid")
METADATA_MAPS = ("annotations", "labels")


class ManifestError(ValueError):
    """A text that kubectl refuses before the API server sees it; the message is kubectl's."""


@dataclass(frozen=True)
class Item:
    """One object of a file. in_list: it was an item of a List, about which kubectl complains in other words."""

    source: str
    value: dict
    in_list: bool = False

    @property
    def api_version(self) -> str:
        return self.value.get("apiVersion") or ""

    @property
    def kind(self) -> str:
        return self.value["kind"]

    @property
    def name(self) -> str:
        return (self.value.get("metadata") or {}).get("name") or ""

    @property
    def namespace(self) -> str:
        return (self.value.get("metadata") or {}).get("namespace") or ""


def text_of(data: bytes | str) -> str:
    """A file's text: byte order marks are obeyed and dropped, bytes that are no UTF-8 become U+FFFD."""
    if isinstance(data, str):
        return gojson.clean(data.removeprefix("\ufeff"))
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def items(name: str, data: bytes | str, *, validate: bool) -> Iterator[Item | ManifestError]:
    """The objects of a file, Lists unpacked, and what is wrong with others.

    A text that cannot be parsed, or (when validating) is no object, ends the file; one that cannot be decoded does not.
    """
    try:
        for value in documents(name, text_of(data)):
            if depth(value) > MAX_DEPTH:
                raise ManifestError(f"error parsing {name}: {TOO_DEEP}")
            if validate:
                validate_kind(name, value)
            yield from _decoded(name, value)
    except ManifestError as error:
        yield error
    except RecursionError:
        yield ManifestError(f"error parsing {name}: {TOO_DEEP}")


def depth(value: object) -> int:
    """How many lists and objects lie within each other."""
    levels, found = [value], 0
    while levels:
        inner: list = []
        for item in levels:
            if isinstance(item, dict | list):
                inner += item.values() if isinstance(item, dict) else item
        found += any(isinstance(item, dict | list) for item in levels)
        levels = inner
    return found


def _decoded(name: str, value: object) -> Iterator[Item | ManifestError]:
    try:
        check_object(value)
    except ManifestError as error:
        yield ManifestError(f"unable to decode {quote(name)}: {error}")
        return
    assert isinstance(value, dict)
    value.setdefault("apiVersion", "")
    if isinstance(value.get("items"), list):
        yield from _listed(name, value)
    else:
        yield Item(name, value)


def _listed(name: str, value: dict) -> Iterator[Item | ManifestError]:
    kind = value["kind"]
    item_kind = kind.removesuffix("List") if kind != "List" and kind.endswith("List") else ""
    for entry in value["items"]:
        if isinstance(entry, dict) and item_kind and not entry.get("kind"):
            entry = {"apiVersion": value["apiVersion"], "kind": item_kind, **entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str) or not entry["kind"]:
            yield ManifestError(
                'unable to get type info from the object "*unstructured.Unstructured": '
                "Object 'Kind' is missing in 'object has no kind field '"
            )
        elif isinstance(entry.get("items"), list):
            yield from _listed(name, {"apiVersion": "", **entry})
        else:
            yield Item(name, {"apiVersion": "", **entry}, in_list=True)


def documents(name: str, text: str) -> Iterator[object]:
    """Each document's value, empty ones left out. Raises ManifestError at the first that cannot be parsed."""
    try:
        source = _json_documents(text) if text.lstrip().startswith("{") else _yaml_documents(text)
        for value in source:
            if value is not None:
                yield value
    except (goyaml.YAMLError, gojson.JSONError) as error:
        raise ManifestError(f"error parsing {name}: {error}") from None


def _yaml_documents(text: str) -> Iterator[object]:
    for document in split(text):
        try:
            yield goyaml.parse(document)[0]
        except goyaml.YAMLError as error:
            raise goyaml.YAMLError(f"error converting YAML to JSON: {error}") from None


def split(text: str) -> Iterator[str]:
    """The documents of a YAML stream. A separator before any content stays in, so it counts as a line."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n"):
        if line.startswith(SEPARATOR):
            rest = line[len(SEPARATOR) :].strip()
            if rest and not rest.startswith("#"):
                raise goyaml.YAMLError(f"invalid Yaml document separator: {rest}")
            if lines:
                yield "\n".join(lines) + "\n"
                lines = []
                continue
        lines.append(line)
    if any(lines):
        yield "\n".join(lines) + "\n"


def _json_documents(text: str) -> Iterator[object]:
    """A stream that begins as JSON; what fails as JSON may still be YAML, but is complained of as JSON."""
    decoder, position, count = json.JSONDecoder(), 0, 0
    while True:
        rest = text[position:].lstrip()
        start = len(text) - len(rest)
        if not rest:
            return
        try:
            value, end = decoder.raw_decode(text, start)
        except ValueError as error:
            complaint = _json_complaint(text[start:], str(error))
            break
        count, position = count + 1, end
        yield _whole_text(value) if "\\u" in text else value
    if count > 1:
        raise gojson.JSONError(complaint)
    try:
        values = list(_yaml_documents(text[position:].lstrip(" \t\r")))
    except goyaml.YAMLError:
        raise gojson.JSONError(complaint) from None
    yield from values


def _whole_text(value: object) -> object:
    """The value without halves of surrogate pairs, which JSON's escapes may make."""
    if isinstance(value, str):
        return gojson.clean(value)
    if isinstance(value, dict):
        return {gojson.clean(key): _whole_text(item) for key, item in value.items()}
    return [_whole_text(item) for item in value] if isinstance(value, list) else value


def _json_complaint(text: str, fallback: str) -> str:
    scanner = gojson._Scanner(text)  # its position is wanted beside its words
    try:
        scanner.scan()
    except gojson.JSONError as error:
        if str(error) == "unexpected end of JSON input":
            return "unexpected EOF"
        return f"json: offset {len(text[: scanner.position].encode()) + 1}: {error}"
    return fallback


def validate_kind(name: str, value: object) -> None:
    """What kubectl checks of a document before anything else; the rest is left to the server (fieldValidation)."""
    complaints = _kind_complaints(value)
    if not complaints and isinstance(value, dict) and value["kind"] == "List":
        for entry in value.get("items") or ():
            complaints += _kind_complaints(entry)
    if complaints:
        text = complaints[0] if len(complaints) == 1 else "[" + ", ".join(dict.fromkeys(complaints)) + "]"
        raise ManifestError(f"error validating {quote(name)}: error validating data: {text}{IGNORE_HINT}")


def _kind_complaints(value: object) -> list[str]:
    if not isinstance(value, dict):
        return ["invalid object to validate"]
    found = []
    version = value.get("apiVersion")
    if version is None or not isinstance(version, str):
        found.append("apiVersion not set" if version is None else "apiVersion isn't string type")
    elif version.count("/") > 1:
        found.append(f"unexpected GroupVersion string: {version}")
    if value.get("kind") is None or not isinstance(value["kind"], str):
        found.append("kind not set" if value.get("kind") is None else "kind isn't string type")
    return found


def check_object(value: object) -> None:
    """What the decoder of unstructured objects demands. Raises ManifestError."""
    if not isinstance(value, dict):
        raise ManifestError(f"json: cannot unmarshal {type_word(value)} into Go value of type unstructured.detector")
    version, kind = value.get("apiVersion") or "", value.get("kind")
    if not isinstance(kind, str) or not kind or not isinstance(version, str) or version.count("/") > 1:
        raise ManifestError(f"Object 'Kind' is missing in '{to_json(value)}'")
    metadata = value.get("metadata")
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise ManifestError(_mismatch(metadata, "metadataOnlyObject.metadata", "v1.ObjectMeta"))
    for key in sorted(metadata):
        _check_metadata(key, metadata[key])


def _check_metadata(key: str, value: object) -> None:
    field = f"ObjectMeta.metadata.{key}"
    if value is None:
        return
    if key in METADATA_TEXTS and not isinstance(value, str):
        raise ManifestError(_mismatch(value, field, "string"))
    if key in METADATA_MAPS:
        if not isinstance(value, dict):
            raise ManifestError(_mismatch(value, field, "map[string]string"))
        for entry in value.values():
            if entry is not None and not isinstance(entry, str):
                raise ManifestError(_mismatch(entry, field, "string"))


def _mismatch(value: object, field: str, wanted: str) -> str:
    return f"json: cannot unmarshal {type_word(value)} into Go struct field {field} of type {wanted}"
