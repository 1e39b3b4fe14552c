"""What may be a name, a label or an annotation, and upstream's words for what may not.

Each check takes a string and returns its complaints; an empty list is a yes.
Source: k8s.io/apimachinery pkg/util/validation/validation.go, pkg/api/validate/content/, pkg/api/validation/generic.go.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from .remembering import remembered

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_dns1035 = re.compile(_DNS1035).fullmatch
_is_key = re.compile(_KEY).fullmatch
_is_value = re.compile(_VALUE).fullmatch
_is_config_key = re.compile(_CONFIG_KEY).fullmatch
_is_header = re.compile(_HEADER).fullmatch
_is_percent = re.compile(_PERCENT).fullmatch
_is_wildcard = re.compile(rf"\*\.{_SUBDOMAIN}").fullmatch
_is_http_path = re.compile(_HTTP_PATH).fullmatch

NEGATIVE = "must be greater than or equal to 0"
_KEY_RULE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_LABEL_RULE = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
               "and must start and end with an alphanumeric character")
_SUBDOMAIN_RULE = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
                   "and must start and end with an alphanumeric character")
_DNS1035_RULE = ("a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
                 "start with an alphabetic character, and end with an alphanumeric character")
_VALUE_RULE = ("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
               "and must start and end with an alphanumeric character")
_WILDCARD_RULE = ("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
                  "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character")


def regex_error(rule: str, pattern: str, *examples: str) -> str:
    """A rule, its examples and its pattern, with upstream's punctuation."""
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


def max_length(limit: int, unit: str = "characters") -> str:
    return f"must be no more than {limit} {unit}"


def in_range(low: int, high: int) -> str:
    """The complaint about a number outside of a range."""
    return f"must be between {low} and {high}, inclusive"


def _size(text: str) -> int:
    """Length in bytes, as Go's len counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def dns1123_label(value: str, unit: str = "characters") -> list[str]:
    return list(_dns1123_label(value, unit))


@remembered(4096)
def _dns1123_label(value: str, unit: str) -> tuple[str, ...]:
    found = [max_length(63, unit)] if _size(value) > 63 else []
    if not _is_label(value):
        dotted = _is_subdomain(value)
        found.append("must not contain dots" if dotted else regex_error(_LABEL_RULE, _LABEL, "my-name", "123-abc"))
    return tuple(found)


def dns1123_subdomain(value: str, unit: str = "characters") -> list[str]:
    found = [max_length(253, unit)] if _size(value) > 253 else []
    if not _is_subdomain(value):
        found.append(regex_error(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com"))
    return found


def dns1035_label(value: str) -> list[str]:
    found = [max_length(63)] if _size(value) > 63 else []
    if not _is_dns1035(value):
        found.append(regex_error(_DNS1035_RULE, _DNS1035, "my-name", "abc-123"))
    return found


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    found = [max_length(253)] if _size(value) > 253 else []
    if not _is_wildcard(value):
        found.append(regex_error(_WILDCARD_RULE, rf"\*\.{_SUBDOMAIN}", "*.example.com"))
    return found


def qualified_name(value: str) -> list[str]:
    """A label's key, also used for annotations, finalizers, resource names: `[prefix/]name`."""
    return list(_qualified_name(value))


@remembered(4096)
def _qualified_name(value: str) -> tuple[str, ...]:
    rule = regex_error(_KEY_RULE, _KEY, "MyName", "my.name", "123-abc")
    parts = value.split("/")
    if len(parts) > 2:
        return (f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    found, name = [], parts[-1]
    if len(parts) == 2:
        complaints = dns1123_subdomain(parts[0], "bytes") if parts[0] else ["must be non-empty"]
        found = [f"prefix part {complaint}" for complaint in complaints]
    if not name:
        found.append("name part must be non-empty")
    elif _size(name) > 63:
        found.append(f"name part {max_length(63, 'bytes')}")
    if not _is_key(name):
        found.append(f"name part {rule}")
    return tuple(found)


def label_value(value: str) -> list[str]:
    found = [max_length(63, "bytes")] if _size(value) > 63 else []
    if not _is_value(value):
        found.append(regex_error(_VALUE_RULE, _VALUE, "MyValue", "my_value", "12345"))
    return found


def config_map_key(value: str) -> list[str]:
    found = [max_length(253)] if _size(value) > 253 else []
    if not _is_config_key(value):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(regex_error(rule, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    return found + _parent_folder(value)


def relaxed_env_var_name(value: str) -> list[str]:
    found = [] if value else ["environment variable name must be non-empty"]
    if any(char > "\x7f" or not char.isprintable() or char == "=" for char in value):
        found.append("a valid environment variable name must consist only of printable ASCII characters other than '='")
    return found


def http_header_name(value: str) -> list[str]:
    if _is_header(value):
        return []
    return [regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")]


def percent(value: str) -> list[str]:
    if _is_percent(value):
        return []
    return [regex_error("a valid percent string must be a numeric string followed by an ending '%'", _PERCENT, "1%", "93%")]


def port_number(value: int) -> list[str]:
    return [] if 1 <= value <= 65535 else [in_range(1, 65535)]


def user_id(value: int) -> list[str]:
    """Also for group ids."""
    return [] if 0 <= value <= 2**31 - 1 else [in_range(0, 2**31 - 1)]


def port_name(value: str) -> list[str]:
    found = [max_length(15)] if _size(value) > 15 else []
    if not re.fullmatch("[-a-z0-9]+", value):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        found.append("must contain at least one letter (a-z)")
    if "--" in value:
        found.append("must not contain consecutive hyphens")
    if value and "-" in (value[0], value[-1]):
        found.append("must not begin or end with a hyphen")
    return found


def path_segment(value: str) -> list[str]:
    """May be one part of a URL's path. Source: k8s.io/apimachinery pkg/api/validate/content/path.go."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in value] if "/" in value or "%" in value else []


def _parent_folder(value: str) -> list[str]:
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


NameCheck = Callable[[str, bool], list[str]]


def _masked(name: str, prefix: bool) -> str:
    """A prefix may end in a dash, since something follows it."""
    return name[:-2] + "a" if prefix and len(name) > 1 and name.endswith("-") else name


def is_subdomain_name(name: str, prefix: bool = False) -> list[str]:
    """The rule for most kinds' names; prefix: a generateName."""
    return dns1123_subdomain(_masked(name, prefix))


def is_long_name(name: str, prefix: bool = False) -> list[str]:
    """The same as upstream's declarative rules say it (k8s-long-name): in bytes, and nothing of a generateName."""
    return [] if prefix else dns1123_subdomain(name, "bytes")


def is_label_name(name: str, prefix: bool = False) -> list[str]:
    """The rule for names of Namespaces and others."""
    return dns1123_label(_masked(name, prefix))


def is_path_segment_name(name: str, prefix: bool = False) -> list[str]:
    """The rule for names of RBAC objects."""
    if prefix:
        return [f"may not contain '{char}'" for char in "/%" if char in name]
    return path_segment(name)
