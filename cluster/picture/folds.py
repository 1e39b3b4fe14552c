"""What each kind of fact changes in the picture: one small function a kind, found by name."""
from __future__ import annotations

from cluster.engine import TraceEvent
from cluster.narration.render import METHODS, short_path, size
from cluster.scheduler.verdicts import filtered_rows, scored_rows

from .drawings import asked, plan
from .nodes import short_image

Set = list[list]
FOLDS: dict[str, object] = {}
# What a kubelet asks of its runtime. Source: k8s.io/cri-api pkg/apis/runtime/v1 (the methods' names).
CRI_CALLS = {"SandboxRequested": "RunPodSandbox", "SandboxStarted": "RunPodSandbox", "ImagePullStarted": "PullImage",
             "ContainerCreated": "CreateContainer", "ContainerStarted": "StartContainer",
             "SignalSent": "StopContainer", "SandboxStopped": "StopPodSandbox"}
CLIENTS = ("kubectl", "client")


def fold(*kinds: str):
    def register(function):
        for kind in kinds:
            FOLDS[kind] = function
        return function
    return register


# -- requests -------------------------------------------------------------------------------------------------------------


@fold("RequestSent")
def request_sent(p, event: TraceEvent) -> Set:
    data = event.data
    p.senders[data["request"]] = data["from"]
    if not data["resource"]:
        p.plain.add(data["request"])
    label = f"{METHODS.get(data['verb'], '')} {short_path(data['path'])}"
    cells = p.control.begin_request(event, label)
    if data["from"] == "kube-scheduler" and data.get("subresource") == "status":
        cells += p.control.unstamped()
    if data["from"] in CLIENTS:
        asked = f"{METHODS.get(data['verb'], '')} {data['resource'] or data['path']}"
        cells += p.control.says(asked, {"en": "waiting for the answer", "zh": "等待答复"}, who=data.get("agent", ""))
    if data["from"].startswith("kubelet/"):
        cells += p.nodes.say(data["from"].partition("/")[2], "kubelet", f"{METHODS.get(data['verb'], '')} {data['resource']}",
                             f"{METHODS.get(data['verb'], '')} {data['resource']}")
    return cells


@fold("ReplySent")
def reply_sent(p, event: TraceEvent) -> Set:
    sender = p.senders.pop(event.data["request"], "")
    p.plain.discard(event.data["request"])
    cells = p.control.end_request() if event.data["request"] == p.control.request else []
    if sender in CLIENTS:
        cells += p.control.says({"en": f"answered: {event.data['code']}", "zh": f"答复：{event.data['code']}"}, who=p.control.who)
    if sender.startswith("kubelet/"):
        node = sender.partition("/")[2]
        for part in ("kubelet",) if p.nodes.is_pulling(node) else ("kubelet", "containerd"):
            cells += p.nodes.say(node, part, "idle", "空闲")
    return cells


def _gate(name: str, note):
    def function(p, event: TraceEvent) -> Set:
        if event.data.get("request") != p.control.request:
            return []
        state, words = note(event.data)
        return p.control.gate(name, state, words)
    return function


def _both(text: str) -> dict:
    return {"en": text, "zh": text}


FOLDS["RequestAuthenticated"] = _gate("authn", lambda d: ("now", _both(str(d.get("user", "")))))
FOLDS["RequestAuthorized"] = _gate("authz", lambda d: ("now", {"en": "allowed", "zh": "允许"}))
FOLDS["ObjectDefaulted"] = _gate("defaults", lambda d: ("changed" if d.get("count") else "now", {
    "en": f"{d.get('count', 0)} field{'' if d.get('count') == 1 else 's'} filled in", "zh": f"填入 {d.get('count', 0)} 个字段"}))
FOLDS["AdmissionMutated"] = _gate("defaults", lambda d: ("changed", {"en": f"{d.get('plugin')} filled in", "zh": f"{d.get('plugin')} 已填入"}))
FOLDS["ObjectValidated"] = _gate("validation", lambda d: ("now", {"en": "0 errors", "zh": "0 处错误"}))
FOLDS["AdmissionValidated"] = _gate("validation", lambda d: ("now", {"en": "0 errors", "zh": "0 处错误"}))

GATE_NAMES = {"authn": "authn", "authentication": "authn", "authz": "authz", "authorization": "authz", "decode": "defaults", "defaults": "defaults",
              "admission": "defaults", "mutating": "defaults", "validation": "validation", "validating": "validation", "store": "store"}


