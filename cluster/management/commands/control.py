"""`manage.py control SANDBOX hold|run|step [N]|stage|settle|speed X|jump|reset`: the page's time controls, from a shell."""
from django.core.management.base import BaseCommand, CommandError

from cluster.management.remote import call

ACTIONS = {
    "hold": "stop the clock; each step waits for you",
    "run": "let it run",
    "step": "do the next step, or the next N",
    "stage": "go on to the next stage",
    "settle": "run as fast as it can until only heartbeats are left",
    "speed": "clock speed, 0.25 to 64",
    "pacing": "paced (every step visible) or clock",
    "jump": "skip the wait before the next step",
    "reset": "a fresh cluster from the same settings",
}


class Command(BaseCommand):
    help = "Control a sandbox's time: " + "; ".join(f"{name}: {text}" for name, text in ACTIONS.items())

    def add_arguments(self, parser):
        parser.add_argument("sandbox", metavar="SANDBOX")
        parser.add_argument("action", choices=list(ACTIONS))
        parser.add_argument("value", nargs="?", metavar="N | X")

    def handle(self, *args, **options):
        if options["action"] in ("speed", "pacing") and options["value"] is None:
            raise CommandError(f"{options['action']} wants a value")
        head = call("POST", f"/sandboxes/{options['sandbox']}/control", {"action": options["action"], "value": options["value"]})
        self.stdout.write(f"{options['sandbox']}: {head['mode']}, step {head['step']}, {head['wall']['virtual_ms']} ms, speed {head['speed']:g}")
