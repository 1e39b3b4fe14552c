"""The key with which a cluster signs ServiceAccount tokens: RSA with 2,048 bits and SHA-256 (RS256), as kubeadm makes it.

A key is a function of a secret text. Its modulus has eight primes instead of two (RFC 8017, section 3.1), which nobody who verifies can tell;
so a key is found and a token signed in milliseconds.
Source: k8s.io/kubernetes pkg/serviceaccount/jwt.go (keyIDFromPublicKey), openidmetadata.go; RFC 8017, section 9.2.
"""
from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod

E = 65_537
BITS, PRIMES = 2048, 8
BYTES = BITS // 8
SHA_256 = bytes.fromhex("3031300d060960864801650304020105000420")
RSA = bytes.fromhex("300d06092a864886f70d0101010500")      # AlgorithmIdentifier of rsaEncryption
SMALL = tuple(number for number in range(3, 1000, 2) if all(number % other for other in range(3, int(number**0.5) + 1, 2)))


@dataclass(frozen=True)
class Key:
    """modulus; parts: (prime, exponent, coefficient) of each prime, which together take the root."""

    modulus: int
    parts: tuple[tuple[int, int, int], ...]
    id: str

    def sign(self, text: str) -> bytes:
        message = _padded(text)
        root = sum(pow(message % prime, exponent, prime) * coefficient for prime, exponent, coefficient in self.parts) % self.modulus
        return root.to_bytes(BYTES, "big")

    def verifies(self, text: str, signature: bytes) -> bool:
        number = int.from_bytes(signature, "big")
        return len(signature) == BYTES and number < self.modulus and pow(number, E, self.modulus) == _padded(text)

    @property
    def public(self) -> dict:
        """What a JSON web key set tells of it."""
        return {"use": "sig", "kty": "RSA", "kid": self.id, "alg": "RS256", "n": encoded(self.modulus.to_bytes(BYTES, "big")),
                "e": encoded(E.to_bytes(3, "big"))}


@lru_cache(maxsize=16)
def key_of(secret: str) -> Key:
    """The key that follows from a secret."""
    primes = tuple(_prime(secret, number) for number in range(PRIMES))
    modulus = prod(primes)
    parts = tuple((prime, pow(E, -1, prime - 1), modulus // prime * pow(modulus // prime, -1, prime)) for prime in primes)
    return Key(modulus, parts, encoded(hashlib.sha256(_subject(modulus)).digest()))


def public(key: dict) -> Key:
    """A key of a JSON web key set: it verifies, and cannot sign."""
    return Key(int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="), "big"), (), key["kid"])


def encoded(data: bytes) -> str:
    """Base64 for addresses, without its filling."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _prime(secret: str, number: int) -> int:
    """The first prime after a number that follows from the secret; its first bits are ones, so that the modulus is long enough."""
    bits = BITS // PRIMES
    drawn = int.from_bytes(hashlib.shake_256(f"{number}/{secret}".encode()).digest(bits // 8), "big")
    return next(each for each in _odd(drawn | (15 << (bits - 4))) if _is_prime(each) and each % E != 1)


def _odd(start: int) -> Iterator[int]:
    number = start | 1
    while True:
        yield number
        number += 2


def _is_prime(number: int) -> bool:
    """Trial division, then Miller and Rabin's test with seven bases."""
    if any(number % small == 0 for small in SMALL):
        return False
    rest = number - 1
    twos = (rest & -rest).bit_length() - 1
    return all(_passes(number, base, rest >> twos, twos) for base in (2, 3, 5, 7, 11, 13, 17))


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    found = pow(base, odd, number)
    if found in (1, number - 1):
        return True
    for _ in range(twos - 1):
        found = found * found % number
        if found == number - 1:
            return True
    return False


def _padded(text: str) -> int:
    """EMSA-PKCS1-v1_5 of a text's SHA-256, as a number."""
    told = SHA_256 + hashlib.sha256(text.encode()).digest()
    return int.from_bytes(b"\0\1" + b"\xff" * (BYTES - 3 - len(told)) + b"\0" + told, "big")


def _subject(modulus: int) -> bytes:
    """SubjectPublicKeyInfo in DER, of which the key's id is a digest."""
    pair = _der(0x30, _der(2, b"\0" + modulus.to_bytes(BYTES, "big")) + _der(2, E.to_bytes(3, "big")))
    return _der(0x30, RSA + _der(3, b"\0" + pair))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x80 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + content
