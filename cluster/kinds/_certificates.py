"""Certificates and requests for them, as the API holds them: PEM in base64. Read with `cryptography`, loaded when one is first met.

Simplified: the words for what is no request at all are Go's only where it is no PEM.
Source: pkg/apis/certificates/helpers.go, pkg/apis/certificates/validation/validation.go; Go's crypto/x509.
"""
from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

REQUEST, CERTIFICATE = "CERTIFICATE REQUEST", "CERTIFICATE"
NO_PEM, NO_ASN1 = f"PEM block type must be {REQUEST}", "asn1: structure error: tags don't match"
BAD_SIGNATURE = {"rsa": "crypto/rsa: verification error", "ec": "x509: ECDSA verification failure",
                 "ed25519": "x509: Ed25519 verification failure"}
BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t\r]*+\n(.*?)-----END \1-----", re.S)
NODES, NODE = ["system:nodes"], "system:node:"
SERVING = ({"digital signature", "key encipherment", "server auth"}, {"digital signature", "server auth"})
CLIENT = ({"digital signature", "key encipherment", "client auth"}, {"digital signature", "client auth"})


@dataclass(frozen=True)
class Parsed:
    """What a request asks for. source: as `cryptography` read it."""

    common_name: str
    organizations: tuple[str, ...]
    dns: tuple[str, ...]
    emails: tuple[str, ...]
    addresses: tuple[str, ...]
    uris: tuple[str, ...]
    source: Any


def blocks(pem: bytes) -> list[tuple[str, bytes]]:
    """(type, what stands between the lines) of each block."""
    return [(found[1].decode(), found[2]) for found in BLOCK.finditer(pem)]


def decoded(text: str) -> bytes:
    """The bytes behind a field of bytes; b"" for what is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


@lru_cache(maxsize=64)
def parse(request: str) -> Parsed | str:
    """The request in a field, or what is wrong with it. Source: ParseCSR."""
    pem = decoded(request)
    found = blocks(pem)
    if not found or found[0][0] != REQUEST:
        return NO_PEM
    from cryptography import x509
    try:
        csr = x509.load_pem_x509_csr(pem)
        return _parsed(csr, x509)
    except (ValueError, TypeError):
        return NO_ASN1


def _parsed(csr: Any, x509: Any) -> Parsed:
    subject = csr.subject
    common = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    names = {sort: () for sort in (x509.DNSName, x509.RFC822Name, x509.IPAddress, x509.UniformResourceIdentifier)}
    for extension in csr.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names = {sort: tuple(str(value) for value in extension.value.get_values_for_type(sort)) for sort in names}
    return Parsed(str(common[-1].value) if common else "",
                  tuple(str(one.value) for one in subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)), *names.values(), csr)


@lru_cache(maxsize=64)
def complaint(request: str) -> str:
    """What is wrong with a request, its signature too; "" if nothing is. Source: validateCSR."""
    found = parse(request)
    if isinstance(found, str):
        return found
    try:
        key, is_signed = found.source.public_key(), found.source.is_signature_valid
    except (ValueError, TypeError):
        return "x509: cannot verify signature: algorithm unimplemented"
    if is_signed:
        return ""
    sort = type(key).__name__.lower()
    return next((words for name, words in BAD_SIGNATURE.items() if name in sort), "x509: cannot verify signature: algorithm unimplemented")


def certificate_complaint(certificate: str) -> str:
    """What is wrong with an issued certificate. Source: validateCertificate."""
    if not certificate:
        return ""
    found = blocks(decoded(certificate))
    for kind, body in found:
        if kind != CERTIFICATE:
            return f'only CERTIFICATE PEM blocks are allowed, found "{kind}"'
        if b":" in body:
            return "no PEM block headers are permitted"
        from cryptography import x509
        try:
            x509.load_der_x509_certificate(base64.b64decode(body))
        except (ValueError, TypeError):
            return "x509: malformed certificate"
    return "" if found else "must contain at least one CERTIFICATE PEM block"


def expires_ms(certificate: str) -> int | None:
    """When an issued certificate ends, in Unix ms; None for what cannot be read. Source: pkg/controller/certificates/cleaner (isExpired)."""
    found = blocks(decoded(certificate))
    if not found:
        return None
    from cryptography import x509
    try:
        return round(x509.load_der_x509_certificate(base64.b64decode(found[0][1])).not_valid_after_utc.timestamp() * 1000)
    except (ValueError, TypeError):
        return None


# -- what the cluster's own signers sign ------------------------------------------------------------------------------


def kubelet_client_complaint(found: Parsed, usages: list[str]) -> str:
    """Source: pkg/apis/certificates/helpers.go (ValidateKubeletClientCSR)."""
    if list(found.organizations) != NODES:
        return "subject organization is not system:nodes"
    for values, words in ((found.dns, "DNS"), (found.emails, "Email"), (found.addresses, "IP"), (found.uris, "URI")):
        if values:
            return f"{words} subjectAltNames are not allowed"
    if not found.common_name.startswith(NODE):
        return "subject common name does not begin with system:node:"
    return _usages_complaint(usages, CLIENT)


def kubelet_serving_complaint(found: Parsed, usages: list[str]) -> str:
    """Source: ValidateKubeletServingCSR."""
    if list(found.organizations) != NODES:
        return "subject organization is not system:nodes"
    if not found.dns and not found.addresses:
        return "DNS or IP subjectAltName is required"
    for values, words in ((found.emails, "Email"), (found.uris, "URI")):
        if values:
            return f"{words} subjectAltNames are not allowed"
    wrong = _usages_complaint(usages, SERVING)
    return wrong or ("" if found.common_name.startswith(NODE) else "subject common name does not begin with system:node:")


def _usages_complaint(usages: list[str], allowed: tuple[set[str], ...]) -> str:
    return "" if set(usages) in allowed else f"usages did not match [{' '.join(sorted(allowed[0]))}]"


def api_client_complaint(found: Parsed, usages: list[str]) -> str:
    """Source: pkg/controller/certificates/signer/signer.go (validAPIServerClientUsages)."""
    for usage in usages:
        if usage not in CLIENT[0]:
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"
