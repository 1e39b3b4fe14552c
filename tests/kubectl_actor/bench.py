"""An API server and kubectl, nothing else."""

from cluster.apiserver.server import ApiServer
from cluster.engine import Engine
from cluster.kubectl import Kubectl
from cluster.store.memory import Store


class Bench:
    """One control plane without components; commands run to their end, or as far as they can."""

    def __init__(self):
        self.engine = Engine()
        self.server = ApiServer(self.engine, Store())
        self.kubectl = Kubectl(self.engine)
        names = ("default", "kube-system", "other")
        self.server.begin(
            [
                *(
                    (
                        f"/registry/namespaces/{name}",
                        {
                            "kind": "Namespace",
                            "apiVersion": "v1",
                            "metadata": {"name": name, "uid": name},
                            "spec": {},
                            "status": {"phase": "Active"},
                        },
                    )
                    for name in names
                ),
                (
                    "/registry/serviceaccounts/default/default",
                    {
                        "kind": "ServiceAccount",
                        "apiVersion": "v1",
                        "metadata": {"name": "default", "namespace": "default", "uid": "sa"},
                    },
                ),
            ]
        )
        self.kubectl.on_start()

    def run(self, action, **command):
        """(exit code, standard output, standard error) of a command; code None while it waits."""
        command_id = self.kubectl.run({"action": action, **command})
        self.engine.settle(limit_ms=5_000)
        record = self.kubectl.command(command_id)
        out, err = (
            "\n".join(line.text for line in record.lines if line.stream == stream) for stream in ("stdout", "stderr")
        )
        return record.code, out, err

    def apply(self, text, name="x.yaml", **command):
        return self.run("apply", files=[{"name": name, "text": text}], **command)

    def stored(self, key):
        found = self.server.store.get("/registry/" + key)
        return found.value if found else None

    def facts(self, kind):
        return [event for event in self.engine.trace.events if event.kind == kind]

    def requests(self):
        return [(fact.data["verb"], fact.data["path"]) for fact in self.facts("RequestSent") if fact.actor == "kubectl"]
