"""`manage.py bench [NAME…]`: runs the benchmarks of the folder benchmarks/ and prints their figures."""
import importlib
import pkgutil

from django.core.management.base import BaseCommand, CommandError

FOLDER = "benchmarks"


def found() -> dict:
    """{name: module} of every file of the folder that has a `run`."""
    package = importlib.import_module(FOLDER)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = {name: importlib.import_module(f"{FOLDER}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


class Command(BaseCommand):
    help = "Measure how fast Podlife is: simulations, engine, API server, store, worker. Nothing of a running server is touched."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run (default: all but those that take minutes)")
        parser.add_argument("--runs", type=int, default=3, help="how often each is done; figures are medians (default 3)")

    def handle(self, *args, **options):
        modules = found()
        unknown = [name for name in options["names"] if name not in modules]
        if unknown:
            raise CommandError(f"no benchmark {unknown[0]!r}; there are: {', '.join(modules)}")
        if not 1 <= options["runs"] <= 100:
            raise CommandError("--runs must be between 1 and 100")
        for name in options["names"] or [name for name, module in modules.items() if not getattr(module, "IS_LONG", False)]:
            self.print_figures(name, modules[name].run(options["runs"]))

    def print_figures(self, name: str, figures: list) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(name))
        for figure in figures:
            goal = f"   goal {figure.goal}" if figure.goal else ""
            self.stdout.write(f"  {figure.name:<52} {shown(figure.value):>10} {figure.unit}{goal}")
        self.stdout.flush()


def shown(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
