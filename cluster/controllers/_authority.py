"""The cluster's certificate authority: a key of its own, and certificates that it signs.

The key is a digest of the cluster's uid (that of the namespace kube-system), as that of the tokens is, and signatures are made without
chance, so the same request at the same time gets the same certificate. `cryptography` is loaded when the first one is signed.
Source: pkg/controller/certificates/authority/{authority,policies}.go; Go's crypto/x509 (CreateCertificate).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cluster.engine.clock import calendar

NAME = "kubernetes"
BACKDATED_S, SHORT_S = 5 * 60, 8 * 3600
YEAR_S = 365 * 24 * 3600
LIFETIME_S = 10 * YEAR_S           # of the authority's own certificate
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256
# what a request calls it -> the member of x509.KeyUsage
USAGES = {
    "signing": "digital_signature",
    "digital signature": "digital_signature",
    "content commitment": "content_commitment",
    "key encipherment": "key_encipherment",
    "key agreement": "key_agreement",
    "data encipherment": "data_encipherment",
    "cert sign": "key_cert_sign",
    "crl sign": "crl_sign",
    "encipher only": "encipher_only",
    "decipher only": "decipher_only",
}
# what a request calls it -> the object identifier of the extended usage, in Go's order
EXTENDED = {
    "any": "2.5.29.37.0",
    "server auth": "1.3.6.1.5.5.7.3.1",
    "client auth": "1.3.6.1.5.5.7.3.2",
    "code signing": "1.3.6.1.5.5.7.3.3",
    "email protection": "1.3.6.1.5.5.7.3.4",
    "s/mime": "1.3.6.1.5.5.7.3.4",
    "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp signing": "1.3.6.1.5.5.7.3.9",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
}


def lifetime(begin_s: int, now_s: int, ttl_s: int) -> tuple[int, int]:
    """(from, until) in Unix seconds: a long life is counted from a little before now, a short one from now."""
    until = now_s + ttl_s - (0 if ttl_s < SHORT_S else BACKDATED_S)
    return now_s - BACKDATED_S, min(until, begin_s + LIFETIME_S)


def sign(request: Any, usages: list[str], *, cluster: str, serial: int, begin_s: int, now_s: int, ttl_s: int) -> str:
    """The certificate for a request that `cryptography` has read: PEM, in base64.

    cluster: its uid. begin_s: since when it is there; all times Unix seconds.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key, since = _key(cluster), lifetime(begin_s, now_s, ttl_s)
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    builder = (
        x509.CertificateBuilder(subject_name=request.subject, issuer_name=issuer, public_key=request.public_key())
        .serial_number(max(serial, 1))
        .not_valid_before(calendar(since[0]))
        .not_valid_after(calendar(since[1]))
    )
    for extension, is_critical in _extensions(x509, request, usages, key):
        builder = builder.add_extension(extension, critical=is_critical)
    made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def _extensions(x509: Any, request: Any, usages: list[str], key: Any) -> list[tuple[Any, bool]]:
    """In the order in which Go writes them."""
    found = []
    plain = {USAGES[usage]: True for usage in usages if usage in USAGES}
    if plain:
        found.append((x509.KeyUsage(**{name: plain.get(name, False) for name in USAGES.values()}), True))
    extended = [EXTENDED[usage] for usage in EXTENDED if usage in usages]
    if extended:
        found.append((x509.ExtendedKeyUsage([x509.ObjectIdentifier(each) for each in dict.fromkeys(extended)]), False))
    found.append((x509.BasicConstraints(ca=False, path_length=None), True))
    found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False))
    names = next((each.value for each in request.extensions if isinstance(each.value, x509.SubjectAlternativeName)), None)
    return [*found, (names, False)] if names is not None else found


def _key(cluster: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    digest = hashlib.sha512(f"podlife certificate authority {cluster}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(digest, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def certificate(cluster: str, begin_s: int) -> str:
    """The authority's own certificate, PEM: by it what it signed can be verified."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key, name = _key(cluster), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    usage = dict.fromkeys(USAGES.values(), False) | dict.fromkeys(("digital_signature", "key_encipherment", "key_cert_sign"), True)
    builder = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(calendar(begin_s - BACKDATED_S))
        .not_valid_after(calendar(begin_s + LIFETIME_S))
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(serialization.Encoding.PEM).decode()
