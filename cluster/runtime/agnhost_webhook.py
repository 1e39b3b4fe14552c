"""Owns agnhost's webhooks: what its `webhook` says about requests to the API server, and how `crd-conversion-webhook` converts.

Source: kubernetes test/images/agnhost/webhook, test/images/agnhost/crd-conversion-webhook/converter.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from .http import Asked, Malformed
from .servers import Served
from .words import asked_for, go_answer
from .world import ContainerWorld

DELAY_MS = 5_000
UNWANTED, NOT_DELETABLE = "webhook-disallow", "webhook-nondeletable"
MARK = "webhook-e2e-test"
Review = dict[str, Any]


def allowed(patch: list | None = None) -> Review:
    """An answer that lets a request through, changed by a JSON patch."""
    if not patch:
        return {"allowed": True}
    return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}


def denied(*, message: str = "", reason: str = "") -> Review:
    return {"allowed": False, "status": {name: text for name, text in (("message", message), ("reason", reason)) if text}}


def always_deny(request: Review, image: str) -> Review:
    return denied(message="this webhook denies all requests")


def always_allow(request: Review, image: str) -> Review:
    return {"allowed": True, "status": {"message": "this webhook allows all requests"}}


def add_label(request: Review, image: str) -> Review:
    labels = _labels(_object(request))
    if not labels:
        return allowed([{"op": "add", "path": "/metadata/labels", "value": {"added-label": "yes"}}])
    if labels.get("added-label") == "yes":
        return allowed()
    return allowed([{"op": "replace" if "added-label" in labels else "add", "path": "/metadata/labels/added-label", "value": "yes"}])


def pods(request: Review, image: str) -> Review:
    """No Pod with the unwanted label, or a container of the unwanted name."""
    pod, said = _object(request), []
    if _labels(pod).get(MARK) == UNWANTED:
        said.append("the pod contains unwanted label;")
    if _labels(pod).get(MARK) == "wait-forever":
        return {}
    said += ["the pod contains unwanted container name;" for each in _containers(pod, "containers") if UNWANTED in each.get("name", "")]
    return denied(message=" ".join(said)) if said else allowed()


def attaching(request: Review, image: str) -> Review:
    options = _object(request)
    if request.get("name") != "to-be-attached-pod" or not options.get("stdin") or options.get("container") != "container1":
        return allowed()
    return denied(message="attaching to pod 'to-be-attached-pod' is not allowed")


def mutating_pods(request: Review, image: str) -> Review:
    """An init container more for the one Pod of that name."""
    pod, name = _object(request), "webhook-added-init-container"
    has_it = any(each.get("name") == name for each in _containers(pod, "initContainers"))
    if (pod.get("metadata") or {}).get("name") != "webhook-to-be-mutated" or has_it:
        return allowed()
    added = [{"image": "webhook-added-image", "name": name, "resources": {}}]
    return allowed([{"op": "add", "path": "/spec/initContainers", "value": added}])


def sidecar(request: Review, image: str) -> Review:
    if not image:
        return {"allowed": False, "status": {"status": "Failure", "message": "No image specified by the sidecar-image parameter", "code": 500}}
    if any(each.get("name") == "webhook-added-sidecar" for each in _containers(_object(request), "containers")):
        return allowed()
    return allowed([{"op": "add", "path": "/spec/containers/-", "value": {"image": image, "name": "webhook-added-sidecar", "resources": {}}}])


def data_of(what: str) -> Callable[[Review, str], Review]:
    """The judge of ConfigMaps and of custom resources, which have `data` too."""
    unwanted = "unwanted key and value" if what == "configmap" else "unwanted data"

    def judge(request: Review, image: str) -> Review:
        operation = request.get("operation")
        value = _data(request["oldObject"] if operation == "DELETE" else _object(request)).get(MARK)
        if value == UNWANTED and operation in ("CREATE", "UPDATE"):
            return denied(reason=f"the {what} contains {unwanted}")
        if value == NOT_DELETABLE and operation == "DELETE":
            return denied(reason=f"the {what} cannot be deleted because it contains unwanted key and value")
        return allowed()

    return judge


def mutating_data(request: Review, image: str) -> Review:
    """The next stage of what is to go through two."""
    data, stage = _data(_object(request)), 0
    if data.get("mutation-start") == "yes":
        stage = 1
    if data.get("mutation-stage-1") == "yes":
        stage = 2
    return allowed([{"op": "add", "path": f"/data/mutation-stage-{stage}", "value": "yes"}] if stage else None)


def definitions(request: Review, image: str) -> Review:
    return denied(message="the crd contains unwanted label") if _labels(_object(request)).get(MARK) == UNWANTED else allowed()


def _object(request: Review) -> dict:
    return request.get("object") or {}


def _labels(obj: dict) -> dict:
    return (obj.get("metadata") or {}).get("labels") or {}


def _data(obj: dict | None) -> dict:
    data = (obj or {}).get("data")
    return data if isinstance(data, dict) else {}


def _containers(pod: dict, which: str) -> list[dict]:
    return (pod.get("spec") or {}).get(which) or []


JUDGES: dict[str, Callable[[Review, str], Review]] = {
    "/always-allow-delay-5s": always_allow,
    "/always-deny": always_deny,
    "/add-label": add_label,
    "/pods": pods,
    "/pods/attach": attaching,
    "/mutating-pods": mutating_pods,
    "/mutating-pods-sidecar": sidecar,
    "/configmaps": data_of("configmap"),
    "/mutating-configmaps": mutating_data,
    "/custom-resource": data_of("custom resource"),
    "/mutating-custom-resource": mutating_data,
    "/crd": definitions,
}


def webhook(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """A review of a request to the API server. setting: the image that a sidecar gets."""
    path, _ = asked_for(asked)
    if path == "/readyz":
        return go_answer(world, asked, "ok")
    judge, review = JUDGES.get(path), _review(asked, "AdmissionReview")
    if judge is None or review is None:
        return _refused(world, asked, judge is not None)
    response = {"uid": review["request"].get("uid", ""), **judge(review["request"], setting)}
    answer = {"kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": response}
    served = go_answer(world, asked, json.dumps(answer), kind="application/json")
    is_for_ever = "allowed" not in response
    return served._replace(took_ms=10**9 if is_for_ever else DELAY_MS if path == "/always-allow-delay-5s" else 0)


def conversion(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """A ConversionReview of stable.example.com: v1 has hostPort, v2 has host and port."""
    path, _ = asked_for(asked)
    if path == "/readyz":
        return go_answer(world, asked, "ok")
    review = _review(asked, "ConversionReview")
    if path != "/crdconvert" or review is None:
        return _refused(world, asked, path == "/crdconvert")
    answer = {"kind": "ConversionReview", "apiVersion": review["apiVersion"], "request": {"uid": "", "desiredAPIVersion": "", "objects": None},
              "response": _converted(review["request"])}  # fmt: skip
    return go_answer(world, asked, json.dumps(answer), kind="application/json")


def _converted(request: Review) -> Review:
    response: Review = {"uid": request.get("uid", ""), "convertedObjects": [], "result": {"status": "Success"}}
    for obj in request.get("objects") or ():
        made = convert(obj, request.get("desiredAPIVersion", ""))
        if isinstance(made, str):
            return {**response, "convertedObjects": None, "result": {"status": "Failure", "message": made}}
        response["convertedObjects"].append(made)
    return response


def convert(obj: dict, wanted: str) -> dict | str:
    """The object in the wanted version, or what is wrong. Source: convertExampleCRD."""
    given = obj.get("apiVersion", "")
    if wanted == given:
        return f"conversion from a version to itself should not call the webhook: {wanted}"
    versions = ("stable.example.com/v1", "stable.example.com/v2")
    if given not in versions or wanted not in versions:
        return f'unexpected conversion version "{given if given not in versions else wanted}"'
    made = {**obj, "apiVersion": wanted}
    if wanted.endswith("v2") and "hostPort" in made:
        parts = str(made.pop("hostPort")).split(":")
        if len(parts) != 2:
            return f"invalid hostPort value `{obj['hostPort']}`"
        made["host"], made["port"] = parts
    elif wanted.endswith("v1") and ("host" in made or "port" in made):
        made["hostPort"] = f"{made.pop('host', '')}:{made.pop('port', '')}"
    return made


def _review(asked: Asked | Malformed, kind: str) -> Review | None:
    """What was posted, if it is a review."""
    try:
        found = json.loads(asked.body) if isinstance(asked, Asked) else None
    except ValueError:
        return None
    is_one = isinstance(found, dict) and found.get("kind") == kind and isinstance(found.get("request"), dict)
    return found if is_one and isinstance(found.get("apiVersion"), str) else None


def _refused(world: ContainerWorld, asked: Asked | Malformed, is_known: bool) -> Served:
    if is_known:
        return go_answer(world, asked, "Request could not be decoded\n", code=400)
    return go_answer(world, asked, "404 page not found\n", code=404)
