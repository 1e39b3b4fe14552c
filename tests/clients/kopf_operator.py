"""An operator for `kopf run`: a Garden grows one Deployment, tells its size in its status, and cleans up after itself."""

import kopf
from kubernetes import client, config

PLACE = ("tests.example.com", "v1", "gardens")
config.load_kube_config()


def deployment(name: str, size: int) -> dict:
    labels = {"garden": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": size, "selector": {"matchLabels": labels}, "template": template},
    }


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    settings.persistence.finalizer = "tests.example.com/gardener"
    settings.posting.enabled = True
    settings.watching.server_timeout = 60


@kopf.on.create(*PLACE)
def plant(body, name, namespace, spec, **_):
    child = deployment(name, spec["size"])
    kopf.adopt(child)
    client.AppsV1Api().create_namespaced_deployment(namespace, child)
    kopf.info(body, reason="Planted", message=f"{spec['size']} plants")
    return {"planted": spec["size"]}


@kopf.on.update(*PLACE, field="spec.size")
def resize(name, namespace, new, patch, **_):
    client.AppsV1Api().patch_namespaced_deployment(name, namespace, {"spec": {"replicas": new}})
    patch.status["size"] = new


@kopf.on.delete(*PLACE)
def fell(name, namespace, **_):
    try:
        client.CoreV1Api().create_namespaced_config_map(namespace, {"metadata": {"name": f"{name}-felled"}})
    except client.ApiException as refusal:
        if refusal.status != 409:  # a handler may be called again
            raise


@kopf.timer(*PLACE, interval=1.0)
def water(patch, status, **_):
    patch.status["watered"] = status.get("watered", 0) + 1


@kopf.daemon(*PLACE)
async def guard(stopped, name, namespace, **_):
    client.CoreV1Api().create_namespaced_event(namespace, {
        "metadata": {"generateName": "guard-"}, "reason": "Guarding", "type": "Normal", "message": name,
        "involvedObject": {"kind": "Garden", "name": name, "namespace": namespace}})
    await stopped.wait()


@kopf.on.event("pods", labels={"garden": kopf.PRESENT})
def look(type, labels, namespace, body, **_):
    if type == "DELETED":
        client.CoreV1Api().create_namespaced_event(namespace, {
            "metadata": {"generateName": "wilted-"}, "reason": "Wilted", "type": "Normal", "message": labels["garden"],
            "involvedObject": {"kind": "Pod", "name": body["metadata"]["name"], "namespace": namespace}})
