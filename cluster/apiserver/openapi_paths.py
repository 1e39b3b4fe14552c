"""The paths of the OpenAPI documents: each operation of each served kind, its parameters, body and answers.

Both versions are made from one description, since version 2 only writes parameters, bodies and answers down otherwise.
Source: k8s.io/apiserver pkg/endpoints/installer.go; k8s.io/kube-openapi pkg/builder, pkg/builder3; api/openapi-spec/v3.
"""
from __future__ import annotations

from typing import Any

from cluster.kinds import api_version
from cluster.kinds.base import Kind
from cluster.meta import schema

from . import resource_lists
from .delete import RETURNS_OBJECT

META, SCALE = "io.k8s.apimachinery.pkg.apis.meta.v1", "io.k8s.api.autoscaling.v1.Scale"
DELETE_OPTIONS, STATUS, PATCH = f"{META}.DeleteOptions", f"{META}.Status", f"{META}.Patch"
PRODUCED = ("application/json", "application/yaml")
STREAMED = (*PRODUCED, "application/json;stream=watch")
CUSTOM_PATCHES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
PATCHES = (*CUSTOM_PATCHES, "application/strategic-merge-patch+json")  # kubectl apply chooses by these
WRITE = ("dryRun", "fieldManager", "fieldValidation")
DELETE = ("dryRun", "gracePeriodSeconds", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents", "propagationPolicy")
SELECT = ("continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents",
          "shardSelector", "timeoutSeconds")
LIST = ("allowWatchBookmarks", *SELECT, "watch")
STREAMS = ("container", "stderr", "stdin", "stdout", "tty")
CONNECT = {"exec": ("command", *STREAMS), "attach": STREAMS, "portforward": ("ports",), "proxy": ("path",)}
LOG = ("container", "follow", "insecureSkipTLSVerifyBackend", "limitBytes", "previous", "sinceSeconds", "stream", "tailLines", "timestamps")
TYPES = dict.fromkeys(("allowWatchBookmarks", "follow", "force", "ignoreStoreReadErrorWithClusterBreakingPotential",
                       "insecureSkipTLSVerifyBackend", "orphanDependents", "previous", "sendInitialEvents", "stderr", "stdin",
                       "stdout", "timestamps", "tty", "watch"), "boolean")
TYPES |= dict.fromkeys(("gracePeriodSeconds", "limit", "limitBytes", "ports", "sinceSeconds", "tailLines", "timeoutSeconds"), "integer")
# verb of discovery -> (method, beginning of the operation's id, action)
OBJECT_VERBS = {"get": ("get", "read", "get"), "update": ("put", "replace", "put"), "patch": ("patch", "patch", "patch"),
                "create": ("post", "create", "post"), "delete": ("delete", "delete", "delete")}
CODES = {"post": ("200", "201", "202"), "put": ("200", "201"), "patch": ("200", "201"), "delete": ("200", "202")}
MEANINGS = {"200": "OK", "201": "Created", "202": "Accepted", "401": "Unauthorized"}


def paths(kind: Kind, version: int) -> dict[str, dict]:
    """The path items of a kind: its collection, its objects, all of it, its subresources. version: of OpenAPI, 2 or 3."""
    return _Writer(kind, version).paths()


def group_words(kind: Kind) -> str:
    """`Core`, `RbacAuthorization`, of custom resources `ExampleCom`: what an operation's id says of its group."""
    parts = kind.group.removesuffix("" if kind.custom else ".k8s.io").split(".") if kind.group else ["core"]
    return "".join(_capital(part) for part in parts)


def _capital(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in text.split("-"))


class _Writer:
    """Writes the path items of one kind down in one version of OpenAPI.

    Those of custom resources say some things otherwise: no strategic merge, no watch among the answers, no options of deletions of many.
    Source: k8s.io/apiextensions-apiserver pkg/controller/openapi/builder/builder.go.
    """

    def __init__(self, kind: Kind, version: int):
        self.kind, self.version = kind, version
        self.prefix = "#/definitions/" if version == 2 else "#/components/schemas/"
        self.root = f"/apis/{api_version(kind)}" if kind.group else f"/api/{kind.version}"
        group = group_words(kind)
        self.words, self.tag = group + _capital(kind.version), f"{group[0].lower()}{group[1:]}_{kind.version}"
        self.scope = "Namespaced" if kind.namespaced else ""
        self.own = f"{'.'.join([*kind.group.split('.')[::-1], kind.version, kind.kind])}" if kind.custom else (
            schema.schema_name(kind.group, kind.version, kind.kind) or "")

    def paths(self) -> dict[str, dict]:
        kind = self.kind
        base = f"{self.root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{self.root}/{kind.plural}"
        found = {base: self._collection(), f"{base}/{{name}}": self._object()}
        if kind.namespaced and "list" in kind.verbs:
            everywhere = self._list(f"list{self.words}{kind.kind}ForAllNamespaces")
            found[f"{self.root}/{kind.plural}"] = self._item({"get": everywhere}, ("pretty",))
        for name in kind.subresources:
            found[f"{base}/{{name}}/{name}"] = self._subresource(name)
        return {path: item for path, item in found.items() if any(method != "parameters" for method in item)}

    def _collection(self) -> dict:
        name, verbs, found = self.scope + self.kind.kind, self.kind.verbs, {}
        if "list" in verbs:
            found["get"] = self._list(f"list{self.words}{name}")
        if "create" in verbs:
            found["post"] = self._operation("post", f"create{self.words}{name}", "post", self.own)
        if "deletecollection" in verbs:
            found["delete"] = self._deletion_of_many(f"delete{self.words}Collection{name}")
        return self._item(found, ("pretty",), self._place())

    def _deletion_of_many(self, identity: str) -> dict:
        if self.kind.custom:
            found = self._base("delete", identity, "deletecollection", STATUS, PRODUCED)
            return {**found, "parameters": self._queries(LIST)}
        found = self._operation("delete", identity, "deletecollection", self.own)
        found["parameters"] = self._queries((*DELETE, *SELECT)) + [row for row in found["parameters"] if row["in"] == "body"]
        return found

    def _place(self, *names: str) -> tuple[str, ...]:
        return (*names, "namespace") if self.kind.namespaced else names

    def _object(self) -> dict:
        found = {}
        for verb in ("get", "update", "patch", "delete"):
            if verb in self.kind.verbs:
                method, begin, action = OBJECT_VERBS[verb]
                found[method] = self._operation(method, f"{begin}{self.words}{self.scope}{self.kind.kind}", action, self.own)
        return self._item(found, ("pretty",), self._place("name"))

    def _list(self, identity: str) -> dict:
        body = self._base("get", identity, "list", self.own and f"{self.own}List", PRODUCED if self.kind.custom else STREAMED)
        return {**body, "parameters": self._queries(LIST)}

    def _subresource(self, name: str) -> dict:
        group, version, kind, verbs = resource_lists.described(self.kind, name)
        ending = f"{self.scope}{self.kind.kind}{_capital(name)}"
        if name in CONNECT:
            return self._item({method: self._connect(method, name, ending, kind) for method in ("get", "post")}, CONNECT[name],
                              self._place("name"))
        model = schema.schema_name(group or self.kind.group, version or self.kind.version, kind) if kind else self.own
        about = {"group": group or self.kind.group, "kind": kind or self.kind.kind, "version": version or self.kind.version}
        about = None if self.kind.custom else about
        found = {}
        for verb in verbs:
            method, begin, action = OBJECT_VERBS[verb]
            found[method] = self._operation(method, f"{begin}{self.words}{ending}", action, model or "", about)
        queries: tuple[str, ...] = ("pretty",)
        if name == "log":
            found["get"]["responses"], queries = self._answers(("200",), "string", ("text/plain", *PRODUCED)), ("pretty", *LOG)
        return self._item(found, queries, self._place("name"))

    def _connect(self, method: str, name: str, ending: str, kind: str) -> dict:
        about = {"group": "", "kind": kind, "version": "v1"}
        return {"operationId": f"connect{self.words}{_capital(method)}{ending}", "tags": [self.tag], "x-kubernetes-action": "connect",
                "x-kubernetes-group-version-kind": about, "responses": self._answers(("200",), "string", ("*/*",))}

    # -- one operation ------------------------------------------------------------------------------------------------

    def _operation(self, method: str, identity: str, action: str, model: str, about: dict | None = None) -> dict:
        is_returned = action == "delete" and self.kind.plural in RETURNS_OBJECT
        answer = STATUS if method == "delete" and not is_returned else model
        found = self._base(method, identity, action, answer, PRODUCED, about)
        queries = {"post": WRITE, "put": WRITE, "patch": (*WRITE, "force"), "delete": DELETE}.get(method, ())
        if self.kind.custom and method == "get":
            queries = ("resourceVersion",)
        found["parameters"] = self._queries(queries)
        if method != "get":
            body = {"delete": DELETE_OPTIONS, "patch": PATCH}.get(method, model)
            media = (CUSTOM_PATCHES, PRODUCED) if self.kind.custom else (PATCHES, ("*/*",))
            self._add_body(found, body, media[method != "patch"], required=method != "delete")
        return found

    def _base(self, method: str, identity: str, action: str, model: str, media: tuple[str, ...], about: dict | None = None) -> dict:
        kind = self.kind
        found: dict[str, Any] = {
            "operationId": identity, "tags": [self.tag], "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": about or {"group": kind.group, "kind": kind.kind, "version": kind.version},
            "responses": self._answers(self._codes(method, action), model, media)}
        if self.version == 2:
            found["produces"] = list(media)
            if kind.custom:
                found["consumes"] = list(PRODUCED)
        return found

    def _codes(self, method: str, action: str) -> tuple[str, ...]:
        return ("200",) if action == "deletecollection" or (method == "patch" and self.kind.custom) else CODES.get(method, ("200",))

    def _answers(self, codes: tuple[str, ...], model: str, media: tuple[str, ...]) -> dict:
        shape = {"type": "string"} if model == "string" else {"$ref": self.prefix + model} if model else {"type": "object"}
        body = {"schema": shape} if self.version == 2 else {"content": {name: {"schema": shape} for name in media}}
        return {**{code: {"description": MEANINGS[code], **body} for code in codes}, "401": {"description": MEANINGS["401"]}}

    def _add_body(self, operation: dict, model: str, media: tuple[str, ...], *, required: bool) -> None:
        shape = {"$ref": self.prefix + model} if model else {"type": "object"}
        must = {"required": True} if required else {}
        if self.version == 2:
            operation["consumes"] = list(media)
            operation["parameters"].append({"in": "body", "name": "body", "schema": shape, **must})
        else:
            operation["requestBody"] = {"content": {name: {"schema": shape} for name in media}, **must}

    # -- parameters ---------------------------------------------------------------------------------------------------

    def _item(self, operations: dict, queries: tuple[str, ...] = (), path: tuple[str, ...] = ()) -> dict:
        """A path item; parameters that each of its operations has stand once."""
        common = [row for row in next(iter(operations.values()), {}).get("parameters", ()) if row["in"] == "query" and all(
            row in operation.get("parameters", ()) for operation in operations.values())]
        for operation in operations.values():
            if "parameters" in operation:
                operation["parameters"] = [row for row in operation["parameters"] if row not in common]
                if not operation["parameters"]:
                    del operation["parameters"]
        rows = [{"in": "path", "name": name, "required": True, **self._typed("string")} for name in path]
        return {**operations, "parameters": sorted(rows + common + self._queries(queries), key=lambda row: row["name"])}

    def _queries(self, names: tuple[str, ...]) -> list[dict]:
        return [{"in": "query", "name": name, **self._typed(TYPES.get(name, "string"))} for name in sorted(names)]

    def _typed(self, kind: str) -> dict:
        shape = {"type": kind, "uniqueItems": True}
        return shape if self.version == 2 else {"schema": shape}
