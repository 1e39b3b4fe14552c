"""From bytes to an object: JSON or YAML, typed by the schema, field validation, and Go's words for what is wrong.

A decoded object looks as Go would write it: fields in their order, empty ones left out where `omitempty` says so,
quantities and times in canonical form, and present zero values (`resources: {}`, `status: {}`).
Source: k8s.io/apimachinery pkg/runtime/serializer/json/{json,meta}.go; k8s.io/apiserver pkg/endpoints/handlers/{create,rest}.go;
sigs.k8s.io/json internal/golang/encoding/json/decode.go.
"""
from __future__ import annotations

from cluster.meta import gojson, schema, status
from cluster.meta.gotext import quote, type_word

from . import goyaml
from .typed import Decoder, GoError

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
ACCEPTED = (JSON, YAML, PROTOBUF)
MAX_BODY_BYTES = 3 * 1024 * 1024
SCHEME = '"pkg/runtime/scheme.go:111"'
_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


class DecodeError(ValueError):
    """Why a body cannot be read; kind, version: what it says that it is, as far as known."""

    def __init__(self, message: str, kind: str = "", version: str = ""):
        super().__init__(message)
        self.kind, self.version = kind, version


def decode(raw: bytes, content_type: str, group: str, version: str, kind: str,
           field_validation: str = "", told: list | None = None) -> tuple[dict, list[str]]:
    """(object, warnings) of a body that should hold a kind.

    field_validation: Ignore, Warn or Strict; "" is Warn. The object is a fresh draft with apiVersion and kind. told: is given an entry
    where the object has kept lists or maps that were sent empty (empties.py); None leaves them out.
    Raises StatusError: 400, 413 or 415.
    """
    is_yaml = media_type(content_type) == YAML
    check_size(raw)
    try:
        value, complaints = _parsed(raw, is_yaml)
        return _decoded(value, complaints, (group, version, kind), field_validation or "Warn", told)
    except DecodeError as error:
        raise refusal(error, kind, raw) from None


def read_value(raw: bytes, content_type: str, kind: str) -> tuple[object, list[str]]:
    """(what a body holds, complaints about YAML's repeated keys), not typed yet. Raises StatusError: 400, 413 or 415."""
    is_yaml = media_type(content_type) == YAML
    check_size(raw)
    try:
        return _parsed(raw, is_yaml)
    except DecodeError as error:
        raise refusal(error, kind, raw) from None


def media_type(content_type: str, accepted: tuple[str, ...] = ACCEPTED) -> str:
    """The media type without parameters; "" counts as JSON. Raises StatusError 415."""
    found = content_type.partition(";")[0].strip().lower() or JSON
    if found not in accepted or found == PROTOBUF:
        raise status.unsupported_media_type(accepted)
    return found


def check_size(raw: bytes) -> None:
    """Refuse a body above the limit with 413."""
    if len(raw) > MAX_BODY_BYTES:
        raise status.request_too_large(f"limit is {MAX_BODY_BYTES}")


def refusal(error: DecodeError, kind: str, raw: bytes) -> status.StatusError:
    """The 400 for a body that cannot be read."""
    if error.kind:
        return status.bad_request(f"{error.kind} in version {quote(error.version)} cannot be handled as a {kind}: {error}")
    return status.bad_request(f"the object provided is unrecognized (must be of type {kind}): {error} ({summary(raw)})")


def summary(raw: bytes) -> str:
    """The beginning of a body as messages quote it."""
    if not raw:
        return "<empty>"
    head = raw[:30]
    text = head.decode("utf-8", "replace") if raw[:1] == b"{" else head.hex()
    return f"{text} ..." if len(raw) > 30 else text


def _parsed(raw: bytes, is_yaml: bool) -> tuple[object, list[str]]:
    """(value, repeated keys of YAML)."""
    if is_yaml:
        try:
            return goyaml.parse(raw)
        except goyaml.YAMLError as error:
            raise DecodeError(str(error)) from None
    try:
        return gojson.parse(raw), []
    except gojson.JSONError as error:
        raise DecodeError(f"couldn't get version/kind; json parse error: {error}") from None


