"""HTTP in and out, without I/O: bytes and headers become a Request, a Response becomes bytes and headers.

Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go, pkg/endpoints/handlers/responsewriters/writers.go.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
import yaml

from cluster.kinds import Registry, registry
from cluster.meta import fields, schema, selectors, status
from cluster.meta.names import path_segment
from cluster.meta.requests import Request, Response

from . import authn, negotiation, openapi, options, protobuf, read, routes, selection
from .call import folder_for
from .delete_options import whole_number

VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
NAMESPACE_PARTS = ("status", "finalize")
REPEATED = ("dryRun",)
JSON_HEADER, YAML_HEADER = "application/json", "application/yaml"


# -- in ---------------------------------------------------------------------------------------------------------------


def parse(method: str, path: str, query: str | Mapping[str, str], headers: Mapping[str, str], body: bytes = b"",
          *, user: str = "kubernetes-admin", groups: tuple[str, ...] = ("system:masters",)) -> Request:
    """The Request of an HTTP exchange. path: as it came, below the sandbox's prefix, still percent-encoded or not.

    headers: names in any case. The identity is the server's to give; impersonation headers go into the options.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    parameters = _parameters(query) | _credentials(lower)
    request = Request(verb="raw", path=path, options=parameters, user=user, groups=list(groups), raw=body or b"",
                      user_agent=lower.get("user-agent", ""), accept=lower.get("accept", ""),
                      content_type=lower.get("content-type") or JSON_HEADER)
    if method not in ("GET", "HEAD"):
        parameters["method"] = method
    _resource(request, method, path)
    if request.verb in ("get", "list", "raw", "watch"):
        request.raw = None
    elif request.content_type == protobuf.MEDIA_TYPE:
        _read_protobuf(request)
    return request


def _read_protobuf(request: Request) -> None:
    """Turn a protobuf body into JSON, in place; one that cannot be read is left to be refused."""
    try:
        request.raw, request.content_type = protobuf.to_json(request.raw or b""), JSON_HEADER
    except protobuf.ProtobufError:
        return


def _parameters(query: str | Mapping[str, str]) -> dict[str, str]:
    """The query's first values; those of parameters that may be repeated are joined by commas."""
    pairs = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else query.items()
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in (authn.TOKEN, openapi.IF_NONE_MATCH) or name.startswith("Impersonate-"):
            continue  # only headers say who asks
        if name in found and name in REPEATED:
            found[name] += f",{value}"
        else:
            found.setdefault(name, value)
    return found


