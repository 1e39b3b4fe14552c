"""The picture: rows and cells for the browser, folded from the trace. JavaScript derives nothing."""
from .projector import Projector

__all__ = ["Projector"]
