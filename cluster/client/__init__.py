"""The client room: requests, informers, queues, recorders, and the bases of processes and controllers."""
from .client import Call, Client
from .controller import Controller
from .election import Election
from .informers import Informer, Informers
from .process import Process
from .workqueue import WorkQueue

__all__ = ["Call", "Client", "Controller", "Election", "Informer", "Informers", "Process", "WorkQueue"]
