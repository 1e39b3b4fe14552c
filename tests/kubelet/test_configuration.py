"""Tables: what a kubelet's configuration comes to, and the words with which a kubelet does not start."""

import pytest

from cluster.kubelet import configuration, node_status, thresholds
from cluster.kubelet.node_status import Machine

HEAD = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
LOAD = "failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: failed to load Kubelet config file " \
       "/var/lib/kubelet/config.yaml, error "  # fmt: skip
RUN, VALIDATE = "failed to run Kubelet: ", "failed to validate kubelet configuration, error: "
SOFT = "evictionSoft: {memory.available: 1Gi}\n"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", LOAD + 'kubelet config file "/var/lib/kubelet/config.yaml" was empty'),
        ("kind: KubeletConfiguration\n", LOAD + 'failed to decode: no kind "KubeletConfiguration" is registered for version ""'),
        ("maxPods: 3\n", LOAD + "failed to decode: Object 'Kind' is missing"),
        (HEAD + "maxPods: many\n", LOAD + "failed to decode: maxPods: must be int32"),
        (HEAD + "maxPods: -1\n", VALIDATE + "invalid configuration: maxPods (--max-pods) -1 must not be a negative number"),
        (HEAD + "containerLogMaxFiles: 1\n", VALIDATE + "invalid configuration: containerLogMaxFiles must be greater than 1"),
        (HEAD + "crashLoopBackOff: {maxContainerRestartPeriod: 400s}\n",
         VALIDATE + "invalid configuration: CrashLoopBackOff.MaxContainerRestartPeriod (got: 400 seconds) must be set between 1s and 300s"),
        (HEAD + "crashLoopBackOff: {maxContainerRestartPeriod: never}\n",
         LOAD + "failed to decode: crashLoopBackOff.maxContainerRestartPeriod: must be a duration"),
        (HEAD + "shutdownGracePeriodCriticalPods: 90s\nshutdownGracePeriod: 10s\n",
         VALIDATE + "invalid configuration: shutdownGracePeriodCriticalPods 1m30s must be <= shutdownGracePeriod 10s"),
        (HEAD + "shutdownGracePeriod: 10ms\n",
         VALIDATE + "invalid configuration: shutdownGracePeriod 10ms must be either zero or otherwise >= 1 sec"),
        (HEAD + "maxParallelImagePulls: 2\n", VALIDATE + "invalid configuration: maxParallelImagePulls cannot be larger than 1 unless "
         "SerializeImagePulls (--serialize-image-pulls) is set to false"),
        (HEAD + "registryBurst: -1\nmaxParallelImagePulls: 0\n", VALIDATE + "[invalid configuration: registryBurst (--registry-burst) -1 must not be "
         "a negative number, invalid configuration: maxParallelImagePulls 0 must be a positive number]"),
        (HEAD + SOFT, RUN + "grace period must be specified for the soft eviction threshold memory.available"),
        (HEAD + SOFT + "evictionSoftGracePeriod: {memory.available: soon}\n", RUN + 'time: invalid duration "soon"'),
        (HEAD + SOFT + "evictionSoftGracePeriod: {memory.available: -5s}\n",
         RUN + "invalid eviction grace period specified: -5s, must be a positive value"),
        (HEAD + "evictionHard: {memory.free: 1Gi}\n", RUN + "unsupported eviction signal memory.free"),
        (HEAD + 'evictionHard: {memory.available: "0"}\n', RUN + "eviction threshold memory.available must be positive: 0"),
        (HEAD + "evictionHard: {memory.available: -5%}\n", RUN + "eviction percentage threshold memory.available must be >= 0%: -5%"),
        (HEAD + "evictionHard: {memory.available: x%}\n", RUN + 'strconv.ParseFloat: parsing "x": invalid syntax'),
        (HEAD + "kubeReserved: {gpu: x}\n", RUN + '--kube-reserved value failed to parse: cannot reserve "gpu" resource'),
        (HEAD + "systemReserved: {memory: -1Gi}\n",
         RUN + '--system-reserved value failed to parse: resource quantity for "memory" cannot be negative: -1Gi'),
        (HEAD + "evictionMinimumReclaim: {nodefs.available: -1Gi}\n",
         RUN + "negative eviction minimum reclaim specified for nodefs.available"),
        (HEAD + "evictionMinimumReclaim: {nodefs.available: 0%}\n",
         RUN + "eviction percentage minimum reclaim nodefs.available must be positive: 0%"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_wrong_is_refused_in_upstreams_words(text, said):
    with pytest.raises(configuration.ConfigurationError) as refused:
        configuration.read(text)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "text, floors",
    [
        ("", {"DiskPressure": 16106128000, "MemoryPressure": 100 << 20}),
        ("evictionHard: {memory.available: 1Gi}\n", {"MemoryPressure": 1 << 30}),
        ("evictionHard: {memory.available: 0%}\n", {}),
        ("mergeDefaultEvictionSettings: true\nevictionHard: {pid.available: 1k}\n",
         {"DiskPressure": 16106128000, "MemoryPressure": 100 << 20, "PIDPressure": 1000}),
        (SOFT + "evictionSoftGracePeriod: {memory.available: 1m30s}\n", {"DiskPressure": 16106128000, "MemoryPressure": 1 << 30}),
    ],
)  # fmt: skip
def test_thresholds_come_to_amounts_of_what_the_machine_has(text, floors):
    made = configuration.made(configuration.read(HEAD + text), Machine())
    assert dict(made.floors) == floors


