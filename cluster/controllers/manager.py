"""kube-controller-manager: one process, one set of informers, all controllers of this folder."""
from __future__ import annotations

import importlib
import pkgutil

from cluster.client import Client, Controller, Informers, Process


class ControllerManager(Process):
    """Finds every Controller subclass in the folder's modules; `without` names those left out."""

    name = "kube-controller-manager"

    def __init__(self, engine, *, without: tuple[str, ...] = ()):
        super().__init__(engine)
        self.client = Client(self, user="system:kube-controller-manager", groups=["system:authenticated"], manager=self.name)
        self.informers = Informers(self, self.client)
        self.is_ready = False
        self.controllers = {cls.NAME: cls(self) for cls in controller_classes() if cls.NAME not in without}

    def on_start(self) -> None:
        for controller in self.controllers.values():
            controller.is_on = True
        self.trace("ComponentStarted", component=self.name)
        super().on_start()

    def on_synced(self) -> None:
        self.is_ready = True
        for controller in self.controllers.values():
            controller.on_synced()
            controller.process_queue()

    def on_stop(self) -> None:
        self.is_ready = False
        self.trace("ComponentStopped", component=self.name)
        for controller in self.controllers.values():
            controller.on_stop()
            controller.is_on = False
            controller.drop_memory()

    def on_restore(self) -> None:
        self.is_ready = self.is_on and self.informers.synced


def controller_classes() -> list[type[Controller]]:
    """Every controller of this folder, by name."""
    package = importlib.import_module(__package__)
    found = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if module.name.startswith("_") or module.name == "manager":
            continue
        for value in vars(importlib.import_module(f"{__package__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Controller) and value.NAME:
                found[value.NAME] = value
    return [found[name] for name in sorted(found)]
