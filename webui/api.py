"""The control API `/api/…`: what the page, the shell commands and scripts may ask of a server. Described at /api/openapi.json."""
from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError

from .door import WorkerSilent, door
from .examples import EXAMPLES
from .kubeconfig import kubeconfig_text

api = NinjaAPI(title="Podlife control API", version="1",
               description="Time, faults and looks at sandboxes; not the Kubernetes API, which is under /k8s/TOKEN/.",
               docs_url=None, urls_namespace="control")


class NewSandbox(Schema):
    """nodes: their names; node_cpu, node_memory: quantities such as 4 and 8Gi; rbac: whether Roles decide about everybody.

    parallel_pulls: how many images a node pulls at once, 0 for no limit.
    scheduler_config: the text of a KubeSchedulerConfiguration.
    """

    name: str
    profile: str = "learner"
    nodes: list[str] | None = None
    node_cpu: str | None = None
    node_memory: str | None = None
    seed: int | None = None
    rbac: bool | None = None
    parallel_pulls: int | None = None
    scheduler_config: str | None = None


class Control(Schema):
    """action: hold, run, step, stage, settle, jump, speed, pacing, rbac, reset. value: a number of steps, a speed, a pacing, on or off."""

    action: str
    value: bool | str | int | float | None = None


class Fault(Schema):
    """action: kubelet-stop, container-kill, …; args: as the action wants them."""

    action: str
    args: list[str] = []


class Kubectl(Schema):
    """What the page's buttons do: apply or delete files, delete or scale one object."""

    action: str
    files: list[dict[str, str]] = []
    resource: str = ""
    namespace: str = ""
    name: str = ""
    replicas: int | None = None
    force: bool = False


class Manifest(Schema):
    name: str = "manifest.yaml"
    text: str


async def ask(command: dict) -> dict:
    """The worker's answer; refusals become HTTP errors with its words."""
    try:
        answer = await door().ask(command)
    except WorkerSilent:
        raise HttpError(503, "the simulation does not answer") from None
    except OverflowError:  # more than 64 bits cannot be sent on
        raise HttpError(400, "a number is too large: choose one of at most 18 digits") from None
    if not answer.get("ok"):
        text = answer["error"]["en"]
        raise HttpError(answer.get("code", 400), text)
    return {key: value for key, value in answer.items() if key != "ok"}


@api.get("/sandboxes", summary="All sandboxes")
async def sandbox_list(request: HttpRequest) -> Any:
    return await ask({"do": "sandbox_list"})


@api.post("/sandboxes", summary="Make a sandbox")
async def sandbox_create(request: HttpRequest, body: NewSandbox) -> Any:
    return await ask({"do": "sandbox_create", **body.dict()})


@api.delete("/sandboxes/{name}", summary="Delete a sandbox")
async def sandbox_delete(request: HttpRequest, name: str) -> Any:
    return await ask({"do": "sandbox_delete", "sandbox": name})


@api.post("/sandboxes/{name}/control", summary="Hold, run, step, settle, speed, reset")
async def control(request: HttpRequest, name: str, body: Control) -> Any:
    return await ask({"do": "control", "sandbox": name, "action": body.action, "value": body.value})


@api.get("/sandboxes/{name}/control", summary="Where a sandbox stands: mode, step, time, speed")
async def head(request: HttpRequest, name: str) -> Any:
    return await ask({"do": "head", "sandbox": name})


@api.post("/sandboxes/{name}/fault", summary="Break or mend something")
async def fault(request: HttpRequest, name: str, body: Fault) -> Any:
    return await ask({"do": "fault", "sandbox": name, "action": body.action, "args": body.args})


@api.get("/sandboxes/{name}/registry", summary="What was pushed to the registry, or removed; what is broken; how fast; named: with all images in use")
async def registry(request: HttpRequest, name: str, named: bool = False) -> Any:
    return await ask({"do": "registry", "sandbox": name, "named": named})


@api.get("/sandboxes/{name}/repositories", summary="The commits of the Git repositories, newest first, and the newest files of each branch")
async def repositories(request: HttpRequest, name: str) -> Any:
    return await ask({"do": "repositories", "sandbox": name})


@api.post("/sandboxes/{name}/kubectl", summary="Apply, delete or scale, as the page's buttons do")
async def kubectl(request: HttpRequest, name: str, body: Kubectl) -> Any:
    command = {key: value for key, value in body.dict().items() if value not in (None, "", [], False)}
    return await ask({"do": "kubectl", "sandbox": name, "command": command})


@api.get("/sandboxes/{name}/kubeconfig", summary="A kubeconfig of the sandbox's API server")
async def kubeconfig(request: HttpRequest, name: str) -> Any:
    token = (await ask({"do": "sandbox_token", "sandbox": name}))["token"]
    text = kubeconfig_text(name, request.build_absolute_uri(f"/k8s/{token}"), token)
    return HttpResponse(text, content_type="application/yaml; charset=utf-8",
                        headers={"Content-Disposition": f'attachment; filename="podlife-{name}.yaml"'})


@api.get("/sandboxes/{name}/history", summary="Earlier steps, and the picture before them")
async def history(request: HttpRequest, name: str, before: int, limit: int = 2000) -> Any:
    return await ask({"do": "history", "sandbox": name, "before": before, "limit": limit})


@api.get("/sandboxes/{name}/object", summary="One object at a step: YAML, authors, changes, Events, causes")
async def inspect(request: HttpRequest, name: str, subject: str, seq: int | None = None) -> Any:
    return await ask({"do": "inspect", "sandbox": name, "subject": subject, "seq": seq})


@api.get("/sandboxes/{name}/inside", summary="Inside a Pod: each container's log, processes, mounts and files")
async def inside(request: HttpRequest, name: str, subject: str, at_ms: int | None = None) -> Any:
    return await ask({"do": "inside", "sandbox": name, "subject": subject, "at_ms": at_ms})


@api.get("/sandboxes/{name}/why", summary="The chain of causes of a step")
async def why(request: HttpRequest, name: str, seq: int) -> Any:
    return await ask({"do": "why", "sandbox": name, "seq": seq})


@api.post("/sandboxes/{name}/check", summary="What the API server would say of a manifest, by line")
async def check(request: HttpRequest, name: str, body: Manifest) -> Any:
    return await ask({"do": "check", "sandbox": name, "name": body.name, "text": body.text})


@api.get("/schema/completion", summary="The fields at a place of a kind, for the editor")
async def completion(request: HttpRequest, apiVersion: str = "", kind: str = "", path: str = "") -> Any:
    return await ask({"do": "completion", "api_version": apiVersion, "kind": kind, "path": path})


@api.get("/examples", summary="Example manifests")
async def examples(request: HttpRequest) -> Any:
    return EXAMPLES


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return JsonResponse({"error": str(error)}, status=error.status_code)
