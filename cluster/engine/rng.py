"""Owns chance: named streams, each a function of the sandbox's seed and its own name.

A stream's whole state is one integer, so that a snapshot holds it. Generator: SplitMix64 (Steele, Lea, Flood 2014).
"""
from __future__ import annotations

import hashlib
import math

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery pkg/util/rand: no vowels, no look-alikes
VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}   # of a UUID's first such digit: RFC 9562's


class Stream:
    """One named stream of pseudo-random numbers."""

    __slots__ = ("position",)

    def __init__(self, position: int):
        self.position = position & MASK

    def next64(self) -> int:
        """The next 64 random bits. (Written out wherever much is drawn: in random, suffix, hex and uuid.)"""
        self.position = (self.position + GOLDEN) & MASK
        z = self.position
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def random(self) -> float:
        """A float in [0, 1)."""
        self.position = z = (self.position + GOLDEN) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) / (1 << 53)

    def below(self, bound: int) -> int:
        """An integer in [0, bound); bound >= 1."""
        return self.next64() % bound

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + self.below(high - low + 1)

    def choice(self, items):
        """One element of a non-empty sequence."""
        return items[self.below(len(items))]

    def normal(self) -> float:
        """A draw from the standard normal distribution (Box-Muller)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return radius * math.cos(2.0 * math.pi * self.random())

    def suffix(self, length: int = 5) -> str:
        """A generated name's ending, in the alphabet of the real API server."""
        position, text = self.position, ""
        for _ in range(length):
            position = z = (position + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
            z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
            text += SUFFIX_ALPHABET[(z ^ z >> 31) % 27]
        self.position = position
        return text

    def hex(self, digits: int) -> str:
        """That many lower-case hexadecimal digits."""
        words, number, position = (digits + 15) // 16, 0, self.position
        for _ in range(words):
            position = z = (position + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
            z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
            number = number << 64 | z ^ z >> 31
        self.position = position
        return f"{number:0{words * 16}x}"[:digits]

    def uuid(self) -> str:
        """A version 4 UUID, of two draws."""
        a = (self.position + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        self.position = b = (a + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        a = (a ^ a >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        a = (a ^ a >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        b = (b ^ b >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        b = (b ^ b >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        text = f"{a ^ a >> 31:016x}{b ^ b >> 31:016x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{VARIANTS[text[16]]}{text[17:20]}-{text[20:]}"


class Streams:
    """All streams of one sandbox, made when first asked for."""

    def __init__(self, seed: int | str):
        self.seed = seed
        self.by_name: dict[str, Stream] = {}

    def __call__(self, name: str) -> Stream:
        stream = self.by_name.get(name)
        if stream is None:
            digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
            stream = self.by_name[name] = Stream(int.from_bytes(digest, "big"))
        return stream

    def positions(self) -> dict[str, int]:
        """Where each stream is."""
        return {name: stream.position for name, stream in self.by_name.items()}

    def go_back(self, positions: dict[str, int]) -> list[str]:
        """Put each stream where it was; the names of those that were not there then, and are not any more."""
        later = [name for name in self.by_name if name not in positions]
        for name in later:
            del self.by_name[name]
        for name, position in positions.items():
            self.by_name[name].position = position
        return later

    def snapshot(self) -> dict[str, str]:
        return {name: str(stream.position) for name, stream in sorted(self.by_name.items())}

    def restore(self, positions: dict[str, str]) -> None:
        self.by_name = {name: Stream(int(position)) for name, position in positions.items()}
