"""What the API server would say of a manifest, by line and column: the editor's errors, completion and hover.

The manifest goes through the very decoding, admission and validation of a create, as a dry run with a scratch stream
of chance, so that looking never changes what happens.
"""
from __future__ import annotations

import re

import yaml

from cluster.apiserver import pipeline
from cluster.apiserver.context import Context
from cluster.engine.rng import Streams
from cluster.kinds import registry
from cluster.meta import schema
from cluster.meta.requests import Request, Response

LONGEST_TEXT = 3 * 1024 * 1024  # bytes; apiserver's MaxRequestBodyBytes
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast
SEPARATOR = re.compile(r"^---(?:[ \t\r].*)?$", re.MULTILINE)
QUOTED = re.compile(r'(unknown|duplicate) field "([^"]+)"')
REPEATED_KEY = re.compile(r'line (\d+): key "([^"]+)" already set in map')
WRONG_TYPE = re.compile(r"cannot unmarshal (\w+) into Go struct field \S*?\.(\S+) of type")
STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
MISPLACED = {"imagePullPolicy": "spec.containers[0]", "image": "spec.containers[0]", "ports": "spec.containers[0]", "command": "spec.containers[0]",
             "args": "spec.containers[0]", "env": "spec.containers[0]", "resources": "spec.containers[0]"}


def check(server, text: str) -> list[dict]:
    """[{line, column, end_line, end_column, path, message, fix?}], lines from 1; [] where the API server would take it all."""
    if len(text) > LONGEST_TEXT or len(text.encode("utf-8", "surrogatepass")) > LONGEST_TEXT:
        return [at(1, 1, message="the file is larger than the API server takes (3 MiB)")]
    errors: list[dict] = []
    for start, document in documents(text):
        for error in check_document(server, document, text.count("\n", 0, start)):
            if "fix" in error:  # a fix is the whole file, mended
                error["fix"]["text"] = text[:start] + error["fix"]["text"] + text[start + len(document):]
            errors.append(error)
    return errors


def documents(text: str) -> list[tuple[int, str]]:
    """(offset, text) of each document that says anything."""
    found, start = [], 0
    for match in [*SEPARATOR.finditer(text), None]:
        end = match.start() if match else len(text)
        part = text[start:end]
        if re.sub(r"^\s*#.*$", "", part, flags=re.MULTILINE).strip():
            found.append((start, part))
        start = match.end() if match else end
    return found


def check_document(server, text: str, first_line: int) -> list[dict]:
    try:
        tree = yaml.compose(text, Loader=LOADER)
        head = scalars(tree)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return [at(line + first_line, column, message=f"yaml: line {line}: {error.problem}")]
    except (yaml.YAMLError, RecursionError) as error:
        return [at(first_line + 1, 1, message=f"yaml: {str(error).splitlines()[0]}")]
    if tree is None:
        return []
    items = find(tree, ["items"])
    if head.get("kind") == "List" and isinstance(items, yaml.SequenceNode):
        return [error for item in items.value for error in _check_object(server, item, yaml.serialize(item), text, first_line)]
    return _check_object(server, tree, text, text, first_line)


def _check_object(server, tree: yaml.Node, sent: str, text: str, first_line: int) -> list[dict]:
    """What is wrong with one object: a document, or an item of a List. sent: what kubectl would send of it; text: what the marks count in."""
    head = scalars(tree)
    kind = server.context.registry.kind(head.get("apiVersion", ""), head.get("kind", ""))
    if kind is None:
        return _unknown_kind(tree, head, first_line)
    response = dry_run(server, sent, kind, tree)
    return [] if response.ok or response.reason in ("AlreadyExists", "NotFound") else located(response, tree, text, first_line)


def scalars(tree: yaml.Node | None) -> dict[str, str]:
    """The plain fields at the top of a document."""
    pairs = tree.value if isinstance(tree, yaml.MappingNode) else ()
    return {key.value: value.value for key, value in pairs if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)}


def _unknown_kind(tree: yaml.Node, head: dict, first_line: int) -> list[dict]:
    for name in ("apiVersion", "kind"):
        if not head.get(name):
            return [at(first_line + tree.start_mark.line + 1, 1, message=f"Object '{'Kind' if name == 'kind' else name}' is missing", path=name)]
    if head["kind"].endswith("List"):
        return []
    node = find(tree, ["kind"])
    message = f'no matches for kind "{head["kind"]}" in version "{head["apiVersion"]}"'
    return [at(first_line + node.start_mark.line + 1, node.start_mark.column + 1, message=message, path="kind", width=len(head["kind"]))]


