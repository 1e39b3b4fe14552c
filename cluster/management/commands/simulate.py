"""`manage.py simulate FILE…`: a fresh cluster in memory, as fast as it can; no server, no database."""
import gc
import sys
from pathlib import Path

import msgspec
from django.core.management.base import BaseCommand, CommandError

from cluster.meta.requests import Request

CATEGORY = "all"
LIMIT_MS = 1_800_000  # controllers make twenty Pods a second, so ten thousand take nine minutes of virtual time


class Command(BaseCommand):
    help = "Apply manifests to a fresh cluster, run it in virtual time as fast as it can, and print what `kubectl get all -o wide` would."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="FILE", help="manifests; - is standard input")
        parser.add_argument("--nodes", type=int, default=2, help="number of nodes (default 2)")
        parser.add_argument("--until", default="settled", metavar="settled | MS",
                            help="when to stop: settled (default), or virtual ms after the apply")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--trace", action="store_true", help="print the trace as JSON lines instead of the tables")

    def handle(self, *args, **options):
        until = options["until"]
        if until != "settled" and not until.isdigit():
            raise CommandError(f"--until wants 'settled' or virtual milliseconds, not {until!r}")
        if not 1 <= options["nodes"] <= 1000:
            raise CommandError("--nodes must be between 1 and 1000")
        files = [{"name": Path(name).name, "text": read(name)} for name in options["files"]]
        gc.disable()  # one short run: nothing it makes need be collected
        simulation = run(files, nodes=options["nodes"], seed=options["seed"], until=until, trace=options["trace"])
        failed = self.print_kubectl(simulation)
        if until == "settled" and not simulation.engine.is_settled:
            self.stderr.write(f"The cluster has not settled after {LIMIT_MS // 60_000} minutes of virtual time.")
        if options["trace"]:
            self.print_trace(simulation)
        else:
            self.print_tables(simulation)
        sys.exit(1 if failed else 0)

    def print_kubectl(self, simulation) -> bool:
        command = simulation.kubectl.state.commands[-1]
        for line in command.lines:
            if line.stream == "stderr":
                self.stderr.write(line.text)
        return bool(command.code)

    def print_trace(self, simulation) -> None:
        for event in simulation.engine.trace.events:
            row = dict(zip(event.__struct_fields__, msgspec.structs.astuple(event)))
            self.stdout.write(msgspec.json.encode(row).decode())

    def print_tables(self, simulation) -> None:
        first = True
        for kind in shown_kinds():
            text = table(simulation, kind)
            if text:
                self.stdout.write(text if first else "\n" + text)
                first = False


def read(name: str) -> str:
    """A file's text; CommandError in plain words."""
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name}: {error.strerror if isinstance(error, OSError) else 'not UTF-8 text'}") from None


def run(files, *, nodes: int, seed: int, until: str, trace: bool = False):
    """The simulation after the manifests were applied and it ran as long as asked."""
    from cluster.worker.simulation import Simulation, settings_for
    settings = settings_for("learner", nodes=[f"k8snode{number}" for number in range(1, nodes + 1)], seed=seed)
    simulation = Simulation(settings, trace=False).boot()
    simulation.engine.trace.on = trace
    simulation.apply("kubectl", {"action": "apply", "files": files})
    if until == "settled":
        simulation.engine.settle(limit_ms=LIMIT_MS)
    else:
        simulation.engine.run_until(simulation.engine.now_ms + int(until))
    return simulation


def shown_kinds() -> list:
    """The kinds of `kubectl get all`, in its order."""
    from cluster.kinds import registry
    return [kind for kind in registry().stored if CATEGORY in kind.categories]


def table(simulation, kind) -> str:
    """What `kubectl get KIND -o wide` prints of the default namespace; "" when there is none."""
    request = Request(verb="list", resource=kind.plural, group=kind.group, version=kind.version, namespace="default",
                      user="kubernetes-admin", groups=["system:masters"], accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    body = simulation.server.handle(request).body
    rows = body.get("rows") or []
    if not rows:
        return ""
    singular = f"{kind.singular}.{kind.group}" if kind.group else kind.singular
    names = [column["name"].upper() for column in body["columnDefinitions"]]
    cells = [[str(cell) for cell in row["cells"]] for row in rows]
    for line in cells:
        line[0] = f"{singular}/{line[0]}"
    widths = [max(len(line[i]) for line in [names, *cells]) for i in range(len(names))]
    return "\n".join("   ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in [names, *cells])
