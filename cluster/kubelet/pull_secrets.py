"""Owns the credentials with which a Pod's images are pulled: its imagePullSecrets, and which registries they are for.

A simplification: the simulated registry asks whether there are credentials for its name, not whether they are the right ones.
Source: kubernetes pkg/kubelet/kubelet_pods.go (getPullSecretsForPod), pkg/credentialprovider/secrets/secrets.go, keyring.go.
"""

from __future__ import annotations

import base64
import binascii
import json

from cluster.runtime import reference

DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


def secrets_of(kubelet, pod: dict, *, is_told: bool):
    """The Secrets that a Pod names for its pulls; those that are not there are told in one Event."""
    found, missing = [], []
    for name in [each.get("name") for each in pod["spec"].get("imagePullSecrets") or ()]:
        if not name:
            continue
        reply = yield kubelet.client.get("secrets", name, pod["metadata"]["namespace"])
        if reply.ok:
            found.append(reply.body)
        else:
            missing.append(name)
    if missing and not is_told:
        words = f"Unable to retrieve some image pull secrets ({', '.join(missing)}); attempting to pull the image may not succeed."
        kubelet.recorder.event(pod, "Warning", "FailedToRetrieveImagePullSecret", words)
    return found


def keys_for(image: str, secrets: list[dict]) -> list[str]:
    """Names (namespace/name/uid) of the Secrets that hold credentials for an image's registry. image: the full reference."""
    domain = reference.parse(image).domain
    wanted = DOCKER_HUB if domain == reference.DEFAULT_DOMAIN else (domain,)
    keys = []
    for secret in secrets:
        if any(_host(registry) in wanted for registry in _registries(secret)):
            meta = secret["metadata"]
            keys.append(f"{meta['namespace']}/{meta['name']}/{meta.get('uid', '')}")
    return keys


def _host(registry: str) -> str:
    """The host of an entry such as `https://index.docker.io/v1/`."""
    return registry.partition("://")[2].partition("/")[0] if "://" in registry else registry.partition("/")[0]


def _registries(secret: dict) -> list[str]:
    """The registries for which a Secret has credentials; none when it cannot be read."""
    data = secret.get("data") or {}
    is_old = secret.get("type") == "kubernetes.io/dockercfg"
    text = data.get(".dockercfg" if is_old else ".dockerconfigjson")
    if not isinstance(text, str):
        return []
    try:
        read = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return []
    found = read if is_old else read.get("auths") if isinstance(read, dict) else None
    return [str(name) for name in found] if isinstance(found, dict) else []
