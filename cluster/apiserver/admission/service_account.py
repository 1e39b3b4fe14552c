"""ServiceAccount: every Pod gets an identity, and a volume through which its containers can show it.

Source: k8s.io/kubernetes plugin/pkg/admission/serviceaccount/admission.go.
"""
from __future__ import annotations

from cluster.meta import names
from cluster.meta.gotext import quote

NAME, RESOURCE = "ServiceAccount", "pods"
DEFAULT = "default"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
EXPIRATION_S = 3607          # an hour and a bit: tells this token from one that was asked for
MIRROR = "kubernetes.io/config.mirror"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Give a new Pod its ServiceAccount, that account's pull secrets, and its token volume."""
    if live is not None:
        return []
    spec = obj["spec"]
    if MIRROR in (obj["metadata"].get("annotations") or ()):
        return _check_mirror(call, obj)
    filled = []
    if not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = spec["serviceAccount"] = DEFAULT
        filled.append("spec.serviceAccountName")
    account = _account(call, obj, spec["serviceAccountName"])
    if _wants_token(account, spec):
        filled += _mount(call, spec)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": secret.get("name", "")} for secret in account["imagePullSecrets"]]
        filled.append("spec.imagePullSecrets")
    return filled


def _check_mirror(call, obj: dict) -> list[str]:
    from . import refused
    if obj["spec"].get("serviceAccountName"):
        raise refused(call, obj, "a mirror pod may not reference service accounts")
    return []


def _account(call, obj: dict, name: str) -> dict:
    stored = call.context.store.get(f"/registry/serviceaccounts/{call.namespace}/{name}")
    if stored is None:
        from . import refused
        wrong = names.path_segment(name)     # then its path cannot even be asked for
        why = f"invalid resource name {quote(name)}: [{', '.join(wrong)}]" if wrong else f'serviceaccount "{name}" not found'
        raise refused(call, obj, f"error looking up service account {call.namespace}/{name}: {why}")
    return stored.value


def _wants_token(account: dict, spec: dict) -> bool:
    """The Pod's own wish, else the account's, else yes."""
    for holder in (spec, account):
        if holder.get("automountServiceAccountToken") is not None:
            return holder["automountServiceAccountToken"]
    return True


def _mount(call, spec: dict) -> list[str]:
    """Mount the token wherever its path is free; add the volume if it is mounted at all and not there."""
    volumes = spec.get("volumes") or []
    name = next((volume["name"] for volume in volumes if volume.get("name", "").startswith(VOLUME_PREFIX)), "")
    is_there = bool(name)
    name = name or VOLUME_PREFIX + call.context.rng("names").suffix(5)
    filled = _mount_everywhere(spec, name)
    if filled and not is_there:
        spec["volumes"] = [*volumes, token_volume(name)]
        filled.append(f"spec.volumes[{len(volumes)}]")
    return filled


def _mount_everywhere(spec: dict, name: str) -> list[str]:
    filled = []
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            mounts = container.get("volumeMounts") or []
            if any(mount.get("mountPath") == MOUNT_PATH for mount in mounts):
                continue
            container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": MOUNT_PATH}]
            filled.append(f"spec.{field}[{index}].volumeMounts[{len(mounts)}]")
    return filled


def token_volume(name: str) -> dict:
    """The projected volume: a token, the cluster's CA, and the namespace's name."""
    reference = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": EXPIRATION_S, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": reference}]}}]}}
