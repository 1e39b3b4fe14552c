"""Values made to fit their types as Go's decoder and encoder would: the errors of the one, the omissions of the other.

Source: sigs.k8s.io/json internal/golang/encoding/json/decode.go; Go's encoding/json encode.go (omitempty, omitzero).
"""
from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable

from cluster.meta import gojson, quantity, schema
from cluster.meta.gojson import Number
from cluster.meta.gotext import quote, type_word

from . import gotime

OCTET = schema.Type(["int32", "uint8"])
_LIMITS = {"int32": 2**31, "int64": 2**63}
_MAX_STRICT_ERRORS = 100
_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


class GoError(ValueError):
    """What does not fit; the message is Go's."""


class _Abort(GoError):
    """An error of a type that decodes itself, which ends the decoding at once."""


class Decoder:
    """Decodes one value. strict_errors: unknown and repeated fields, in the order of the text.

    is_whole: leave empty lists and maps where they are, as in Go's memory; empties.strip takes them out where `has_empties` says so.
    """

    BAD_BYTES = "illegal base64 data at input byte"

    def __init__(self, *, strict: bool = True, is_whole: bool = False):
        self.strict, self.strict_errors = strict, []
        self.is_whole, self.has_empties = is_whole, False
        self._saved = ""

    def object(self, value: object, struct: schema.Struct) -> dict:
        """An object of a struct's type, a fresh draft as Go would write it. Raises GoError."""
        if not isinstance(value, dict):
            raise GoError(f"json: cannot unmarshal {type_word(value)} into Go value of type {struct.go}")
        try:
            result = self._struct(value, struct, "", "")
        except RecursionError:
            raise GoError("exceeded max depth") from None
        if self._saved:
            raise GoError(self._saved)
        return result

    def _value(self, value: object, kind: schema.Type, owner: str, field: str, path: str) -> object:
        """owner.field: for type errors; path: for strict ones. None stands for the zero value."""
        sort = kind.sort
        if value is None:
            return None
        if sort == "string":
            return value if type(value) is str else self._mismatch(value, kind, owner, field)
        if sort == "object":
            if isinstance(value, dict):
                return self._struct(value, kind.struct, field, path)
            return self._mismatch(value, kind, owner, field)
        if sort == "list":
            return self._list(value, kind, owner, field, path)
        if sort == "map":
            return self._map(value, kind, owner, field, path)
        return _SPECIAL[sort](self, value, kind, owner, field)

    def _mismatch(self, value: object, kind: schema.Type, owner: str, field: str, word: str = "", go: str = "") -> None:
        """Remember a type error if it is the first; the field stays zero."""
        if not self._saved:
            word = word or type_word(value)
            self._saved = f"json: cannot unmarshal {word} into Go struct field {owner}.{field} of type {go or kind.go}"

    def _struct(self, value: dict, struct: schema.Struct, field: str, path: str) -> dict:
        found: dict[str, object] = {}
        fields, owner = struct.fields, struct.go
        seen_twice = type(value) is gojson.Repeated
        for key, item in value.pairs if seen_twice else value.items():
            member = fields.get(key)
            if member is None:
                self._complain("unknown field", path, key)
                continue
            if seen_twice and key in found:
                self._complain("duplicate field", path, key)
            name = f"{member.embedded}.{key}" if member.embedded else key
            inner_field = f"{field}.{name}" if field else name
            decoded = self._value(item, member.type, owner, inner_field, f"{path}.{key}" if path else key)
            found[key] = _merged(found.get(key), decoded) if seen_twice else decoded
        return whole(found, struct) if self.has_empties else encoded(found, struct)

    def _list(self, value: object, kind: schema.Type, owner: str, field: str, path: str) -> list | None:
        if not isinstance(value, list):
            return self._mismatch(value, kind, owner, field)
        if not value:
            self.has_empties = self.is_whole
        element = kind.element
        items = [self._value(item, element, owner, field, f"{path}[{index}]") for index, item in enumerate(value)]
        if None in items:
            items = [zero(element) if item is None else item for item in items]
        return items

    def _map(self, value: object, kind: schema.Type, owner: str, field: str, path: str) -> dict | None:
        if not isinstance(value, dict):
            return self._mismatch(value, kind, owner, field)
        if not value:
            self.has_empties = self.is_whole
        element = kind.element
        if type(value) is gojson.Repeated:
            self._repeated_keys(value.pairs, path)
        result = {}
        for key in sorted(value):
            item = self._value(value[key], element, owner, field, f"{path}.{key}")
            result[key] = zero(element) if item is None else item
        return result

    def _repeated_keys(self, pairs: Iterable[tuple[str, object]], path: str) -> None:
        seen: dict[str, None] = {}
        for key, _ in pairs:
            if key in seen:
                self._complain("duplicate field", path, key)
            seen[key] = None

    def _complain(self, what: str, path: str, key: str) -> None:
        if not self.strict or len(self.strict_errors) >= _MAX_STRICT_ERRORS:
            return
        message = f"{what} {quote(f'{path}.{key}' if path else key)}"
        if message not in self.strict_errors:
            self.strict_errors.append(message)

    def _bool(self, value: object, kind: schema.Type, owner: str, field: str) -> bool | None:
        return value if isinstance(value, bool) else self._mismatch(value, kind, owner, field)

    def _integer(self, value: object, kind: schema.Type, owner: str, field: str, sort: str = "") -> int | None:
        sort = sort or kind.sort
        if type(value) is int and -_LIMITS[sort] <= value < _LIMITS[sort]:
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self._mismatch(value, kind, owner, field, go=_go_of(kind, sort))
        return self._odd_number(value, kind, owner, field, sort)

    def _odd_number(self, value: int | float, kind: schema.Type, owner: str, field: str, sort: str) -> int | None:
        return self._mismatch(value, kind, owner, field, f"number {number_text(value)}", _go_of(kind, sort))

    def _float(self, value: object, kind: schema.Type, owner: str, field: str) -> int | float | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self._mismatch(value, kind, owner, field)
        try:
            return gojson.plain(value)
        except gojson.JSONError:
            return self._mismatch(value, kind, owner, field, f"number {number_text(value)}")

    def _schema_or_bool(self, value: object, kind: schema.Type, owner: str, field: str) -> dict | bool:
        if isinstance(value, dict):
            return self._struct(value, kind.struct, field, field)
        if not isinstance(value, bool):
            raise _Abort("boolean or JSON schema expected")
        return value

    def _bytes(self, value: object, kind: schema.Type, owner: str, field: str) -> str | None:
        if isinstance(value, list):
            return self._octets(value, owner, field)
        if type(value) is not str:
            return self._mismatch(value, kind, owner, field)
        problem = base64_problem(value)
        if problem is None:
            return value.replace("\n", "").replace("\r", "")
        self._saved = self._saved or f"{self.BAD_BYTES} {problem}"
        return None

    def _octets(self, value: list, owner: str, field: str) -> str | None:
        """Bytes that were sent as a list of numbers."""
        for item in value:
            if type(item) is not int or not 0 <= item < 256:
                is_number = isinstance(item, (int, float)) and not isinstance(item, bool)
                word = f"number {number_text(item)}" if is_number else type_word(item)
                if item is not None:
                    return self._mismatch(item, OCTET, owner, field, word)
        return binascii.b2a_base64(bytes(item or 0 for item in value), newline=False).decode()

    def _time(self, value: object, kind: schema.Type, owner: str, field: str) -> str:
        if type(value) is not str:
            raise self._abort(value, owner, field, "string")
        try:
            return gotime.micro_time(value) if kind.sort == "microtime" else gotime.time(value)
        except gotime.TimeError as error:
            raise _Abort(str(error)) from None

    def _quantity(self, value: object, kind: schema.Type, owner: str, field: str) -> str:
        text = value if type(value) is str else "" if isinstance(value, (bool, list, dict)) else number_text(value)
        try:
            return quantity.parse(text).text
        except quantity.QuantityError as error:
            raise _Abort(str(error)) from None

    def _int_or_string(self, value: object, kind: schema.Type, owner: str, field: str) -> int | str:
        if type(value) is str:
            return value
        if type(value) is int and -_LIMITS["int32"] <= value < _LIMITS["int32"]:
            return value
        raise self._abort(value, owner, field, "int32")

    def _abort(self, value: object, owner: str, field: str, go: str) -> _Abort:
        word = type_word(value)
        if word == "number" and go == "int32":
            word = f"number {number_text(value)}"
        return _Abort(f"json: cannot unmarshal {word} into Go struct field {owner}.{field} of type {go}")

    def _raw(self, value: object, kind: schema.Type, owner: str, field: str) -> object:
        try:
            return gojson.plain(value)
        except gojson.JSONError as error:
            raise _Abort(str(error)) from None