@fold("RequestRefused")
def request_refused(p, event: TraceEvent) -> Set:
    if event.data.get("request") != p.control.request:
        return []
    if event.data.get("code") == 404 and not event.data.get("plugin"):  # an answer, not a refusal: there is no such object
        return [*p.control.skip("defaults", "validation"), *p.control.gate("store", "now", {"en": "404: not there", "zh": "404：不存在"})]
    gate = GATE_NAMES.get(str(event.data.get("gate")), "validation")
    return p.control.gate(gate, "refused", _both(f"{event.data.get('code')} {event.data.get('reason', '')}".strip()))


@fold("ReadServed")
def read_served(p, event: TraceEvent) -> Set:
    if event.data.get("request") != p.control.request:
        return []
    return [*p.control.skip("defaults", "validation"), *p.control.gate("store", "now", {"en": f"read from {event.data.get('source')}",
                                                                                      "zh": f"读自 {event.data.get('source')}"})]


@fold("KeyWritten", "KeyDeleted")
def key_written(p, event: TraceEvent) -> Set:
    if event.data.get("quiet") or event.data.get("request") != p.control.request:
        return []
    return p.control.gate("store", "now", _both(f"rev {event.data['revision']}"))


# -- controllers ------------------------------------------------------------------------------------------------------------


@fold("KeyEnqueued")
def key_enqueued(p, event: TraceEvent) -> Set:
    return p.queues.enqueued(event.actor, event.subject, event.data.get("length", 0))


@fold("ReconcileStarted")
def reconcile_started(p, event: TraceEvent) -> Set:
    return p.queues.started(event.actor, event.subject, event.data.get("length", 0), event.seq)


@fold("ReconcileCompared")
def reconcile_compared(p, event: TraceEvent) -> Set:
    data = event.data
    return p.queues.compared(event.actor, event.seq, event.at_ms, event.subject, wanted=data.get("wanted"), found=data.get("found"),
                             so=str(data.get("so", "")))


@fold("LoadWeighed")
def load_weighed(p, event: TraceEvent) -> Set:
    data = event.data
    return p.queues.compared(event.actor, event.seq, event.at_ms, event.subject, wanted=data.get("desired"), found=data.get("current"),
                             so=str(data.get("limit", "")))


@fold("NextRunPlanned")
def next_run_planned(p, event: TraceEvent) -> Set:
    return [["plans", event.subject, plan(event.data["at"], now_ms=event.at_ms, clock=p.clock)]]


@fold("BudgetAsked")
def budget_asked(p, event: TraceEvent) -> Set:
    """An eviction stands at a budget's gate."""
    data = event.data
    cells = [["asked", f"poddisruptionbudgets/{event.subject.split('/')[1]}/{data['budget']}", asked(event.subject, data, event.seq)]]
    if data.get("request") != p.control.request:
        return cells
    note = {"en": f"budget {data['budget']}: {data['allowed']} may go", "zh": f"预算 {data['budget']}：可中断 {data['allowed']} 个"}
    return [*cells, *p.control.gate("store", "now", note)]


@fold("ComponentStopped", "ComponentStarted")
def component_switched(p, event: TraceEvent) -> Set:
    name, off = event.data.get("component", event.actor), event.kind == "ComponentStopped"
    since_ms = event.at_ms if off else None
    part, _, node = name.partition("/")
    if node:
        return p.nodes.switch(node, part, since_ms)
    if name in p.queues.cells:
        return p.queues.switched(name, since_ms)
    forgotten = p.queues.stopped() if off and name == "kube-controller-manager" else []
    return [*p.control.switched(name, since_ms), *forgotten]


@fold("LeaderElected", "LeaseHeld", "LeaderLost")
def lease_changed(p, event: TraceEvent) -> Set:
    state = {"LeaderElected": "holds", "LeaseHeld": "waits", "LeaderLost": "lost"}[event.kind]
    lease = {"state": state, "holder": event.data["holder"], "since_ms": event.at_ms, "transitions": event.data.get("transitions")}
    return p.control.process(event.data["component"], lease=lease)


# -- kube-scheduler -----------------------------------------------------------------------------------------------------------


@fold("PodQueued")
def pod_queued(p, event: TraceEvent) -> Set:
    word = {"active": "waiting", "backoff": "backoff"}.get(event.data.get("queue"), "unschedulable")
    return p.control.queued(event.subject, word)


