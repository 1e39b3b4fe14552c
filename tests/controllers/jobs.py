"""What the tests of Jobs share: a Job in a world, and a kubelet's word on how its Pods ended."""

from __future__ import annotations

from tests.controllers.world import World

TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}


class Jobs(World):
    """A World whose hand makes Jobs and ends Pods."""

    def job(self, name: str = "job", *, template: dict | None = None, **spec) -> dict:
        body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template or TEMPLATE, **spec}}
        return self.create("jobs", body)

    @property
    def open_pods(self) -> list[dict]:
        """Pods that have not ended and are not being deleted."""
        return [pod for pod in self.list("pods")
                if pod["status"]["phase"] in ("Pending", "Running") and "deletionTimestamp" not in pod["metadata"]]

    def end(self, pod: dict, *, code: int = 0, settle: bool = True, conditions: list | None = None) -> None:
        """The Pod's container exits."""
        now = self.engine.clock.text(self.engine.now_ms)
        terminated = {"exitCode": code, "startedAt": now, "finishedAt": now, "reason": "Error" if code else "Completed"}
        container = {"name": "c", "image": "busybox:1", "imageID": "", "ready": False, "restartCount": 0, "state": {"terminated": terminated}}
        status = {"phase": "Failed" if code else "Succeeded", "containerStatuses": [container], "conditions": conditions or []}
        self.report(pod, status, settle=settle)

    def report(self, pod: dict, status: dict, *, settle: bool = True) -> None:
        """A kubelet's write of a Pod's status."""
        meta = pod["metadata"]
        self.do(self.client.patch("pods", meta["name"], {"status": status}, namespace=meta["namespace"], subresource="status"), settle=settle)

    def patch_job(self, spec: dict, name: str = "job", **options) -> dict:
        return self.do(self.client.patch("jobs", name, {"spec": spec}, namespace="default"), **options)

    def status(self, name: str = "job") -> dict:
        return self.get("jobs", name)["status"]

    def conditions(self, name: str = "job") -> list[tuple]:
        """(type, status, reason) of each condition."""
        return [(c["type"], c["status"], c["reason"]) for c in self.status(name).get("conditions") or ()]

    def statuses(self, name: str = "job") -> list[dict]:
        """Every status that was stored, in order."""
        return [change.value["status"] for change in self.store.changes if change.key == f"/registry/jobs/default/{name}"]