class Converter(Decoder):
    """Fits what is no text any more, but maps and lists, into a type: a strategic merge patch's outcome. Its own words for what does not fit.

    Source: k8s.io/apimachinery pkg/runtime/converter.go (fromUnstructured).
    """

    BAD_BYTES = f"error decoding from json: {Decoder.BAD_BYTES}"

    def _mismatch(self, value: object, kind: schema.Type, owner: str, field: str, word: str = "", go: str = "") -> None:
        raise _Abort(unfit(value, kind))

    def _odd_number(self, value: int | float, kind: schema.Type, owner: str, field: str, sort: str) -> int:
        """Go converts one number into another: it cuts off fractions, and the upper bits."""
        limit = _LIMITS[sort]
        return (int(value) + limit) % (2 * limit) - limit

    def _abort(self, value: object, owner: str, field: str, go: str) -> _Abort:
        return _Abort(f"json: cannot unmarshal {type_word(value)} into Go value of type {go}")


GO_KINDS = {str: "string", bool: "bool", dict: "map", list: "slice"}


def unfit(value: object, kind: schema.Type) -> str:
    """Why a value is not converted. Go turns integers into texts, and floats into integers, but for what JSON would not."""
    number = "float64" if isinstance(value, float) else "int64"
    found, wanted = GO_KINDS.get(type(value), number), kind.sort
    if wanted == "object":
        return f"cannot restore struct from: {found}"
    if wanted in ("list", "map", "bytes"):
        return f"cannot restore {'map' if wanted == 'map' else 'slice'} from {found}"
    is_convertible = (found == "int64" and wanted == "string") or (found == "float64" and wanted in ("int32", "int64"))
    return f"cannot convert {found} to {kind.go.lstrip('*') or wanted}" if is_convertible else f"unrecognized type: {wanted}"