def _decoded(value: object, repeated: list[str], wanted: tuple[str, str, str], validation: str,
             told: list | None) -> tuple[dict, list[str]]:
    group, version, kind = found = identity(value, wanted)
    struct = schema.type_of(*found)
    if struct is None and not schema.is_registered(*found):
        raise DecodeError(not_registered(found), kind, version)
    if struct is None and kind == wanted[2]:
        raise _version_mismatch(found, wanted)
    decoder = Decoder(strict=validation != "Ignore", is_whole=told is not None)
    try:
        obj = decoder.object(value if value is not None else {}, struct)
    except GoError as error:
        raise DecodeError(str(error), kind, version) from None
    if decoder.has_empties:
        told.append(True)
    if found[::2] != wanted[::2] or version != wanted[1]:
        _check_convertible(found, wanted)
    warnings = _strictness(decoder.strict_errors, repeated, validation, kind, version)
    if "kind" not in obj or "apiVersion" not in obj:  # what was left out stands in front, as Go writes it
        obj = {"kind": kind, "apiVersion": "", **obj}
    obj["apiVersion"], obj["kind"] = _api_version(group, version), kind
    return obj, warnings


def identity(value: object, default: tuple[str, str, str] = ("", "", "")) -> tuple[str, str, str]:
    """(group, version, kind) that an object says it is, filled in from a default. Raises DecodeError."""
    if value is None:
        value = {}
    prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal"
    if not isinstance(value, dict):
        raise DecodeError(f"{prefix} {type_word(value)} into Go value of type {_TYPE_META}")
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name, ""), (str, type(None))):
            raise DecodeError(f"{prefix} {type_word(value[name])} into Go struct field .{name} of type string")
    api_version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    group, version = split_api_version(api_version)
    if not version and not group:
        group, version = default[0], default[1]
    elif not version and group == default[0]:
        version = default[1]
    return group, version, kind or default[2]


def split_api_version(text: str) -> tuple[str, str]:
    """(group, version) of an apiVersion. Raises DecodeError."""
    if not text or text == "/":
        return "", ""
    if text.count("/") > 1:
        raise DecodeError(f"unexpected GroupVersion string: {text}")
    group, _, version = text.rpartition("/")
    return group, version


def _api_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def not_registered(found: tuple[str, str, str]) -> str:
    """Upstream's words for a kind that it does not know."""
    group, version, kind = found
    return f"no kind {quote(kind)} is registered for version {quote(_api_version(group, version))} in scheme {SCHEME}"


def _version_mismatch(found: tuple, wanted: tuple) -> status.StatusError:
    return status.bad_request(f"the API version in the data ({_api_version(*found[:2])}) does not match "
                              f"the expected API version ({_api_version(*wanted[:2])})")


def _check_convertible(found: tuple, wanted: tuple) -> None:
    """Refuse an object that is of another kind, or of another version, than the URL."""
    if found[2] == wanted[2]:
        raise _version_mismatch(found, wanted)
    package = wanted[0].partition(".")[0] or "core"
    raise DecodeError(f"converting ({found[1]}.{found[2]}) to ({package}.{wanted[2]}): unknown conversion", found[2], found[1])


def _strictness(errors: list[str], repeated: list[str], validation: str, kind: str, version: str) -> list[str]:
    """The warnings that unknown and repeated fields give; raises DecodeError when they are forbidden."""
    if validation == "Ignore" or not (errors or repeated):
        return []
    if validation == "Strict":
        whole = ["yaml: unmarshal errors:\n" + "\n".join(f"  {line}" for line in repeated)] if repeated else []
        raise DecodeError(f"strict decoding error: {', '.join(whole + errors)}", kind, version)
    return repeated + errors


def decode_plain(raw: bytes, content_type: str, kind: str, group: str = "meta.k8s.io", version: str = "v1") -> dict:
    """An options object (DeleteOptions): any apiVersion is taken, unknown fields are dropped. Raises StatusError."""
    obj, _ = decode_options(raw, content_type, kind, group, version)
    return obj


def decode_options(raw: bytes, content_type: str, kind: str, group: str, version: str) -> tuple[dict, str]:
    """(object, apiVersion it came with). Of a delete's options upstream tells the decoder's own words."""
    is_yaml = media_type(content_type) == YAML
    check_size(raw)
    try:
        value, _ = _parsed(raw, is_yaml)
        found = identity(value, (group, version, kind))
        struct = schema.type_of(*found) or schema.type_of("", "v1", kind)
        if found[2] != kind or struct is None:
            raise DecodeError(not_registered(found), found[2], found[1])
        obj = Decoder(strict=False).object(value or {}, struct)
    except (GoError, DecodeError) as error:
        if kind == "DeleteOptions":
            raise status.bad_request(str(error)) from None
        known = error if isinstance(error, DecodeError) else DecodeError(str(error), kind, version)
        raise refusal(known, kind, raw) from None
    return obj, _api_version(found[0], found[1])
