"""`manage.py kubeconfig [SANDBOX]`: a kubeconfig on standard output."""
from django.core.management.base import BaseCommand

from cluster.management.remote import call


class Command(BaseCommand):
    help = "Print a kubeconfig of the running server's sandbox (default: main). Use it as: kubectl --kubeconfig FILE get pods"

    def add_arguments(self, parser):
        parser.add_argument("sandbox", nargs="?", default="main", metavar="SANDBOX")

    def handle(self, *args, **options):
        self.stdout.write(call("GET", f"/sandboxes/{options['sandbox']}/kubeconfig"), ending="")
