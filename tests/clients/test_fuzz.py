"""Bad input over HTTP: a table of it, and a bounded fuzz driven by the sandbox's own OpenAPI documents (schemathesis).

What a client sends never ends in a 500, but where the real server too answers one; a refused write writes nothing;
and the server's log holds no traceback (world.running looks at its end).
"""

from __future__ import annotations

import http.client
import json
import random
import re
import time
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity
from schemathesis import GenerationMode

from tests.clients import world

pytestmark = pytest.mark.slow
SEED, FUZZ_S, EXAMPLES = 20260101, 60, 1
DEPTH = 3  # how deep a body's schema is followed; below that anything goes
KEPT = ("type", "required", "enum", "pattern", "minimum", "maximum")
CORE, LONG = "/api/v1/namespaces/default", "9" * 5_000
JSON, PATCH = "application/json", {"Content-Type": "application/merge-patch+json"}
# What the real server, too, answers 500 with. Source: tests/conformance/referee/answers.
UPSTREAM_500 = re.compile(
    r"failed to create typed patch object|unknown patch type: |does not contain declared merge key|list element types are not identical"
    r"|resourceVersion should not be set on objects to be created|strconv\.ParseUint: parsing|target\.(name|kind): "
    r"|unable to find api field in struct|The order in patch list|expected a (\[\]|map\[)|\$retainKeys|\$setElementOrder|not deep equal"
    r"|cannot merge lists|merging lists|no elements in any|failed to convert new typed object|duplicate nodePort"
)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture(scope="module")
def ask(started):
    """(status, headers, body) of a request to the sandbox's API."""
    place = urlsplit(started.api)

    def ask(method: str, path: str, body: bytes | dict | None = None, headers: dict | None = None):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        try:
            connection.request(method, place.path + path, data, {"Content-Type": JSON, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = answer.headers["Content-Type"].startswith(JSON)
        return answer.status, dict(answer.headers), json.loads(content) if is_json else content.decode()

    return ask


def stored(ask) -> dict[str, str]:
    """What is stored of kinds that nothing but a write would change here: the version of each object."""
    found = {}
    for path in ("/api/v1/configmaps", "/api/v1/namespaces", "/apis/apps/v1/deployments", "/api/v1/pods"):
        for item in ask("GET", path)[2]["items"]:
            found[f"{path}/{item['metadata']['name']}"] = item["metadata"]["resourceVersion"]
    return found


CONFIG_MAP = {"metadata": {"name": "bad"}, "data": {"k": "v"}}
BAD = [
    # malformed bodies
    ("POST", f"{CORE}/configmaps", b"{", {}, 400, "BadRequest", "unexpected EOF|unexpected end of JSON input"),
    ("POST", f"{CORE}/configmaps", b'{"a":}', {}, 400, "BadRequest", "invalid character '}' looking for beginning of value"),
    ("POST", f"{CORE}/configmaps", b"\xff\xfe\x00", {}, 400, "BadRequest", "invalid character"),
    ("POST", f"{CORE}/configmaps", b"[" * 100_000, {}, 400, "BadRequest", "exceeded max depth"),
    ("POST", f"{CORE}/configmaps", b"", {}, 400, "BadRequest", "unexpected end of JSON input|EOF"),
    ("POST", f"{CORE}/configmaps", b"a: [b", {"Content-Type": "application/yaml"}, 400, "BadRequest", "yaml: "),
    ("POST", f"{CORE}/configmaps", b'{"kind":"Pod","apiVersion":"v1"}', {}, 400, "BadRequest", "cannot be handled as a ConfigMap"),
    ("POST", f"{CORE}/configmaps", b'{"kind":"Nope","apiVersion":"v9"}', {}, 400, "BadRequest", "no kind .Nope. is registered"),
    ("POST", f"{CORE}/configmaps", b'{"metadata":{"name":"bad"},"data":{"k":1}}', {}, 400, "BadRequest", "cannot unmarshal number"),
    ("PATCH", f"{CORE}", b'{"metadata":', PATCH, 400, "BadRequest", "unexpected end of JSON input|unexpected EOF"),
    ("POST", f"{CORE}/pods", {"metadata": {"name": "bad"}, "spec": {"containers": [{"name": "a", "image": "b", "resources": {
        "limits": {"cpu": LONG}}}]}}, {}, 400, "BadRequest", "unable to parse numeric part of quantity"),
    # wrong media types
    ("POST", f"{CORE}/configmaps", CONFIG_MAP, {"Content-Type": "text/plain"}, 415, "UnsupportedMediaType", "the body of the request was in an"),
    ("PATCH", f"{CORE}", b"{}", {}, 415, "UnsupportedMediaType", "415: Unsupported Media Type"),
    ("GET", f"{CORE}/configmaps", None, {"Accept": "image/png"}, 406, "NotAcceptable", "406: Not Acceptable"),
    # too large
    ("POST", f"{CORE}/configmaps", b'{"data":{"k":"' + b"x" * (10 << 20) + b'"}}', {}, 413, "RequestEntityTooLarge", "limit is 3145728"),
    # verbs and paths
    ("PUT", f"{CORE}/configmaps", CONFIG_MAP, {}, 405, "MethodNotAllowed", "the server does not allow this method"),
    ("POST", f"{CORE}/configmaps/bad", CONFIG_MAP, {}, 405, "MethodNotAllowed", "the server does not allow this method"),
    ("BREW", f"{CORE}/configmaps", None, {}, 405, "MethodNotAllowed", "the server does not allow this method"),
    ("GET", "/api/v1/teapots", None, {}, 404, "NotFound", "the server could not find the requested resource"),
    ("GET", f"{CORE}/pods/bad/brew", None, {}, 404, "NotFound", "the server could not find the requested resource"),
    ("GET", "/apis/apps/v9/deployments", None, {}, 404, "NotFound", "the server could not find the requested resource"),
    # selectors and options
    ("GET", "/api/v1/pods?labelSelector=a+in+(b", None, {}, 400, "BadRequest", "unable to parse requirement: "),
    ("GET", "/api/v1/pods?labelSelector=-x%3D%3D1", None, {}, 400, "BadRequest", "unable to parse requirement: "),
    ("GET", "/api/v1/pods?fieldSelector=spec.colour%3Dred", None, {}, 400, "BadRequest", "field label not supported: spec.colour"),
    ("GET", "/api/v1/pods?fieldSelector=%3D%3D%3D", None, {}, 400, "BadRequest", "."),
    ("GET", "/api/v1/pods?limit=x", None, {}, 400, "BadRequest", "strconv.ParseInt"),
    ("GET", f"/api/v1/pods?limit={LONG}", None, {}, 400, "BadRequest", "value out of range"),
    ("POST", f"{CORE}/configmaps?dryRun=Some", CONFIG_MAP, {}, 422, "Invalid", "dryRun"),
    ("POST", f"{CORE}/configmaps?fieldValidation=Loud", CONFIG_MAP, {}, 422, "Invalid", "fieldValidation"),
    ("DELETE", f"{CORE}/configmaps/kube-root-ca.crt?propagationPolicy=Sideways", None, {}, 422, "Invalid", "propagationPolicy"),
    # versions and tokens
    ("GET", "/api/v1/pods?continue=nonsense", None, {}, 400, "BadRequest", "continue key is not valid"),
    ("GET", "/api/v1/pods?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiIn0", None, {}, 400, "BadRequest", "continue key"),
    ("GET", "/api/v1/pods?resourceVersion=99999999&timeoutSeconds=1", None, {}, 504, "Timeout", "Too large resource version: 99999999, current: "),
    ("GET", "/api/v1/pods?resourceVersion=x", None, {}, 400, "BadRequest", "invalid resource version|strconv.ParseUint"),
    ("PUT", f"{CORE}/configmaps/kube-root-ca.crt", {"metadata": {"name": "kube-root-ca.crt", "resourceVersion": "1"}}, {}, 409, "Conflict",
     "the object has been modified"),
    ("GET", "/api/v1/pods", None, {"Authorization": "Bearer nonsense"}, 401, "Unauthorized", "Unauthorized"),
    ("POST", f"{CORE}/configmaps", CONFIG_MAP, {"Authorization": "Bearer a.b.c"}, 401, "Unauthorized", "Unauthorized"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "code", "reason", "words"), BAD,
                         ids=[f"{row[0]} {row[1][:60]} {row[4]} {index}" for index, row in enumerate(BAD)])
def test_bad_input_gets_upstreams_status_and_writes_nothing(ask, method, path, body, headers, code, reason, words):
    before = stored(ask)
    status, _, answer = ask(method, path, body, headers)
    assert (status, answer["kind"], answer["status"], answer["reason"], answer["code"]) == (code, "Status", "Failure", reason, code), answer
    assert re.search(words, answer["message"]), answer["message"]
    assert stored(ask) == before


def test_an_exec_without_an_upgrade_is_told_so(ask):
    pod = {"metadata": {"name": "idle"}, "spec": {"nodeName": "k8snode1", "containers": [{"name": "a", "image": "nowhere.example.com/missing:1"}]}}
    assert ask("POST", f"{CORE}/pods", pod)[0] == 201
    for action in ("exec?command=ls", "attach", "portforward?ports=80"):
        status, _, answer = ask("POST", f"{CORE}/pods/idle/{action}")
        assert (status, answer["reason"], answer["message"]) == (400, "BadRequest", "Upgrade request required")
    assert ask("DELETE", f"{CORE}/pods/idle?gracePeriodSeconds=0")[0] in (200, 404)  # 404: its kubelet was quicker, which upstream lets happen too


def test_a_path_of_no_group_is_the_muxs_page(ask):
    status, headers, body = ask("GET", "/brew")
    assert (status, body, headers["Content-Type"]) == (404, "404 page not found\n", "text/plain; charset=utf-8")


def test_a_wrong_address_is_no_sandbox(started, ask):
    place = urlsplit(started.api)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.request("GET", "/k8s/nonsense/api/v1/pods")
    answer = connection.getresponse()
    assert answer.status in (401, 404) and "Traceback" not in answer.read().decode()
    connection.close()


# -- the fuzz -------------------------------------------------------------------------------------


def inlined(node: object, schemas: dict, depth: int) -> object:
    """A schema without references, followed to a depth, so that values for it are quickly made."""
    if isinstance(node, list):
        return [inlined(item, schemas, depth) for item in node]
    if not isinstance(node, dict):
        return node
    node = node["allOf"][0] if [*node.get("allOf", [{}])[0]] == ["$ref"] else node
    if "$ref" in node:
        return inlined(schemas[node["$ref"].rpartition("/")[2]], schemas, depth - 1) if depth else {}
    found = {name: node[name] for name in KEPT if name in node}
    if "properties" in node:
        found["properties"] = {name: inlined(item, schemas, depth) for name, item in node["properties"].items() if name != "managedFields"}
    return found | {name: inlined(node[name], schemas, depth) for name in ("items", "additionalProperties") if name in node}


def trimmed(document: dict) -> dict:
    """A version 3 document with its paths, parameters and bodies; what is answered is not looked at."""
    schemas, paths = document["components"]["schemas"], {}
    for path, item in document["paths"].items():
        paths[path] = {"parameters": item.get("parameters", [])}
        for method, operation in item.items():
            if method == "parameters":
                continue
            kept = {name: operation[name] for name in ("operationId", "parameters") if name in operation}
            if content := operation.get("requestBody", {}).get("content"):
                kept["requestBody"] = {"required": True, "content": {
                    JSON if media == "*/*" else media: {"schema": inlined(body["schema"], schemas, DEPTH)} for media, body in content.items()}}
            paths[path][method] = {**kept, "responses": {"200": {"description": "OK"}}}
    return {"openapi": document["openapi"], "info": document["info"], "paths": paths}


def operations(ask) -> list:
    """Every operation that the sandbox documents, in an order drawn once and for all."""
    found = []
    for reference in ask("GET", "/openapi/v3")[2]["paths"].values():
        document = schemathesis.openapi.from_dict(trimmed(ask("GET", reference["serverRelativeURL"])[2]))
        found += [result.ok() for result in document.get_all_operations()]
    random.Random(SEED).shuffle(found)
    return found


def fuzz(operation, mode: GenerationMode, judge) -> None:
    """Hand a few drawn cases of an operation to `judge`, the same ones each time."""
    quiet = hypothesis.settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                                suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet)
    try:
        quiet(hypothesis.given(case=operation.as_strategy(generation_mode=mode))(judge))()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, f"nothing fits {operation.label}"  # a path without parameters can be asked for in one way only


def test_a_fuzz_of_every_documented_operation_finds_no_fault(started, ask):
    session, codes, end = requests.Session(), {}, time.monotonic() + FUZZ_S

    def judge(case) -> None:
        if case.path_parameters and "namespace" in case.path_parameters:
            case.path_parameters["namespace"] = "default"
        if case.query:
            case.query.pop("follow", None)
            case.query |= {"timeoutSeconds": "1"} if "watch" in case.query else {}
        answer = case.call(base_url=started.api, session=session, timeout=30)
        codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
        assert "Traceback" not in answer.text
        assert answer.status_code != 500 or UPSTREAM_500.search(answer.json()["message"]), (case.as_curl_command(), answer.text)
        assert answer.status_code < 400 or answer.status_code == 404 or answer.json()["status"] == "Failure", answer.text

    tried = 0
    for operation in operations(ask):
        if time.monotonic() > end:
            break
        tried += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            fuzz(operation, mode, judge)
    assert tried > 20 and len(codes) > 3, (tried, codes)
    assert ask("GET", "/readyz")[2] == "ok"
