"""ServiceAccount: the identity under which a Pod talks to the API server."""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age
from cluster.kinds.base import FieldError, Kind

_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"


def _prepare(draft: dict) -> None:
    """Of a referenced Secret only its name is kept.

    Source: pkg/registry/core/serviceaccount/strategy.go.
    """
    if draft.get("secrets"):
        draft["secrets"] = [{"name": secret["name"]} if secret.get("name") else {} for secret in draft["secrets"]]
    for field in ("secrets", "imagePullSecrets"):
        if field in draft and not draft[field]:
            del draft[field]


def prepare_update(draft: dict, old: dict) -> None:
    """As for a create."""
    _prepare(draft)


def validate(account: dict) -> list[FieldError]:
    """Only its metadata can be wrong."""
    errors: list[FieldError] = []
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """The annotation for mountable secrets is deprecated; said once, when it is first set."""
    if _MOUNTABLE not in (new["metadata"].get("annotations") or {}):
        return []
    if old and _MOUNTABLE in (old["metadata"].get("annotations") or {}):
        return []
    return [f"metadata.annotations[{_MOUNTABLE}]: deprecated in v1.32+; "
            "prefer separate namespaces to isolate access to mounted secrets"]


def cells(account: dict, now_unix_ms: int) -> list:
    """Name, age."""
    return [account["metadata"]["name"], age(account, now_unix_ms)]


KIND = Kind(
    kind="ServiceAccount", plural="serviceaccounts", singular="serviceaccount", short_names=("sa",),
    subresources=("token",), storage_version_hash="pbx9ZvyFpBE=", columns=(NAME, AGE), cells=cells,
    prepare_create=_prepare, prepare_update=prepare_update, validate=validate,
    validate_update=lambda new, old: validate(new),
    warn=warn, icon="id-card",
    title={"en": "An identity for Pods: who they are when they talk to the API server.",
           "zh": "Pod 的身份：它们与 API 服务器通信时以谁的名义。"},
)