@fold("SchedulingStarted")
def scheduling_started(p, event: TraceEvent) -> Set:
    return p.control.begin_decision(event.subject, event.seq)


@fold("NodeFiltered")
def node_filtered(p, event: TraceEvent) -> Set:
    return p.control.filtered(filtered_rows(event.data), event.data.get("filters", p.plugins))


@fold("NodeScored")
def node_scored(p, event: TraceEvent) -> Set:
    return p.control.scored(scored_rows(event.data))


@fold("NodeChosen")
def node_chosen(p, event: TraceEvent) -> Set:
    return p.control.chosen(event.subject, event.data["node"], ties=len(event.data.get("ties") or ()))


@fold("PreemptionChosen")
def preemption_chosen(p, event: TraceEvent) -> Set:
    """Who must go so that a Pod has room, by priority. The victims' own state stands in their objects."""
    data, victims = event.data, []
    for key in data["victims"]:
        subject = f"pods/{key}"
        priority = ((p.objects.get(subject) or {}).get("spec") or {}).get("priority", 0)
        victims.append({"pod": subject, "name": key.rpartition("/")[2], "priority": priority})
    mine = ((p.objects.get(event.subject) or {}).get("spec") or {}).get("priority", 0)
    return [["rescues", event.subject, {"pod": event.subject, "node": data["node"], "priority": mine, "candidates": data["candidates"],
                                        "victims": victims}]]


@fold("SchedulingFailed", "PodRejected")
def scheduling_failed(p, event: TraceEvent) -> Set:
    return p.control.refused(event.subject, event.data.get("message") or event.data.get("reason", ""))


@fold("PodBound")
def pod_bound(p, event: TraceEvent) -> Set:
    return p.control.decided(event.subject)


# -- nodes ----------------------------------------------------------------------------------------------------------------------


@fold("PodAdmitted")
def pod_admitted(p, event: TraceEvent) -> Set:
    return p.nodes.plan(event, p.objects.get(event.subject))


@fold("SandboxStarted")
def sandbox_started(p, event: TraceEvent) -> Set:
    return p.nodes.pod(event, plate={"ip": None})


@fold("NetworkAdded")
def network_added(p, event: TraceEvent) -> Set:
    return p.nodes.pod(event, plate={"ip": event.data.get("ip")})


@fold("SandboxStopped", "SandboxKilled", "NetworkRemoved")
def sandbox_stopped(p, event: TraceEvent) -> Set:
    return p.nodes.pod(event, plate=None, is_stopped=True)


@fold("ImagePullStarted")
def pull_started(p, event: TraceEvent) -> Set:
    data = event.data
    pulling = {**_pull(event), "since_ms": event.at_ms, "done": 0}
    amount = size(data.get("bytes") or 0)
    words = {"en": f"pulling {amount}", "zh": f"正在拉取 {amount}"}
    if not data.get("bytes"):  # its layers are on the node already
        words = {"en": "checking the image", "zh": "正在核对镜像"}
    return [*p.nodes.pod(event, pulling=pulling), *p.nodes.container(event, state="waiting", word="pulling", words=words),
            *p.nodes.image(data["node"], data.get("image", ""), "pulling")]


def _pull(event: TraceEvent) -> dict:
    """A pull as it goes on from here: what is done at mark_ms is `done` of it, and the rest comes evenly until until_ms."""
    data = event.data
    return {"image": short_image(data.get("image", "")), "container": data.get("container", ""), "bytes": data.get("bytes"),
            "mark_ms": event.at_ms, "until_ms": data.get("due_ms")}


@fold("ImagePullProgressed")
def pull_progressed(p, event: TraceEvent) -> Set:
    """The end moves when the registry gets faster or slower."""
    cell = p.nodes.pods.get(f"{event.data['node']}/{event.data['uid']}") or {}
    begun_ms = (cell.get("pulling") or {}).get("since_ms", event.at_ms)
    pulling = {**_pull(event), "since_ms": begun_ms, "done": event.data.get("percent", 0) / 100}
    return p.nodes.pod(event, pulling=pulling)


@fold("ImageRemoved")
def image_removed(p, event: TraceEvent) -> Set:
    return p.nodes.without_image(event.data["node"], event.data.get("image", ""))


