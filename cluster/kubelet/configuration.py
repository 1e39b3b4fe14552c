"""Owns a kubelet's configuration: the file on its node, what of it acts, and with what a kubelet does not start.

It is read when the kubelet starts. Fields that are not listed in `READ` are read over, as a kubelet reads over those that it does not know.
Source: kubernetes cmd/kubelet/app/server.go (loadConfigFile), pkg/kubelet/kubeletconfig/configfiles/configfiles.go,
pkg/kubelet/apis/config/{validation/validation.go,v1beta1/defaults.go}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cluster.apiserver import goyaml
from cluster.kinds._cron import duration_ns
from cluster.meta import quantity
from cluster.meta.gotext import quote
from cluster.runtime import pids
from cluster.runtime.filesystem import HOST
from cluster.runtime.filesystem import KUBELET_CONFIG as PATH

from . import thresholds
from .backoff import MOST_MS
from .gotime import duration
from .node_status import Machine
from .puller import SERIAL
from .thresholds import DEFAULT_HARD, DISK, MEMORY, PIDS, PODS_MEMORY, Threshold

GROUP_VERSION, KIND = "kubelet.config.k8s.io/v1beta1", "KubeletConfiguration"
TABLE, LENGTH = "a map of strings", "a duration"
READ: dict[str, str] = {
    "evictionHard": TABLE, "evictionSoft": TABLE, "evictionSoftGracePeriod": TABLE, "evictionMinimumReclaim": TABLE,
    "evictionPressureTransitionPeriod": LENGTH, "evictionMaxPodGracePeriod": "int32", "mergeDefaultEvictionSettings": "bool",
    "imageGCHighThresholdPercent": "int32", "imageGCLowThresholdPercent": "int32", "imageMinimumGCAge": LENGTH,
    "systemReserved": TABLE, "kubeReserved": TABLE, "crashLoopBackOff": TABLE, "serializeImagePulls": "bool", "maxParallelImagePulls": "int32",
    "registryPullQPS": "int32", "registryBurst": "int32", "shutdownGracePeriod": LENGTH, "shutdownGracePeriodCriticalPods": LENGTH,
    "maxPods": "int32", "podPidsLimit": "int64", "containerLogMaxSize": "string", "containerLogMaxFiles": "int32",
}  # fmt: skip
TYPES: dict[str, type] = {"int32": int, "int64": int, "bool": bool, "string": str}
TRANSITION_MS, GC_AGE_MS, GC_LOW_PERCENT = 300_000, 120_000, 80
LOG_SIZE, LOG_FILES = "10Mi", 5
PULLS_S, BURST = 5, 10
RESTART = "maxContainerRestartPeriod"


class ConfigurationError(ValueError):
    """A configuration with which a kubelet would not start; the message is what it ends with."""


@dataclass(frozen=True)
class Configuration:
    """What acts of it. thresholds: by signal. capacities: pool -> what there is of it. floors: pool and the amount below which there is
    anything to see. pids: how many processes a Pod may have, 0: any number. log_bytes: what a container's logs take
    at most, 0: any amount. max_grace_s: of Pods that a soft threshold evicts. pulls_at_once: None: as the sandbox was made, 0: any number."""

    thresholds: tuple[Threshold, ...]
    capacities: dict[str, int]
    floors: tuple[tuple[str, int], ...]
    machine: Machine
    transition_ms: int = TRANSITION_MS
    max_grace_s: int = 0
    gc_low_percent: int = GC_LOW_PERCENT
    gc_age_ms: int = GC_AGE_MS
    pids: int = 0
    log_bytes: int = (10 << 20) * LOG_FILES
    crash_most_ms: int = MOST_MS
    pulls_at_once: int | None = None
    pulls_s: int = PULLS_S
    pull_burst: int = BURST
    shutdown_s: tuple[int, int] = (0, 0)  # for ordinary Pods, and then for critical ones

    @property
    def watches_processes(self) -> bool:
        return any(kind == PIDS for kind, _ in self.floors)


def read(text: str) -> dict[str, Any]:
    """What a configuration says, once it is known that a kubelet would start with it. Raises ConfigurationError."""
    try:
        found = {name: value for name, value in _decoded(text).items() if value is not None}  # nothing said is the default
    except ConfigurationError as error:
        raise ConfigurationError(f"failed to load kubelet config file, path: {PATH}, error: failed to load Kubelet config file {PATH}, "
                                 f"error {error}") from None
    wrong = list(_complaints(found))
    if wrong:
        listed = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
        raise ConfigurationError(f"failed to validate kubelet configuration, error: {listed}")
    try:
        _thresholds(found, DEFAULT_HARD)
        _log_bytes(found)
        _reserved(found)
    except (thresholds.ThresholdError, quantity.QuantityError) as error:
        raise ConfigurationError(f"failed to run Kubelet: {error}") from None
    return {name: found[name] for name in READ if name in found}


def made(raw: dict[str, Any], machine: Machine) -> Configuration:
    """What a configuration that was read comes to on a machine."""
    hard = DEFAULT_HARD | {thresholds.NODE_FS: f"{machine.eviction_disk_percent}%", thresholds.IMAGE_FS: f"{machine.eviction_image_percent}%"}
    reserved = _reserved(raw)
    found, capacities = _thresholds(raw, hard), _capacities(machine, reserved.get("memory", 0))
    if "memory" in reserved:
        found += tuple(replace(each, signal=thresholds.PODS_LEFT) for each in found if each.signal == thresholds.MEMORY_LEFT and not each.grace_ms)
    wanted = [(each, each.amount.of(capacities[each.pool]).value) for each in found]
    kept = {each.signal: amount for each, amount in wanted if not each.grace_ms}
    machine = replace(
        machine,
        pods=raw.get("maxPods") or machine.pods,
        image_gc_percent=raw.get("imageGCHighThresholdPercent", machine.image_gc_percent),
        kept_memory=kept.get(thresholds.MEMORY_LEFT, 0) + reserved.get("memory", 0),
        kept_disk=kept.get(thresholds.NODE_FS, 0) + reserved.get("ephemeral-storage", 0),
        kept_cpu=reserved.get("cpu", 0),
    )
    floors: dict[str, int] = {}
    for each, amount in wanted:
        floors[each.pool] = max(floors.get(each.pool, 0), amount)
    return Configuration(
        found,
        capacities,
        tuple(floors.items()),
        machine,
        transition_ms=_ms(raw, "evictionPressureTransitionPeriod") or TRANSITION_MS,
        max_grace_s=raw.get("evictionMaxPodGracePeriod", 0),
        gc_low_percent=raw.get("imageGCLowThresholdPercent", GC_LOW_PERCENT),
        gc_age_ms=_ms(raw, "imageMinimumGCAge") or GC_AGE_MS,
        pids=max(raw.get("podPidsLimit", 0), 0),
        log_bytes=_log_bytes(raw),
        crash_most_ms=_crash_ms(raw),
        pulls_at_once=_pulls_at_once(raw),
        pulls_s=raw.get("registryPullQPS", PULLS_S),
        pull_burst=raw.get("registryBurst") or BURST,
        shutdown_s=_shutdown_s(raw),
    )


def _shutdown_s(raw: dict[str, Any]) -> tuple[int, int]:
    """Source: pkg/kubelet/nodeshutdown/nodeshutdown_manager.go (migrateConfig)."""
    whole, critical = _ms(raw, "shutdownGracePeriod"), _ms(raw, "shutdownGracePeriodCriticalPods")
    return (whole - critical) // 1000, critical // 1000


def _crash_ms(raw: dict[str, Any]) -> int:
    text = (raw.get("crashLoopBackOff") or {}).get(RESTART)
    return duration_ns(text) // 1_000_000 if text else MOST_MS


def _pulls_at_once(raw: dict[str, Any]) -> int | None:
    """None: nothing is said of it."""
    if "serializeImagePulls" not in raw and "maxParallelImagePulls" not in raw:
        return None
    return SERIAL if raw.get("serializeImagePulls", True) else raw.get("maxParallelImagePulls") or 0


def of_node(runtime: Any) -> dict[str, Any]:
    """What the file of a node says. One that nobody has looked at is as it was from the first. Raises ConfigurationError."""
    host = runtime.state.volumes.get(HOST)
    if host is None:
        return {}
    node = host.nodes.get(PATH)
    if node is None:
        raise ConfigurationError(f"failed to load kubelet config file, path: {PATH}, error: failed to load Kubelet config file {PATH}, error "
                                 f"failed to read kubelet config file {quote(PATH)}, error: open {PATH}: no such file or directory")
    return read(node.text)


def _reserved(raw: dict[str, Any]) -> dict[str, int]:
    """What the machine's own programs are left: bytes, and thousandths of a CPU. Source: server.go (parseResourceList)."""
    found: dict[str, int] = {}
    for field, flag in (("kubeReserved", "--kube-reserved"), ("systemReserved", "--system-reserved")):
        for name, text in sorted((raw.get(field) or {}).items()):
            lead = f"{flag} value failed to parse: "
            if name not in ("cpu", "memory", "ephemeral-storage", "pid"):
                raise quantity.QuantityError(f"{lead}cannot reserve {quote(name)} resource")
            try:
                amount = quantity.parse(text)
            except quantity.QuantityError as error:
                raise quantity.QuantityError(f"{lead}failed to parse quantity {quote(text)} for {quote(name)} resource: {error}") from None
            if amount.nano < 0:
                raise quantity.QuantityError(f"{lead}resource quantity for {quote(name)} cannot be negative: {text}")
            found[name] = found.get(name, 0) + (amount.millis if name == "cpu" else amount.value)
    return found


