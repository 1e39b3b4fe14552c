"""kube-controller-manager: one process, one set of informers, all controllers of this folder.

elects: whether it works only as the leader; it never gives its Lease up, so a new one waits until that has run out.
"""
from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field

from cluster.client import Client, Controller, Election, Informers, Process

START_MS = 1_000   # from its start to its first look at the Lease


@dataclass
class ManagerState:
    """off: the controllers that were switched off by themselves, as --controllers=*,-NAME does."""

    off: list[str] = field(default_factory=list)


class ControllerManager(Process):
    """Finds every Controller subclass in the folder's modules; `without` names those left out."""

    name = "kube-controller-manager"

    def __init__(self, engine, *, without: tuple[str, ...] = (), elects: bool = False):
        super().__init__(engine)
        self.state = ManagerState()
        self.client = Client(self, user="system:kube-controller-manager", groups=["system:authenticated"], manager=self.name)
        self.informers = Informers(self, self.client)
        self.is_ready = False
        if elects:
            self.election = Election(self, component=self.name, gives_up=False, start_ms=START_MS)
        self.controllers = {cls.NAME: cls(self) for cls in controller_classes() if cls.NAME not in without}

    def on_start(self) -> None:
        for name, controller in self.controllers.items():
            controller.is_on = name not in self.state.off
        self.trace("ComponentStarted", component=self.name)
        if self.election is None:
            self.lead()
        else:
            self.election.begin()

    def lead(self) -> None:
        self.informers.start()

    def on_synced(self) -> None:
        self.is_ready = True
        for controller in self.controllers.values():
            if controller.is_on:
                self._set_going(controller)

    def _set_going(self, controller: Controller) -> None:
        controller.on_synced()
        controller.process_queue()

    def fresh_state(self) -> ManagerState:
        """A restart keeps its flags."""
        return ManagerState(self.state.off)

    # -- one controller ----------------------------------------------------------------------------------------------

    def switch_off(self, name: str) -> None:
        """Run without one controller. A simplification: upstream's manager must be started anew for that."""
        if name in self.state.off:
            return
        self.state.off = [*self.state.off, name]
        self._tell_those_on()
        self.trace("ComponentStopped", component=name)
        self.engine.stop(self.controllers[name])

    def switch_on(self, name: str) -> None:
        """Run it again: it hears of all objects that the process knows."""
        if name not in self.state.off:
            return
        self.state.off = [each for each in self.state.off if each != name]
        self._tell_those_on()
        self.trace("ComponentStarted", component=name)
        controller = self.controllers[name]
        controller.is_on = self.is_on
        if self.is_ready:
            for informer in self.informers.by_resource.values():
                informer.replay(controller)
            self._set_going(controller)

    def _tell_those_on(self) -> None:
        deaf = tuple(self.controllers[name] for name in self.state.off)
        for informer in self.informers.by_resource.values():
            informer.tell_only(deaf)

    def on_stop(self) -> None:
        self.is_ready = False
        self.trace("ComponentStopped", component=self.name)
        for controller in self.controllers.values():
            controller.on_stop()
            controller.is_on = False
            controller.drop_memory()

    def on_restore(self) -> None:
        self.is_ready = self.is_on and self.informers.synced
        if self.state.off:
            self._tell_those_on()


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