def dry_run(server, text: str, kind, tree: yaml.Node) -> Response:
    """A create of the document that stores nothing and draws no chance of the sandbox."""
    namespace = find(tree, ["metadata", "namespace"])
    place = (namespace.value if isinstance(namespace, yaml.ScalarNode) else "") or "default"
    request = Request(verb="create", resource=kind.plural, group=kind.group, version=kind.version, namespace=place if kind.namespaced else "",
                      raw=text.encode(), content_type="application/yaml", user="kubernetes-admin", groups=["system:masters", "system:authenticated"],
                      user_agent="kubectl/v1.36.3", options={"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "kubectl"})
    context = Context(server, profile=server.context.profile)
    context.rng = Streams(0)
    result = pipeline.arrive(request, context.enter(request, True))
    return result if isinstance(result, Response) else Response(code=201)


def located(response: Response, tree: yaml.Node, text: str, first_line: int) -> list[dict]:
    """A refusal's complaints, each at the line of its field."""
    found = []
    strict = QUOTED.findall(response.message)
    for word, path in strict:
        found.append(_at_field(tree, path, f'{word} field "{path}"', first_line, fix=move(tree, text, path) if word == "unknown" else None))
    if strict:
        return found
    for cause in (response.body.get("details") or {}).get("causes") or ():
        found.append(_at_field(tree, cause.get("field", ""), f"{cause.get('field', '')}: {cause.get('message', '')}", first_line))
    return found or [_whole(response.message, tree, first_line)]


def _whole(message: str, tree: yaml.Node, first_line: int) -> dict:
    """A complaint that names no field by its path: at the line, or at the value of the type, that it speaks of."""
    if found := REPEATED_KEY.search(message):
        line = next((key.start_mark.line + 1 for key in repeated_keys(tree) if key.value == found[2]), int(found[1]))
        return at(first_line + line, 1, message=f'key "{found[2]}" already set in map', path=found[2])
    found = WRONG_TYPE.search(message)
    nodes = values(tree, STEP.findall(found[2])) if found else []
    node = next((node for node in nodes if json_type(node) == found[1]), nodes[0] if nodes else tree)
    column = node.start_mark.column if nodes else 0
    return at(first_line + node.start_mark.line + 1, column + 1, message=message, path=found[2] if found else "")


def values(node: yaml.Node, steps: list[str]) -> list[yaml.Node]:
    """The values at a path that names no item of a list: those of all items."""
    if isinstance(node, yaml.SequenceNode) and steps:
        return [value for item in node.value for value in values(item, steps)]
    if not steps:
        return [node]
    return [found for key, value in (node.value if isinstance(node, yaml.MappingNode) else ()) if key.value == steps[0]
            for found in values(value, steps[1:])]


def repeated_keys(node: yaml.Node) -> list[yaml.Node]:
    """The keys that stand a second time in their map, in order."""
    if isinstance(node, yaml.SequenceNode):
        return [key for item in node.value for key in repeated_keys(item)]
    if not isinstance(node, yaml.MappingNode):
        return []
    seen, found = {}, []
    for key, value in node.value:
        found += [key] if key.value in seen and isinstance(key, yaml.ScalarNode) else []
        seen[str(key.value)] = True
        found += repeated_keys(value)
    return found


def json_type(node: yaml.Node) -> str:
    """What encoding/json calls a value's type."""
    if not isinstance(node, yaml.ScalarNode):
        return "object" if isinstance(node, yaml.MappingNode) else "array"
    return {"int": "number", "float": "number", "bool": "bool"}.get(node.tag.rpartition(":")[2], "string")


def _at_field(tree: yaml.Node, path: str, message: str, first_line: int, fix: dict | None = None) -> dict:
    steps = STEP.findall(path)
    for length in range(len(steps), -1, -1):
        key = key_of(tree, steps[:length])
        if key is not None:
            error = at(first_line + key.start_mark.line + 1, key.start_mark.column + 1, message=message, path=path,
                       width=key.end_mark.column - key.start_mark.column)
            return {**error, "fix": fix} if fix else error
    return at(first_line + tree.start_mark.line + 1, 1, message=message, path=path)


def at(line: int, column: int, *, message: str, path: str = "", width: int = 1) -> dict:
    return {"line": line, "column": column, "end_line": line, "end_column": column + max(width, 1), "path": path, "message": message}


def find(node: yaml.Node | None, steps: list[str]) -> yaml.Node | None:
    """The value node at a path."""
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and step.startswith("["):
            index = int(step[1:-1])
            node = node.value[index] if index < len(node.value) else None
        else:
            return None
    return node


def key_of(tree: yaml.Node, steps: list[str]) -> yaml.Node | None:
    """The node of the last step's key (or the item, for an index)."""
    parent = find(tree, steps[:-1])
    if not steps or parent is None:
        return None
    if isinstance(parent, yaml.MappingNode):
        hits = [key for key, _ in parent.value if key.value == steps[-1]]
        return hits[-1] if hits else None
    return find(parent, steps[-1:])


def move(tree: yaml.Node, text: str, path: str) -> dict | None:
    """The one-click fix of a container's field that stands beside `containers`: the whole text, mended."""
    *place, name = STEP.findall(path)
    target = MISPLACED.get(name)
    containers = find(tree, ["spec", "containers", "[0]"])
    value = find(tree, [*place, name])
    if place != ["spec"] or not target or not isinstance(containers, yaml.MappingNode) or not isinstance(value, yaml.ScalarNode):
        return None
    lines = text.split("\n")
    line = lines.pop(value.start_mark.line)
    last = containers.end_mark.line
    last -= last > value.start_mark.line
    while last > 0 and (last > len(lines) or not lines[last - 1].strip()):
        last -= 1
    lines.insert(last, " " * containers.start_mark.column + line.strip())
    return {"label": {"en": f"It belongs in {target}. Move it", "zh": f"它应在 {target} 之下。移过去"}, "text": "\n".join(lines), "target": target}


# -- completion -------------------------------------------------------------------------------------------------------------


def completion(api_version: str, kind: str, path: str) -> list[dict]:
    """The fields at a path (dotted, indexes ignored) of a kind: name, type, description, required. [] where there are none."""
    found = registry().kind(api_version, kind)
    if found is None:
        return _heads(path, api_version)
    name = schema.schema_name(found.group, found.version, found.kind)
    node = schema.definitions().get(name) if name else None
    for step in [step for step in STEP.findall(path) if not step.startswith("[")]:
        node = _below(node, step)
    return _fields(_resolved(node)) if node else []


def _heads(path: str, api_version: str) -> list[dict]:
    """Before the kind is known: what apiVersion and kind may be."""
    if path:
        return []
    return [{"name": "apiVersion", "type": "string", "required": True, "description": "", "values": sorted({a for a, _ in _known()})},
            {"name": "kind", "type": "string", "required": True, "description": "",
             "values": sorted(kind for version, kind in _known() if not api_version or version == api_version)},
            {"name": "metadata", "type": "object", "required": True, "description": ""},
            {"name": "spec", "type": "object", "required": False, "description": ""}]


def _known() -> list[tuple[str, str]]:
    return [(f"{kind.group}/{kind.version}" if kind.group else kind.version, kind.kind) for kind in registry().stored]


def _resolved(node: dict | None) -> dict | None:
    for _ in range(10):
        if node and "$ref" in node:
            node = schema.definitions().get(node["$ref"].rpartition("/")[2])
        elif node and any(key in node for key in ("allOf", "anyOf", "oneOf")) and "properties" not in node:
            parts = node.get("allOf") or node.get("anyOf") or node.get("oneOf")
            node = next((part for part in parts if part.get("type") != "null"), None)
        else:
            return node
    return node


def _below(node: dict | None, step: str) -> dict | None:
    node = _resolved(node)
    if node and node.get("items") is not None:
        node = _resolved(node["items"])
    return (node or {}).get("properties", {}).get(step)


def _fields(node: dict | None) -> list[dict]:
    if node and node.get("items") is not None:
        node = _resolved(node["items"])
    required = (node or {}).get("required") or ()
    return [{"name": name, "type": type_name(child), "description": describe(child), "required": name in required,
             **({"values": child["enum"]} if child.get("enum") else {})}
            for name, child in sorted((node or {}).get("properties", {}).items())]


def describe(child: dict) -> str:
    return child.get("description") or (_resolved(child) or {}).get("description", "")


def type_name(child: dict) -> str:
    """`string`, `integer`, `[]Container`, `PodSpec`, …"""
    if "$ref" in child:
        return child["$ref"].rpartition(".")[2]
    if "allOf" in child:
        return type_name(child["allOf"][0])
    kinds = child.get("type")
    kinds = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else [kinds]
    if kinds == ["array"]:
        return "[]" + type_name(child.get("items") or {})
    if kinds == ["object"] and child.get("additionalProperties"):
        return "map[string]" + type_name(child["additionalProperties"] if isinstance(child["additionalProperties"], dict) else {})
    return str(kinds[0] or "object")
