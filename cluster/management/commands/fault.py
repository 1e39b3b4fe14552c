"""`manage.py fault SANDBOX ACTION ARGUMENTS…`: the page's faults, from a shell."""
import argparse

from django.core.management.base import BaseCommand

from cluster.management.remote import call
from cluster.worker.faults import ARGUMENTS


class Command(BaseCommand):
    help = "Break or mend something in a sandbox. Actions: " + "; ".join(" ".join([name, *wanted]) for name, wanted in ARGUMENTS.items())

    def add_arguments(self, parser):
        parser.add_argument("sandbox", metavar="SANDBOX")
        parser.add_argument("action", metavar="ACTION")
        parser.add_argument("args_of_fault", nargs=argparse.REMAINDER, metavar="ARGUMENT")

    def handle(self, *args, **options):
        call("POST", f"/sandboxes/{options['sandbox']}/fault", {"action": options["action"], "args": options["args_of_fault"]})
