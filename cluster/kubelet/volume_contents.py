"""Owns what is in volumes that are made from objects: configMap, secret, downwardAPI and projected. Pure rules.

A payload is path -> [text, mode, owner]. Source: kubernetes pkg/volume/{configmap,secret,downwardapi,projected}.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Callable

from cluster.runtime.octets import text_of

from . import downward, references

Payload = dict[str, list]
Look = Callable[[str, str], dict | None]  # resource, name -> the object in the Pod's namespace
DEFAULT_MODE = 0o644


class NotReady(Exception):
    """A volume cannot be set up; the message is upstream's. step: what failed of it."""

    step = "SetUp"


class NotAttached(NotReady):
    """A volume waits to be attached to the node."""


class NotStaged(NotReady):
    """A volume is attached to the node, but not mounted there."""

    step = "MountDevice"


def text_in(data: str) -> str:
    """What stands behind a value in base64."""
    try:
        return text_of(base64.b64decode(data or ""))
    except (binascii.Error, ValueError):
        return ""


def entries_of(found: dict) -> dict[str, str]:
    """The keys of a ConfigMap or a Secret with their texts."""
    if found["kind"] == "Secret":
        return {key: text_in(value) for key, value in (found.get("data") or {}).items()}
    return {**(found.get("data") or {}), **{key: text_in(value) for key, value in (found.get("binaryData") or {}).items()}}


def from_object(source: dict, resource: str, name: str, mode: int, look: Look) -> Payload:
    """The files of a ConfigMap or a Secret. Raises NotReady."""
    found, is_optional = look(resource, name), bool(source.get("optional"))
    word = "configmap" if resource == "configmaps" else "secret"
    if found is None and not is_optional:
        raise NotReady(f'{word} "{name}" not found')
    entries = entries_of(found) if found is not None else {}
    items = source.get("items")
    if not items:
        return {key: [text, mode, 0] for key, text in entries.items()}
    payload: Payload = {}
    for item in items:
        if item["key"] in entries:
            payload[cleaned(item["path"])] = [entries[item["key"]], _mode(item, mode), 0]
        elif not is_optional:
            lead = "configmap references non-existent config key" if word == "configmap" else "references non-existent secret key"
            raise NotReady(f"{lead}: {item['key']}")
    return payload


def _mode(item: dict, default: int) -> int:
    return item["mode"] if item.get("mode") is not None else default


def cleaned(path: str) -> str:
    return posixpath.normpath(path)


def from_fields(items: list[dict], pod: dict, mode: int, allocatable: dict) -> Payload:
    """The files of a downwardAPI source. Raises NotReady."""
    payload: Payload = {}
    for item in items or ():
        try:
            if item.get("fieldRef"):
                text = downward.metadata(pod, item["fieldRef"].get("fieldPath", ""))
            else:
                text = downward.resource(pod, None, item["resourceFieldRef"], allocatable)
        except downward.Unreadable as error:
            raise NotReady(str(error)) from error
        payload[cleaned(item["path"])] = [text, _mode(item, mode), 0]
    return payload


def of(volume: dict, pod: dict, look: Look, allocatable: dict, token: Callable[[dict], str]) -> Payload:
    """The files of a volume that is made from objects. token: a serviceAccountToken source -> the token. Raises NotReady."""
    if "configMap" in volume:
        source = volume["configMap"]
        return from_object(source, "configmaps", source.get("name", ""), _default(source), look)
    if "secret" in volume:
        source = volume["secret"]
        return from_object(source, "secrets", source.get("secretName", ""), _default(source), look)
    if "downwardAPI" in volume:
        source = volume["downwardAPI"]
        return from_fields(source.get("items") or [], pod, _default(source), allocatable)
    return _projected(volume["projected"], pod, look, allocatable, token)


def _default(source: dict) -> int:
    return source["defaultMode"] if source.get("defaultMode") is not None else DEFAULT_MODE


def _projected(source: dict, pod: dict, look: Look, allocatable: dict, token: Callable[[dict], str]) -> Payload:
    payload: Payload = {}
    problems: list[str] = []
    mode = _default(source)
    for each in source.get("sources") or ():
        try:
            payload.update(_one_source(each, pod, mode, look, allocatable, token))
        except NotReady as error:
            problems.append(str(error))
    if problems:
        problems = list(dict.fromkeys(problems))
        raise NotReady(problems[0] if len(problems) == 1 else "[" + ", ".join(problems) + "]")
    return payload


def _one_source(each: dict, pod: dict, mode: int, look: Look, allocatable: dict, token: Callable[[dict], str]) -> Payload:
    if each.get("configMap"):
        return from_object(each["configMap"], "configmaps", each["configMap"].get("name", ""), mode, look)
    if each.get("secret"):
        return from_object(each["secret"], "secrets", each["secret"].get("name", ""), mode, look)
    if each.get("downwardAPI"):
        return from_fields(each["downwardAPI"].get("items") or [], pod, mode, allocatable)
    if each.get("serviceAccountToken"):
        return {cleaned(each["serviceAccountToken"]["path"]): [token(each["serviceAccountToken"]), *_token_mode(pod, mode)]}
    return {}


def _token_mode(pod: dict, mode: int) -> tuple[int, int]:
    """(mode, owner) of a token's file: it is for one user, or for the group of the volume.

    Source: pkg/volume/util/util.go (FsUserFrom), pkg/volume/projected/projected.go.
    """
    context = pod["spec"].get("securityContext") or {}
    users = {
        (spec.get("securityContext") or {}).get("runAsUser", context.get("runAsUser"))
        for spec in references.containers_of(pod)
        if "targetContainerName" not in spec
    }
    user = next(iter(users)) if len(users) == 1 else None
    if user is not None:
        return 0o600, user
    return (0o600 if context.get("fsGroup") is not None else mode), 0