def test_a_machine_without_a_file_comes_to_what_an_empty_one_comes_to():
    assert configuration.plain(Machine()) == configuration.made({}, Machine()) == configuration.made(configuration.read(HEAD), Machine())


@pytest.mark.parametrize("name", [*configuration.READ])
def test_a_field_without_a_value_is_as_one_that_is_not_there(name):
    assert configuration.read(HEAD + f"{name}:\n") == configuration.read(HEAD)


@pytest.mark.parametrize("text, at_once", [
    ("", None), ("serializeImagePulls: true\n", 1), ("serializeImagePulls: false\n", 0),
    ("serializeImagePulls: false\nmaxParallelImagePulls: 3\n", 3),
])  # fmt: skip
def test_pulls_go_one_by_one_several_or_all_at_once(text, at_once):
    assert configuration.made(configuration.read(HEAD + text), Machine()).pulls_at_once == at_once


def test_what_is_reserved_is_no_pods():
    made = configuration.made(configuration.read(HEAD + "kubeReserved: {cpu: 250m, memory: 1Gi}\nsystemReserved: {memory: 512Mi}\n"), Machine())
    found = node_status.allocatable(made.machine)
    assert (found["cpu"], found["memory"]) == ("3750m", "6556Mi")
    assert dict(made.floors)[thresholds.PODS_MEMORY] == 100 << 20 and made.capacities[thresholds.PODS_MEMORY] == 6656 << 20


def test_unknown_fields_are_read_over_and_the_rest_acts():
    text = HEAD + "authentication: {anonymous: {enabled: false}}\ncolour: blue\npodPidsLimit: 200\n"
    text += "containerLogMaxSize: 1Mi\ncontainerLogMaxFiles: 3\n"
    made = configuration.made(configuration.read(text), Machine())
    assert (made.pids, made.log_bytes, made.machine.pods) == (200, 3 << 20, 110)


@pytest.mark.parametrize("available, with_reclaim, is_met", [(99, False, True), (100, False, False), (119, True, True), (120, True, False)])
def test_a_threshold_is_met_below_its_amount_and_over_with_its_reclaim(available, with_reclaim, is_met):
    one = thresholds.Threshold("memory.available", thresholds.Amount("100"), 0, thresholds.Amount("20"))
    assert one.is_met(available, 1000, with_reclaim=with_reclaim) == is_met