_SPECIAL: dict[str, Callable] = {
    "bool": Decoder._bool, "int32": Decoder._integer, "int64": Decoder._integer, "bytes": Decoder._bytes,
    "time": Decoder._time, "microtime": Decoder._time, "quantity": Decoder._quantity,
    "float64": Decoder._float, "objectorbool": Decoder._schema_or_bool,
    "intorstring": Decoder._int_or_string, "raw": Decoder._raw, "fields": Decoder._raw,
}


def _go_of(kind: schema.Type, sort: str) -> str:
    return kind.go.lstrip("*") or sort


def number_text(value: object) -> str:
    """A JSON number as it was written."""
    return value.text if isinstance(value, Number) else str(value)


def base64_problem(text: str) -> int | None:
    """The offset at which Go's decoder stops, None when a text is sound. Source: encoding/base64."""
    data = text.encode("utf-8", "surrogatepass")
    core = data.replace(b"\n", b"").replace(b"\r", b"")
    try:
        binascii.a2b_base64(core, strict_mode=True)
        return None
    except binascii.Error:
        pass
    position = next((index for index, byte in enumerate(data) if byte not in _CHARACTERS and byte not in b"\r\n"), len(data))
    if position < len(data) and data[position] == ord("="):
        return position if len(core) % 4 == 0 else min(len(data), position)
    return position if position < len(data) else len(core) - len(core) % 4


def _merged(first: object, second: object) -> object:
    """A repeated field: Go decodes the second into the first."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **second}
    return second


def zero(kind: schema.Type) -> object:
    """The zero value of a type as Go writes it."""
    sort = kind.sort
    if sort == "object":
        return encoded({}, kind.struct)
    return _ZEROS.get(sort)


_ZEROS = {"string": "", "bytes": "", "bool": False, "int32": 0, "int64": 0, "quantity": "0", "intorstring": 0}


def encoded(found: dict, struct: schema.Struct) -> dict:
    """Decoded fields as Go writes them: in order, empty ones omitted or zero as their tags say."""
    result = {}
    for name, field in struct.fields.items():
        value = found.get(name)
        kind = field.type
        if value is None:
            if _is_shown_empty(field):
                result[name] = None if field.pointer or kind.sort == "bytes" else zero(kind)
            continue
        if not field.pointer and (value == "" or value is False or value == 0 or value == [] or value == {}):
            if kind.sort in ("object", "raw", "quantity", "intorstring"):
                result[name] = value
            elif not field.omit_empty:
                result[name] = None if kind.sort in ("list", "map", "bytes") else value
            continue
        result[name] = value
    return result


def whole(found: dict, struct: schema.Struct) -> dict:
    """Decoded fields as Go writes them, but with each list and map that is there and empty."""
    made = encoded(found, struct)
    if all(value != [] and value != {} for value in found.values()):
        return made
    return {name: found[name] if found.get(name) in ([], {}) else made[name] for name in struct.fields if name in made or found.get(name) in ([], {})}


def _is_shown_empty(field: schema.Field) -> bool:
    """Whether Go writes a field that was never set: what is neither omitted nor, as structs go, omittable."""
    if field.pointer or field.omit_zero:
        return not field.omit_empty and not field.omit_zero
    return not field.omit_empty or field.type.sort in ("object", "time", "microtime", "quantity", "intorstring")