@fold("ImagePulled")
def image_pulled(p, event: TraceEvent) -> Set:
    return [*p.nodes.pod(event, pulling=None), *p.nodes.container(event, state="waiting", word="waiting"),
            *p.nodes.image(event.data["node"], event.data.get("image", ""), "present")]


@fold("ImagePullFailed")
def image_pull_failed(p, event: TraceEvent) -> Set:
    return [*p.nodes.pod(event, pulling=None), *p.nodes.image(event.data["node"], event.data.get("image", ""), "absent"),
            *p.nodes.container(event, state="waiting", word="ErrImagePull")]


@fold("ImageImported")
def image_imported(p, event: TraceEvent) -> Set:
    return p.nodes.image(event.data["node"], event.data.get("image", ""), "present")


@fold("ContainerCreated")
def container_created(p, event: TraceEvent) -> Set:
    return p.nodes.container(event, state="creating", word="creating", back_off=None, exit_code=None)


@fold("ContainerStarted")
def container_started(p, event: TraceEvent) -> Set:
    p.nodes.probe(event, "pending")
    return p.nodes.container(event, state="running", word="running", back_off=None, exit_code=None,
                             restarts=event.data.get("restarts", event.data.get("attempt", 0)))


@fold("SignalSent")
def signal_sent(p, event: TraceEvent) -> Set:
    return p.nodes.container(event, state="stopping", word=str(event.data.get("signal", "")))


@fold("ContainerExited")
def container_exited(p, event: TraceEvent) -> Set:
    code = event.data.get("exit_code")
    return p.nodes.container(event, state="terminated", word=str(event.data.get("reason", "")), exit_code=code)


@fold("ContainerStartFailed")
def container_start_failed(p, event: TraceEvent) -> Set:
    return p.nodes.container(event, state="terminated", word="StartError", exit_code=event.data.get("exit_code"))


@fold("ContainerStartRefused")
def container_start_refused(p, event: TraceEvent) -> Set:
    return p.nodes.container(event, state="waiting", word=str(event.data.get("reason", "")))


@fold("RestartDelayed")
def restart_delayed(p, event: TraceEvent) -> Set:
    data = event.data
    return p.nodes.container(event, word="CrashLoopBackOff", back_off={"since_ms": event.at_ms, "until_ms": data.get("until_ms")},
                             restarts=data.get("restarts", 0))


@fold("ProbeSucceeded")
def probe_succeeded(p, event: TraceEvent) -> Set:
    return p.nodes.probe(event, "ok")


@fold("ProbeFailed")
def probe_failed(p, event: TraceEvent) -> Set:
    return p.nodes.probe(event, "failed")


@fold("PodRemoved")
def pod_finished(p, event: TraceEvent) -> Set:
    return p.nodes.gone(event)


# -- the network ------------------------------------------------------------------------------------------------------------------


@fold("ServiceProgrammed")
def service_programmed(p, event: TraceEvent) -> Set:
    data = event.data
    name = data["service"].rpartition("/")[2]
    return p.control.process("kube-proxy", lines=[_both(f"{name} → {data['endpoints']}" if data["addresses"] else f"{name} ✖")])


@fold("NameResolved")
def name_resolved(p, event: TraceEvent) -> Set:
    return p.control.process("coredns", lines=[_both(f"{event.data['asked']} ✓")])


@fold("NameNotFound")
def name_not_found(p, event: TraceEvent) -> Set:
    return p.control.process("coredns", lines=[_both(f"{event.data['asked']} ✖")])


# -- kubectl ----------------------------------------------------------------------------------------------------------------------


@fold("UserActed")
def user_acted(p, event: TraceEvent) -> Set:
    return [*p.control.printed("command", event.data.get("command", "")), *p.control.says({"en": "starting", "zh": "启动"})]


@fold("KubeconfigRead")
def kubeconfig_read(p, event: TraceEvent) -> Set:
    data = event.data
    return [["components", "kubeconfig", {"off": False, "context": data.get("context"), "cluster": data.get("cluster"), "user": data.get("user")}]]


@fold("KubectlPrinted")
def kubectl_printed(p, event: TraceEvent) -> Set:
    return p.control.printed(event.data.get("stream", "stdout"), event.data.get("text", ""))


@fold("KubectlExited")
def kubectl_exited(p, event: TraceEvent) -> Set:
    code = event.data.get("code", 0)
    return p.control.says({"en": f"done, exit {code}", "zh": f"完成，退出码 {code}"})
