"""kube-scheduler: places Pods on nodes."""

from .scheduler import Scheduler

__all__ = ["Scheduler"]