def _check_reservation(machine: Machine) -> None:
    """Source: pkg/kubelet/cm/node_container_manager_linux.go (validateNodeAllocatable)."""
    for name, kept, has in (
        ("cpu", quantity.of(machine.kept_cpu * 1_000_000), machine.cpu),
        ("ephemeral-storage", quantity.from_value(machine.kept_disk, quantity.BINARY), machine.disk),
        ("memory", quantity.from_value(machine.kept_memory, quantity.BINARY), machine.memory),
    ):
        if kept.nano > quantity.parse(has).nano:
            what = f"Resource {quote(name)} has a reservation of {kept} but capacity of {quantity.parse(has)}. Expected capacity >= reservation."
            raise ConfigurationError(f"Failed to start ContainerManager: invalid Node Allocatable configuration. {what}")


def _capacities(machine: Machine, reserved: int) -> dict[str, int]:
    memory = quantity.parse(machine.memory).value
    return {MEMORY: memory, PODS_MEMORY: memory - reserved, DISK: quantity.parse(machine.disk).value // 1024 * 1024, PIDS: pids.most(memory)}


def _thresholds(raw: dict[str, Any], default: dict[str, str]) -> tuple[Threshold, ...]:
    """Source: server.go (loadConfigFile: EvictionHard takes the place of the defaults unless they are to be merged)."""
    hard = raw.get("evictionHard")
    if hard is None:
        hard = default
    elif raw.get("mergeDefaultEvictionSettings"):
        hard = default | hard
    rest = [raw.get(name) or {} for name in ("evictionSoft", "evictionSoftGracePeriod", "evictionMinimumReclaim")]
    return thresholds.parse(hard, *rest)


def _log_bytes(raw: dict[str, Any]) -> int:
    """Source: pkg/kubelet/logs/container_log_manager.go (parseMaxSize); a negative size means that nothing is rotated."""
    text = raw.get("containerLogMaxSize") or LOG_SIZE
    size = quantity.parse(text).value
    if size == 0:
        raise quantity.QuantityError(f"failed to create container log manager: failed to parse container log max size {quote(text)}: "
                                     f"invalid max log size {text}")
    return max(size, 0) * (raw.get("containerLogMaxFiles") or LOG_FILES)


@lru_cache(maxsize=64)
def _decoded(text: str) -> dict[str, Any]:
    if not text:
        raise ConfigurationError(f"kubelet config file {quote(PATH)} was empty")
    try:
        found, _ = goyaml.parse(text)
    except goyaml.YAMLError as error:
        raise ConfigurationError(f"failed to decode: {error}") from None
    found = found if isinstance(found, dict) else {}
    version, kind = found.get("apiVersion"), found.get("kind")
    if not kind:
        raise ConfigurationError("failed to decode: Object 'Kind' is missing")
    if (version, kind) != (GROUP_VERSION, KIND):
        raise ConfigurationError(f'failed to decode: no kind "{kind}" is registered for version "{version or ""}"')
    wrong = [f"{name}: must be {wanted}" for name, wanted in READ.items() if not _fits(found.get(name), wanted)]
    period = (found.get("crashLoopBackOff") or {}).get(RESTART) if not wrong else None
    wrong += [] if _fits(period, LENGTH) else [f"crashLoopBackOff.{RESTART}: must be {LENGTH}"]
    if wrong:
        raise ConfigurationError("failed to decode: " + ", ".join(wrong))
    return found


def _fits(value: Any, wanted: str) -> bool:
    if value is None:
        return True
    if wanted == TABLE:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if wanted == LENGTH:
        return isinstance(value, str) and _is_duration(value)
    bits = 63 if wanted == "int64" else 31
    return type(value) is TYPES[wanted] and (TYPES[wanted] is not int or -(1 << bits) <= value < 1 << bits)


def _is_duration(text: str) -> bool:
    try:
        return duration_ns(text) is not None
    except ValueError:
        return False


def _ms(raw: dict[str, Any], name: str) -> int:
    return duration_ns(raw[name]) // 1_000_000 if name in raw else 0


def _complaints_of_pulls(raw: dict[str, Any], head: str) -> Iterator[str]:
    most = raw.get("maxParallelImagePulls")
    for name, flag in (("registryBurst", "--registry-burst"), ("registryPullQPS", "--registry-qps")):
        if raw.get(name, 0) < 0:
            yield f"{head}{name} ({flag}) {raw[name]} must not be a negative number"
    if most is not None and most < 1:
        yield f"{head}maxParallelImagePulls {most} must be a positive number"
    if most is not None and most > 1 and raw.get("serializeImagePulls", True):
        yield f"{head}maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false"


def _complaints(raw: dict[str, Any]) -> Iterator[str]:
    """Source: validation.go (ValidateKubeletConfiguration)."""
    head = "invalid configuration: "
    high, low = raw.get("imageGCHighThresholdPercent", 85), raw.get("imageGCLowThresholdPercent", GC_LOW_PERCENT)
    named = f"imageGCHighThresholdPercent (--image-gc-high-threshold) {high}", f"imageGCLowThresholdPercent (--image-gc-low-threshold) {low}"
    for value, name in ((high, named[0]), (low, named[1])):
        if not 0 <= value <= 100:
            yield f"{head}{name} must be between 0 and 100, inclusive"
    if low >= high:
        yield f"{head}{named[1]} must be less than {named[0]}"
    age = duration_ns(raw["imageMinimumGCAge"]) if raw.get("imageMinimumGCAge") else 0
    if age < 0:
        yield f"{head}imageMinimumGCAge {raw['imageMinimumGCAge']} must not be negative"
    if raw.get("maxPods", 0) < 0:
        yield f"{head}maxPods (--max-pods) {raw['maxPods']} must not be a negative number"
    yield from _complaints_of_pulls(raw, head)
    whole_ms, critical_ms = _ms(raw, "shutdownGracePeriod"), _ms(raw, "shutdownGracePeriodCriticalPods")
    if critical_ms > whole_ms:
        yield f"{head}shutdownGracePeriodCriticalPods {duration(critical_ms)} must be <= shutdownGracePeriod {duration(whole_ms)}"
    for name, length_ms in (("shutdownGracePeriod", whole_ms), ("shutdownGracePeriodCriticalPods", critical_ms)):
        if length_ms < 0 or 0 < length_ms < 1000:
            yield f"{head}{name} {duration(length_ms)} must be either zero or otherwise >= 1 sec"
    period_ms = _crash_ms(raw)
    if not 1_000 <= period_ms <= MOST_MS:
        yield f"{head}CrashLoopBackOff.MaxContainerRestartPeriod (got: {period_ms / 1000:g} seconds) must be set between 1s and 300s"
    if raw.get("containerLogMaxFiles", LOG_FILES) <= 1:
        yield f"{head}containerLogMaxFiles must be greater than 1"


@lru_cache(maxsize=64)
def plain(machine: Machine) -> Configuration:
    """What no configuration at all comes to; mostly all nodes are alike."""
    return made({}, machine)


class Configured:
    """Part of a Kubelet: what its node's file said when it started."""

    node: str
    hardware: Machine
    runtime: Any
    state: Any
    trace: Any
    _made: tuple[Any, Configuration] | None = None  # of which raw configuration what was made

    @property
    def configuration(self) -> Configuration:
        raw = self.state.configuration
        if self._made is None or self._made[0] is not raw:
            self._made = (raw, made(raw, self.hardware) if raw else plain(self.hardware))
        return self._made[1]

    @property
    def machine(self) -> Machine:
        """What the node has, and what of it is kept from Pods."""
        return self.configuration.machine

    def configure(self) -> bool:
        """Read the node's file; False when this kubelet cannot start with it."""
        try:
            self.state.configuration = of_node(self.runtime)
            if self.state.configuration:
                _check_reservation(self.machine)
        except ConfigurationError as error:
            self.trace("KubeletNotStarted", f"nodes//{self.node}", node=self.node, message=str(error))
            return False
        self.runtime.state.pod_pids, self.runtime.state.log_bytes = self.configuration.pids, self.configuration.log_bytes
        return True
