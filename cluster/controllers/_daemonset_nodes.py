"""Which nodes a DaemonSet's Pod belongs on, and how the Pod for a node looks.

Source: pkg/controller/daemon/util/daemonset_util.go, daemon_controller.go NodeShouldRunDaemonPod.
"""

from __future__ import annotations

from cluster.kinds.daemonset import GENERATION
from cluster.meta.nodeselector import Required, terms_of

from . import _pods, _taints
from ._claims import controller_reference
from ._history import POD_LABEL
from ._pod_control import pod_from_template

GENERATION_LABEL = "pod-template-generation"
HARD = ("NoExecute", "NoSchedule")
NETWORK_UNAVAILABLE = "node.kubernetes.io/network-unavailable"
ADDED = (
    (_taints.NOT_READY, "NoExecute"), (_taints.UNREACHABLE, "NoExecute"), ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"), ("node.kubernetes.io/pid-pressure", "NoSchedule"), (_taints.UNSCHEDULABLE, "NoSchedule"),
)  # fmt: skip


def tolerations(spec: dict) -> list[dict]:
    """The Pod's tolerations with those that keep it on a troubled node. Source: AddOrUpdateDaemonPodTolerations."""
    found = list(spec.get("tolerations") or ())
    for key, effect in (*ADDED, *(((NETWORK_UNAVAILABLE, "NoSchedule"),) if spec.get("hostNetwork") else ())):
        added = {"key": key, "operator": "Exists", "effect": effect}
        alike = [one for one in found if _identity(one) == _identity(added)]
        found = [added if one in alike else one for one in found] if alike else [*found, added]
    return found


def _identity(toleration: dict) -> tuple:
    """What tolerations are told apart by. Source: MatchToleration."""
    return tuple(toleration.get(name) or "" for name in ("key", "effect", "operator", "value"))


class Demands:
    """What a DaemonSet's Pod asks of a node."""

    def __init__(self, daemon_set: dict):
        spec = daemon_set["spec"]["template"]["spec"]
        self.node_name = spec.get("nodeName") or ""
        self.required = Required(spec)
        self.tolerations = tolerations(spec)

    def judge(self, node: dict) -> tuple[bool, bool]:
        """(whether a Pod should run there, whether one that runs there may stay)."""
        if self.node_name not in ("", node["metadata"]["name"]) or not self.required.matches(node):
            return False, False
        repelling = {taint["effect"] for taint in _taints.of(node) if taint["effect"] in HARD and not self._tolerates(taint)}
        return not repelling, "NoExecute" not in repelling

    def _tolerates(self, taint: dict) -> bool:
        return any(_taints.tolerates(toleration, taint) for toleration in self.tolerations)


def generation(daemon_set: dict) -> str:
    """The template's generation, as the label on its Pods has it; "" if it cannot be read."""
    found = (daemon_set["metadata"].get("annotations") or {}).get(GENERATION, "")
    return found if found.isdecimal() else ""


def new_pod(daemon_set: dict, digest: str) -> dict:
    """The Pod of no node yet. Source: CreatePodTemplate."""
    pod = pod_from_template(daemon_set, controller_reference(daemon_set, "apps/v1", "DaemonSet"), daemon_set["spec"]["template"])
    labels = {**(pod["metadata"].get("labels") or {}), POD_LABEL: digest}
    if generation(daemon_set):
        labels[GENERATION_LABEL] = generation(daemon_set)
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": {**pod["spec"], "tolerations": tolerations(pod["spec"])}}


def on_node(pod: dict, node_name: str) -> dict:
    """The same Pod for one node: the scheduler may bind it nowhere else. Source: ReplaceDaemonSetPodNodeNameNodeAffinity."""
    affinity = pod["spec"].get("affinity") or {}
    node_affinity = affinity.get("nodeAffinity") or {}
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name]}]}
    required = {**(node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}), "nodeSelectorTerms": [term]}
    node_affinity = {**node_affinity, "requiredDuringSchedulingIgnoredDuringExecution": required}
    return {**pod, "spec": {**pod["spec"], "affinity": {**affinity, "nodeAffinity": node_affinity}}}


def node_of(pod: dict) -> str:
    """The node that a Pod is on, or is meant for; "" if it tells none. Source: GetTargetNodeName."""
    if pod["spec"].get("nodeName"):
        return pod["spec"]["nodeName"]
    for term in terms_of(pod["spec"]) or ():
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name" and field["operator"] == "In":
                values = field.get("values") or ()
                return values[0] if len(values) == 1 else ""
    return ""


def by_node(pods: list[dict], *, with_ended: bool = False) -> dict[str, list[dict]]:
    """Pods by node; those that are deleted and have ended are nobody's business. Source: getNodesToDaemonPods."""
    found: dict[str, list[dict]] = {}
    for pod in pods:
        is_over = "deletionTimestamp" in pod["metadata"] and _pods.phase(pod) in _pods.TERMINAL
        if (with_ended or not is_over) and (node := node_of(pod)):
            found.setdefault(node, []).append(pod)
    return found


def oldest_first(pods: list[dict]) -> list[dict]:
    """Those that are bound first, then by age. Source: podByCreationTimestampAndPhase."""
    return sorted(pods, key=lambda pod: (not pod["spec"].get("nodeName"), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


def is_updated(pod: dict, digest: str, template_generation: str) -> bool:
    """Whether a Pod is of the template as it is now. Source: IsPodUpdated."""
    labels = pod["metadata"].get("labels") or {}
    of_template = template_generation != "" and labels.get(GENERATION_LABEL) == template_generation
    return of_template or (digest != "" and labels.get(POD_LABEL) == digest)
