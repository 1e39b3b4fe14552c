"""CertificateApproval, CertificateSigning, CertificateSubjectRestriction: who may approve for a signer, who may sign, and what nobody may ask for.

Source: plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}/admission.go, pkg/certauthorization/certauthorization.go.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cluster.apiserver import authz
from cluster.apiserver.rbac import Attributes
from cluster.kinds import _certificates
from cluster.kinds.certificatesigningrequest import API_CLIENT
from cluster.meta.gotext import quote

GROUP, RESOURCE, MASTERS = "certificates.k8s.io", "certificatesigningrequests", "system:masters"


@dataclass(frozen=True)
class Plugin:
    """A plugin as the chain knows it; the three are small and of one sort."""

    NAME: str
    validate: Callable[[object, dict | None, dict | None], bool]


def _may(call, verb: str, signer: str) -> bool:
    """Whether somebody may do something for a signer, or for all of its domain."""
    domain = signer.partition("/")[0]
    return any(authz.decide(call.identity, Attributes(verb, GROUP, "signers", name=name), call.context) for name in (signer, f"{domain}/*"))


def _refused(call, obj: dict | None, why: str):
    from . import refused
    return refused(call, obj, why)


def approval(call, obj: dict | None, live: dict | None) -> bool:
    """Judged by the stored request: what is sent may name another signer."""
    if call.kind.plural != RESOURCE or call.subresource != "approval" or live is None:
        return False
    signer = live["spec"].get("signerName", "")
    if not _may(call, "approve", signer):
        raise _refused(call, obj, f"user not permitted to approve requests with signerName {quote(signer)}")
    return True


def signing(call, obj: dict | None, live: dict | None) -> bool:
    """Whoever issues a certificate, or says that it failed, must be the signer."""
    if call.kind.plural != RESOURCE or call.subresource != "status" or live is None or obj is None:
        return False
    before, now = live.get("status") or {}, obj.get("status") or {}
    if all(before.get(name) == now.get(name) for name in ("certificate", "conditions")):
        return False
    signer = live["spec"].get("signerName", "")
    if not _may(call, "sign", signer):
        raise _refused(call, obj, f"user not permitted to sign requests with signerName {quote(signer)}")
    return True


def subject(call, obj: dict | None, live: dict | None) -> bool:
    """Nobody gets a certificate that says system:masters."""
    if call.kind.plural != RESOURCE or call.subresource or live is not None or obj is None or obj["spec"].get("signerName") != API_CLIENT:
        return False
    found = _certificates.parse(obj["spec"].get("request") or "")
    if isinstance(found, str):
        raise _refused(call, obj, f"failed to parse CSR: {found}")
    if MASTERS in found.organizations:
        raise _refused(call, obj, f"use of {API_CLIENT} signer with {MASTERS} group is not allowed")
    return True


PLUGINS = (Plugin("CertificateApproval", approval), Plugin("CertificateSigning", signing), Plugin("CertificateSubjectRestriction", subject))
