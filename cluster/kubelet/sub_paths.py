"""Owns which part of a volume a container mounts: subPath and subPathExpr, and why one cannot be.

Source: kubernetes pkg/kubelet/kubelet_pods.go (makeMounts), pkg/kubelet/container/helpers.go (ExpandContainerVolumeMounts),
pkg/volume/validation/pv_validation.go (ValidatePathNoBacksteps).
"""

from __future__ import annotations

import posixpath
import re

from cluster.meta.gotext import quote
from cluster.runtime.filesystem import FOLDER, SET_GROUP, Tree, folder, parents, put

from .volume_contents import NotReady

_NAMES = re.compile(r"\$\$|\$\(([^)]*)\)")


def part_of(mount: dict, values: dict[str, str], expand) -> str:
    """The part that a mount asks for, "" for the whole volume. Raises NotReady."""
    part = mount.get("subPath", "")
    if mount.get("subPathExpr"):
        names = [found[1] for found in _NAMES.finditer(mount["subPathExpr"]) if found[1] is not None]
        missing = sorted({name for name in names if not values.get(name)})
        if missing:
            raise NotReady(f"missing value for {', '.join(missing)}")
        part = expand(mount["subPathExpr"], values)
    if part.startswith("/"):
        raise NotReady(f"error SubPath `{part}` must not be an absolute path")
    if ".." in part.split("/"):
        raise NotReady(f"unable to provision SubPath `{part}`: must not contain '..'")
    return part


def check_above(tree: Tree, path: str, mount: dict, spec: dict) -> None:
    """Whether a folder can be made in a volume. Raises NotReady, without saying what is in the way."""
    if any(above in tree and tree[above].kind != FOLDER for above in parents(path)):
        raise NotReady(f"failed to create subPath directory for volumeMount {quote(mount['name'])} of container {quote(spec['name'])}")


def make(tree: Tree, path: str, *, now_ms: int) -> None:
    """Make a folder in a volume, of the volume's own mode and, where its folder hands that on (fsGroup), of its group.

    Source: k8s.io/kubernetes pkg/volume/util/subpath/subpath_linux.go (doSafeMakeDir).
    """
    mode = tree["/"].mode if "/" in tree else 0o777
    for each in (*parents(path)[1:], path):
        if each not in tree:
            above = tree.get(posixpath.dirname(each))
            hands_on = above is not None and above.mode & SET_GROUP
            own = mode if each == path else mode & ~0o022 & 0o777 | (SET_GROUP if hands_on else 0)
            put(tree, each, folder(mode=own, group=above.group if hands_on else 0, changed_ms=now_ms))
