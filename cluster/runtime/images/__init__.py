"""Images and how their containers behave: one file each, found by folder; a new image is a new file with an `IMAGE`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from cluster.runtime.image import Image

DEFAULT = "_default"


@lru_cache(maxsize=1)
def behaviours() -> dict[str, Image]:
    """file name -> IMAGE, in the order of names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").IMAGE for name in names}


@lru_cache(maxsize=1)
def _by_reference() -> dict[str, str]:
    return {reference: name for name, image in behaviours().items() for reference in (*image.names, *image.repositories)}


@lru_cache(maxsize=4096)
def behaviour_of(reference: str) -> str:
    """The name of the file that says how this image's containers behave."""
    known = _by_reference()
    repository = reference.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return known.get(reference) or known.get(repository, DEFAULT)
