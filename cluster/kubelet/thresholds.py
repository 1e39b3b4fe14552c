"""Owns eviction thresholds: how they are written, what they come to on a machine, which are met, and since when. Pure rules.

Source: kubernetes pkg/kubelet/eviction/helpers.go (ParseThresholdConfig, thresholdsMet, byEvictionPriority, signalToNodeCondition),
api/types.go (GetThresholdQuantity), defaults_linux.go.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from cluster.kinds._cron import duration_ns
from cluster.meta import quantity
from cluster.meta.gotext import quote

MEMORY, DISK, PIDS = "MemoryPressure", "DiskPressure", "PIDPressure"
NODE_FS, IMAGE_FS, MEMORY_LEFT, PIDS_LEFT = "nodefs.available", "imagefs.available", "memory.available", "pid.available"
PODS_LEFT, PODS_MEMORY = "allocatableMemory.available", "PodsMemory"  # what all Pods together may hold: a pool beside those of conditions
CONDITIONS = {MEMORY_LEFT: MEMORY, PODS_LEFT: MEMORY, IMAGE_FS: DISK, NODE_FS: DISK, PIDS_LEFT: PIDS}  # what is observed here
RESOURCES = {MEMORY: "memory", DISK: "ephemeral-storage", PIDS: "pids"}
UNSEEN = ("containerfs.available", "containerfs.inodesFree", "imagefs.inodesFree", "nodefs.inodesFree")
DEFAULT_HARD = {MEMORY_LEFT: "100Mi", NODE_FS: "10%", "nodefs.inodesFree": "5%", IMAGE_FS: "15%", "imagefs.inodesFree": "5%"}

_NUMBER = re.compile(r"[-+]?+(\d{1,40}+(\.\d{0,40}+)?+|\.\d{1,40}+)", re.ASCII)


class ThresholdError(ValueError):
    """A threshold with which a kubelet would not start; the message is upstream's."""


@dataclass(frozen=True)
class Amount:
    """A quantity, or a share of what there is."""

    text: str = ""
    share: float = 0.0

    def of(self, capacity: int) -> quantity.Quantity:
        if self.text:
            return quantity.parse(self.text)
        return quantity.from_value(int(capacity * self.share), quantity.BINARY)


@dataclass(frozen=True)
class Threshold:
    """When less than `amount` is left for longer than the grace period, Pods are evicted; what was freed must come to `reclaim` more."""

    signal: str
    amount: Amount
    grace_ms: int = 0
    reclaim: Amount | None = None

    @property
    def key(self) -> str:
        """The same for the same threshold, in a kubelet's memory."""
        return f"{self.signal} {self.amount.text or self.amount.share} {self.grace_ms}"

    @property
    def condition(self) -> str:
        return CONDITIONS[self.signal]

    @property
    def pool(self) -> str:
        """What its signal is about: the condition's resource, or that part of it which is the Pods'."""
        return PODS_MEMORY if self.signal == PODS_LEFT else self.condition

    def is_met(self, available: int, capacity: int, *, with_reclaim: bool = False) -> bool:
        wanted = self.amount.of(capacity).value
        if with_reclaim and self.reclaim is not None:
            wanted += self.reclaim.of(capacity).value
        return available < wanted


def parse(hard: dict[str, str], soft: dict[str, str], graces: dict[str, str], reclaims: dict[str, str]) -> tuple[Threshold, ...]:
    """The thresholds of a configuration, those of signals that are observed here, by signal. Raises ThresholdError."""
    found = _statements(hard)
    soft_ones, periods = _statements(soft), {signal: _grace_ms(signal, text) for signal, text in sorted(graces.items())}
    least = {signal: _reclaim(signal, text) for signal, text in sorted(reclaims.items())}
    for signal in soft_ones:
        if signal not in periods:
            raise ThresholdError(f"grace period must be specified for the soft eviction threshold {signal}")
    made = [Threshold(signal, amount, 0, least.get(signal)) for signal, amount in found.items()]
    made += [Threshold(signal, amount, periods[signal], least.get(signal)) for signal, amount in soft_ones.items()]
    return tuple(sorted((each for each in made if each.signal in CONDITIONS), key=lambda each: each.signal))


def by_priority(thresholds: Iterable[Threshold]) -> list[Threshold]:
    """Memory before everything else."""
    return sorted(thresholds, key=lambda each: each.condition != MEMORY)


def _statements(table: dict[str, str]) -> dict[str, Amount]:
    found = {signal: _statement(signal, text) for signal, text in sorted(table.items())}
    return {signal: amount for signal, amount in found.items() if amount is not None}


def _statement(signal: str, text: str) -> Amount | None:
    """What a threshold is set to; None where it is to be ignored. Source: parseThresholdStatement."""
    _check(signal)
    if text.endswith("%"):
        if text in ("0%", "100%"):
            return None
        share = _share(text)
        if share < 0:
            raise ThresholdError(f"eviction percentage threshold {signal} must be >= 0%: {text}")
        if share > 1:
            raise ThresholdError(f"eviction percentage threshold {signal} must be <= 100%: {text}")
        return Amount(share=share)
    amount = _quantity(text)
    if amount.nano <= 0:
        raise ThresholdError(f"eviction threshold {signal} must be positive: {amount}")
    return Amount(str(amount))


def _grace_ms(signal: str, text: str) -> int:
    """Source: parseGracePeriods."""
    _check(signal)
    try:
        length = duration_ns(text)
    except ValueError as error:
        raise ThresholdError(str(error)) from None
    if length < 0:
        raise ThresholdError(f"invalid eviction grace period specified: {text}, must be a positive value")
    return length // 1_000_000


def _reclaim(signal: str, text: str) -> Amount:
    """Source: parseMinimumReclaims."""
    _check(signal)
    if text.endswith("%"):
        share = _share(text)
        if share <= 0:
            raise ThresholdError(f"eviction percentage minimum reclaim {signal} must be positive: {text}")
        return Amount(share=share)
    amount = _quantity(text)
    if amount.nano < 0:
        raise ThresholdError(f"negative eviction minimum reclaim specified for {signal}")
    return Amount(str(amount))


def _check(signal: str) -> None:
    if signal not in CONDITIONS and signal not in UNSEEN:
        raise ThresholdError(f"unsupported eviction signal {signal}")


def _quantity(text: str) -> quantity.Quantity:
    try:
        return quantity.parse(text)
    except ValueError as error:
        raise ThresholdError(str(error)) from None


def _share(text: str) -> float:
    """A percentage as upstream holds it, in 32 bits: 10 % of 100Gi are 10737418400 bytes, not 10Gi. Source: parsePercentage."""
    word = text.rstrip("%")
    if not _NUMBER.fullmatch(word):
        raise ThresholdError(f"strconv.ParseFloat: parsing {quote(word)}: invalid syntax")
    try:
        return _float32(_float32(float(word)) / 100)
    except OverflowError:
        raise ThresholdError(f"strconv.ParseFloat: parsing {quote(word)}: value out of range") from None


def _float32(value: float) -> float:
    return struct.unpack("f", struct.pack("f", value))[0]