def _credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say who asks and what is known already, among the options, by their canonical names."""
    found = {}
    for name, value in headers.items():
        if name == "if-none-match":
            found[openapi.IF_NONE_MATCH] = value
        if name.startswith("impersonate-"):
            extra = name.startswith("impersonate-extra-")
            found[authn.EXTRA + unquote(name[len(authn.EXTRA):]) if extra else name.title()] = value
        elif name == "authorization":
            words = value.split(" ")          # what is empty is no token: source pkg/authentication/request/bearertoken
            if len(words) > 1 and words[0].lower() == "bearer" and words[1]:
                found[authn.TOKEN] = value
    return found


def _resource(request: Request, method: str, path: str) -> None:
    """Read what a path is about, in place. Paths that name no resource keep the verb "raw"."""
    parts = [unquote(part) for part in path.split("/")[1:]]
    while parts and parts[-1] == "":
        parts.pop()
    if len(parts) < 3 or parts[0] not in ("api", "apis") or (parts[0] == "apis" and len(parts) < 4) or "" in parts:
        return
    request.group = parts[1] if parts[0] == "apis" else ""
    request.version = parts[2] if parts[0] == "apis" else parts[1]
    rest = parts[3:] if parts[0] == "apis" else parts[2:]
    is_watch = rest[0] == "watch" and len(rest) > 1
    if is_watch:
        rest = rest[1:]
    rest = _namespaced(request, rest)
    request.resource = rest[0]
    request.name = rest[1] if len(rest) > 1 else ""
    request.subresource = "proxy" if rest[2:3] == ["proxy"] else "/".join(rest[2:])
    request.verb = "watch" if is_watch else _verb(request, method)


def _namespaced(request: Request, rest: list[str]) -> list[str]:
    """Take `namespaces/NAME` off, unless the namespace itself is meant."""
    if rest[0] == "namespaces" and len(rest) > 1:
        request.namespace = rest[1]
        if len(rest) > 2 and rest[2] not in NAMESPACE_PARTS:
            return rest[2:]
    return rest


def _verb(request: Request, method: str) -> str:
    verb = VERBS.get(method, "create" if request.subresource == "proxy" else "")   # a method that the API has no verb for goes to others alone
    if verb == "get" and not request.name:
        verb = "watch" if _is_watch(request.options) else "list"
        if "fieldSelector" in request.options:
            request.name = _named(request.options["fieldSelector"])
    if verb == "delete" and not request.name:
        verb = "deletecollection"
    return verb


def _is_watch(query: Mapping[str, str]) -> bool:
    return "watch" in query and options.boolean(query["watch"])


def _named(field_selector: str) -> str:
    """The name that a field selector asks for, if it is a possible one."""
    try:
        name = selectors.parse(field_selector).required("metadata.name") or ""
    except selectors.FieldSelectorError:
        return ""
    return "" if path_segment(name) else name


# -- watches ----------------------------------------------------------------------------------------------------------


class WatchRequest(msgspec.Struct, kw_only=True):
    """A watch as an HTTP client asks for it. prefix: the folder of keys. timeout_s: 0 = the server's own choice."""

    resource: str
    prefix: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    resource_version: str = ""
    allow_bookmarks: bool = False
    send_initial_events: bool = False
    timeout_s: int = 0
    version: str = ""      # of a custom resource, where not the stored one
    warning: str = ""      # what is told of a kind that is on its way out

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Those of the stream."""
        return [("Content-Type", JSON_HEADER)] + ([("Warning", warning_header(self.warning))] if self.warning else [])


def watch_spec(request: Request, kinds: Registry | None = None) -> WatchRequest:
    """What a watch request asks for; raises its refusal. kinds: those of the sandbox."""
    kinds = kinds or registry()
    kind = routes.find(request, kinds)
    query = request.options
    _check_watch(query)
    field_selector = query.get("fieldSelector", "")
    if request.name:
        field_selector = field_selector or f"metadata.name={request.name}"
    selection.matcher_for(kind, query.get("labelSelector", ""), field_selector)
    version = query.get("resourceVersion", "")
    read.revision_of(version)
    whole_number(query.get("limit"))
    resource = kind.plural if kinds.plural(kind.plural) is kind else f"{kind.plural}.{kind.group}"
    return WatchRequest(
        resource=resource, prefix=folder_for(kind, request.namespace if kind.namespaced else ""), namespace=request.namespace,
        label_selector=query.get("labelSelector", ""), field_selector=field_selector, resource_version=version,
        allow_bookmarks=options.boolean(query.get("allowWatchBookmarks", "false")),
        send_initial_events=options.boolean(query.get("sendInitialEvents", "false")),
        timeout_s=whole_number(query.get("timeoutSeconds")) or 0,
        version=kind.version if kind.custom and kinds.resource(kind.group, kind.plural) is not kind else "", warning=kind.deprecation)


def _check_watch(query: Mapping[str, str]) -> None:
    """Complaints about a watch's options. Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation/validation.go."""
    match, sends = query.get("resourceVersionMatch", ""), "sendInitialEvents" in query
    path, errors = "resourceVersionMatch", []
    if sends and match != "NotOlderThan":
        errors.append(fields.forbidden(path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if match and not sends:
        errors.append(fields.forbidden(path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
    if match and match != "NotOlderThan":
        errors.append(fields.not_supported(path, match, ("NotOlderThan",)))
    if query.get("continue"):
        errors.append(fields.forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
    if errors:
        raise status.invalid("ListOptions", "", errors, "meta.k8s.io")


# -- out --------------------------------------------------------------------------------------------------------------


PRETTY_AGENTS = ("curl", "Wget", "Mozilla/5.0")


def is_pretty(request: Request) -> bool:
    """Whether somebody reads the answer with the eye. Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation/negotiate.go (isPrettyPrint)."""
    asked = request.options.get("pretty")
    return asked in ("1", "t", "T", "true", "TRUE", "True") if asked else request.user_agent.startswith(PRETTY_AGENTS)


def render(response: Response, accept: str = "", *, pretty: bool = False) -> tuple[int, list[tuple[str, str]], bytes]:
    """(status, headers, body) of an answer, as JSON or YAML; text stays text. pretty: with a line for each field, as Go indents."""
    headers = [("Content-Type", response.headers["Content-Type"])] if "Content-Type" in response.headers else []
    headers += [("Warning", warning_header(text)) for text in dict.fromkeys(response.warnings)]
    headers += [(name, value) for name, value in response.headers.items() if name != "Content-Type"]
    if response.code in (204, 304):
        return response.code, headers if response.code == 304 else [], b""
    if isinstance(response.body, str):
        return response.code, headers if headers[:1] else [("Content-Type", "text/plain")], response.body.encode()
    if isinstance(response.body, bytes):
        return response.code, headers, response.body
    is_yaml = media_of(accept) == negotiation.YAML and headers[:1] != [("Content-Type", JSON_HEADER)]
    if not any(name == "Content-Type" for name, _ in headers):
        headers.insert(0, ("Content-Type", YAML_HEADER if is_yaml else JSON_HEADER))
    body = wire_form(response.body)
    if is_yaml:
        return response.code, headers, as_yaml(body)
    text = msgspec.json.encode(body)
    return response.code, headers, msgspec.json.format(text, indent=2) if pretty else text + b"\n"


def media_of(accept: str) -> str:
    """The media type to write, JSON where nothing acceptable is asked for (an error's own answer)."""
    try:
        return negotiation.wanted(accept).media
    except status.StatusError:
        return negotiation.JSON


def wire_form(body: Any) -> Any:
    """A body as it goes over the wire: the items of a typed list carry no kind of their own."""
    if not isinstance(body, dict) or "items" not in body or not str(body.get("kind", "")).endswith("List"):
        return body
    if not schema.versions_of(str(body.get("apiVersion", "")).rpartition("/")[0]):
        return body  # items of custom resources say what they are
    kind = body["kind"][:-4]
    items = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
             if isinstance(item, dict) and item.get("kind") == kind and kind != "PartialObjectMetadata" else item
             for item in body["items"]]
    return {**body, "items": items}


PLAIN_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:yaml")     # the latter: marks such as *, which single quotes do for
LETTERS = ("y", "Y", "n", "N")      # old YAML's short words for true and false


class _Dumper(yaml.SafeDumper):
    """YAML as sigs.k8s.io/yaml writes it: texts that look like something else in double quotes, long ones as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    style = None
    if "\n" in value:
        style = "|"
    elif value in LETTERS or dumper.resolve(yaml.ScalarNode, value, (True, False)) not in PLAIN_TAGS:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(body: Any) -> bytes:
    """A body as YAML, as sigs.k8s.io/yaml writes it."""
    return yaml.dump(body, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True).encode()


def warning_header(text: str) -> str:
    """A warning as RFC 7234 writes it: code 299, no agent. Source: k8s.io/apimachinery pkg/util/net/http.go (NewWarningHeader)."""
    kept = "".join(char for char in text if char.isprintable())
    quoted = kept.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'


def watch_event(kind: str, obj: dict, request: Request, context) -> bytes:
    """One line of a watch: {"type", "object"} in the form that the request accepts."""
    from .presentation import present
    try:
        shown = present(obj, request, context) if kind not in ("ERROR", "BOOKMARK") else obj
    except status.StatusError as refusal:       # a custom resource whose webhook does not convert it
        kind, shown = "ERROR", refusal.status
    return msgspec.json.encode({"type": kind, "object": shown}) + b"\n"


