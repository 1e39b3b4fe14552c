"""Options of Windows containers: accepted and checked, never run here.

Source: pkg/apis/core/validation/validation.go (validateWindowsSecurityContextOptions, validateWindowsHostProcessPod).
"""
from __future__ import annotations

import re

from cluster.kinds import _rules
from cluster.kinds._pod_visit import all_containers
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_is_dns = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*\Z").match
_is_net_bios = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}\Z').match
_has_control = re.compile(r"[\x00-\x1f\x7f]").search
_has_bad = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_SPEC_LIMIT_BYTES = 64 * 1024


def options(errors: Errors, found: dict | None, path: str) -> None:
    """windowsOptions of a security context."""
    if not found:
        return
    name, spec, user = (found.get(field) for field in ("gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName"))
    if name is not None:
        _rules.all_of(errors, f"{path}.gmsaCredentialSpecName", name, names.dns1123_subdomain(name))
    if spec == "":
        errors.append(fields.invalid(f"{path}.gmsaCredentialSpec", spec,
                                     "gmsaCredentialSpec cannot be an empty string"))
    elif spec is not None and len(spec.encode()) > _SPEC_LIMIT_BYTES:
        errors.append(fields.invalid(f"{path}.gmsaCredentialSpec", spec,
                                     "gmsaCredentialSpec size must be under 64 KiB"))
    if user is not None:
        _rules.all_of(errors, f"{path}.runAsUserName", user, [f"runAsUserName{why}" for why in _user_complaints(user)])


def _user_complaints(text: str) -> list[str]:
    if not text:
        return [" cannot be an empty string"]
    if _has_control(text):
        return [" cannot contain control characters"]
    parts = text.split("\\")
    if len(parts) > 2:
        return [" cannot contain more than one backslash"]
    domain, user = (parts[0] if len(parts) == 2 else None), parts[-1]
    return _domain_complaints(domain) + _name_complaints(user)


def _domain_complaints(domain: str | None) -> list[str]:
    if domain is None:
        return []
    found = ["'s Domain length must be under 256 characters"] if len(domain.encode()) >= 256 else []
    if not (_is_net_bios(domain) or _is_dns(domain)):
        found.append("'s Domain doesn't match the NetBios nor the DNS format")
    return found


def _name_complaints(user: str) -> list[str]:
    found = []
    if not user:
        found.append("'s User cannot be empty")
    elif len(user.encode()) > 104:
        found.append("'s User length must not be longer than 104 characters")
    if user and not user.strip(". "):
        found.append("'s User cannot contain only periods or spaces")
    if _has_bad(user):
        found.append("'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return found


def host_process(errors: Errors, spec: dict, path: str) -> None:
    """Host process containers: all of a Pod's or none, and on the host's network."""
    of_pod = _flag(spec)
    total = asking = 0
    for container, here in all_containers(spec, path):
        total += 1
        own = _flag(container)
        if of_pod is not None and own is not None and own != of_pod:
            shown = "true" if of_pod else "false"
            errors.append(fields.invalid(f"{here}.securityContext.windowsOptions.hostProcess", own,
                                         f"pod hostProcess value must be identical if both are specified, was {shown}"))
        asking += bool(of_pod if own is None else own)
    if asking and asking != total:
        errors.append(fields.invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"))
    if asking and not spec.get("hostNetwork"):
        errors.append(fields.invalid(f"{path}.hostNetwork", False,
                                     "hostNetwork must be true if pod contains any hostProcess containers"))


def _flag(holder: dict) -> bool | None:
    return ((holder.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
