"""`manage.py sandbox create|list|delete|reset`: sandboxes of the running server."""
from django.core.management.base import BaseCommand

from cluster.management.remote import call
from cluster.worker.simulation import PROFILES


class Command(BaseCommand):
    help = "Make, list, delete or reset sandboxes: each is a cluster of its own."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True, metavar="create | list | delete | reset")
        create = actions.add_parser("create", help="make a sandbox")
        create.add_argument("name", metavar="NAME")
        create.add_argument("--profile", choices=list(PROFILES), default="learner")
        create.add_argument("--nodes", metavar="k8snode1,k8snode2", help="node names, with commas between")
        create.add_argument("--node-cpu", metavar="4", help="CPUs of each node")
        create.add_argument("--node-memory", metavar="8Gi", help="memory of each node")
        create.add_argument("--seed", type=int, metavar="N", help="the same seed and inputs give the same run")
        actions.add_parser("list", help="list sandboxes")
        for action, text in (("delete", "delete a sandbox"), ("reset", "a fresh cluster from the same settings")):
            actions.add_parser(action, help=text).add_argument("name", metavar="NAME")

    def handle(self, *args, **options):
        getattr(self, options["action"])(options)

    def create(self, options):
        nodes = [name for name in options["nodes"].split(",") if name] if options["nodes"] else None
        body = {"name": options["name"], "profile": options["profile"], "nodes": nodes, "node_cpu": options["node_cpu"],
                "node_memory": options["node_memory"], "seed": options["seed"]}
        call("POST", "/sandboxes", body)
        self.stdout.write(f"sandbox {options['name']} created")

    def list(self, options):
        rows = call("GET", "/sandboxes")["sandboxes"]
        self.stdout.write(f"{'NAME':<20} {'PROFILE':<10} {'MODE':<10} {'SPEED':<6} {'STEPS':<10} NODES")
        for row in rows:
            self.stdout.write(f"{row['name']:<20} {row['profile']:<10} {row['mode']:<10} {row['speed']:<6g} {row['steps']:<10} {','.join(row['nodes'])}")

    def delete(self, options):
        call("DELETE", f"/sandboxes/{options['name']}")
        self.stdout.write(f"sandbox {options['name']} deleted")

    def reset(self, options):
        call("POST", f"/sandboxes/{options['name']}/control", {"action": "reset"})
        self.stdout.write(f"sandbox {options['name']} reset")
