"""The learner's kubectl."""

from .actor import Kubectl

__all__ = ["Kubectl"]
