"""What is said of the kubelets' facts: nodes, admission, the passes over a Pod, back-off, the end."""

from __future__ import annotations

from ..kind import Kind

NODE = "pkg/kubelet/kubelet_node_status.go"
KUBELET = "pkg/kubelet/kubelet.go"
WORKERS = "pkg/kubelet/pod_workers.go"
RUNTIME = "pkg/kubelet/kuberuntime/kuberuntime_manager.go"
CONTAINER = "pkg/kubelet/kuberuntime/kuberuntime_container.go"
IMAGE = "pkg/kubelet/images/image_manager.go"
ALLOCATION = "pkg/kubelet/allocation/allocation_manager.go"
PROBER = "pkg/kubelet/prober/worker.go"
RESULTS = "pkg/kubelet/prober/results/results_manager.go"

KINDS = {
    "NodeRegistered": Kind(
        stage="report",
        marker="write",
        source=NODE,
        en="**kubelet** has registered its node {node} ({cpu} CPUs, {memory}). Until it is Ready a taint keeps Pods away.",
        zh="**kubelet** 已注册自己的节点 {node}（{cpu} CPU，{memory}）。Ready 之前有污点阻止 Pod 调度过来。",
    ),
    "NodeStatusReported": Kind(
        stage="report",
        marker="status",
        step=False,
        source=NODE,
        en="**kubelet** has reported the status of {node}: conditions, capacity, images.",
        zh="**kubelet** 已上报 {node} 的状态：状况、容量、镜像。",
    ),
    "LeaseRenewed": Kind(
        stage="report",
        step=False,
        source="k8s.io/component-helpers apimachinery/lease/controller.go",
        en="**kubelet** renews the Lease of {node}: the heartbeat by which the control plane knows that the node lives.",
        zh="**kubelet** 续约 {node} 的 Lease：控制平面凭这一心跳得知节点存活。",
    ),
    "PodAdmitted": Kind(
        stage="sandbox",
        marker="status",
        source="pkg/kubelet/lifecycle/predicate.go",
        en="**kubelet** on {node} finds {name} bound to its node and admits it: there is room, and the selectors match.",
        zh="{node} 的 **kubelet** 发现 {name} 已绑定到本节点并予以准入：资源足够，选择算符匹配。",
    ),
    "PodFoundRunning": Kind(
        stage="report",
        marker="status",
        source=KUBELET,
        en="**kubelet** has started anew and finds containers of {name} on {node}: it leaves them alone and watches on.",
        zh="**kubelet** 重新启动，发现 {name} 的容器仍在 {node} 上：不去动它们，继续监视。",
    ),
    "PodNotAdmitted": Kind(
        stage="sandbox",
        marker="warning",
        source="pkg/kubelet/lifecycle/predicate.go",
        en="**kubelet** on {node} refuses {name}: {reason}. The Pod fails for good; it is not scheduled again.",
        zh="{node} 的 **kubelet** 拒绝 {name}：{reason}。这个 Pod 就此失败，不会重新调度。",
    ),
    "PodPreemptedForCritical": Kind(
        stage="fault",
        marker="warning",
        source="pkg/kubelet/preemption/preemption.go",
        en="**kubelet** on {node} ends {name} to get room for the critical Pod {critical}, which is bound here and does not fit otherwise.",
        zh="{node} 的 **kubelet** 结束 {name}，为已绑定到本节点而放不下的关键 Pod {critical} 腾出空间。",
    ),
    "VolumesMounted": Kind(
        stage="sandbox",
        marker="cri",
        source=KUBELET,
        en="**kubelet** mounts the volumes of {name}: {volumes}.",
        zh="**kubelet** 挂载 {name} 的卷：{volumes}。",
    ),
    "VolumeNotMounted": Kind(
        stage="sandbox",
        marker="warning",
        source="pkg/kubelet/volumemanager/volume_manager.go",
        en="**kubelet** cannot set up {volume} of {name} and tries again; no container starts before: {message}",
        zh="**kubelet** 无法准备 {name} 的卷 {volume}，会再试；在此之前不启动任何容器：{message}",
    ),
    "NodePressureFound": Kind(
        stage="fault",
        marker="warning",
        source="pkg/kubelet/eviction/eviction_manager.go",
        en="**kubelet** of {node} is low: {condition}, {size} left. It reclaims what it can, and takes on no more Pods that it may refuse.",
        zh="{node} 的 **kubelet** 资源不足：{condition}，只剩 {size}。它回收能回收的，并拒绝可以拒绝的新 Pod。",
    ),
    "PodEvictedForRoom": Kind(
        stage="fault",
        marker="warning",
        source="pkg/kubelet/eviction/eviction_manager.go",
        en="**kubelet** evicts {name} from {node} to get room: first who is above its requests, then by priority, then the largest.",
        zh="**kubelet** 为腾出资源将 {name} 从 {node} 驱逐：先是超出 requests 者，再按优先级，最后看用量。",
    ),
    "StorageLimitExceeded": Kind(
        stage="fault",
        marker="warning",
        source="pkg/kubelet/eviction/eviction_manager.go",
        en="**kubelet** evicts {name} from {node}, without a grace period: {message}",
        zh="**kubelet** 不等宽限期，立即将 {name} 从 {node} 驱逐：{message}",
    ),
    "VolumeUpdated": Kind(
        stage="sandbox",
        marker="cri",
        source="pkg/volume/util/atomic_writer.go",
        en="**kubelet** writes {volume} of {name} anew: its source has changed. Variables and subPath mounts keep what they had.",
        zh="**kubelet** 重写 {name} 的卷 {volume}：来源已改变。环境变量与 subPath 挂载保持原样。",
    ),
    "SandboxRequested": Kind(
        stage="sandbox",
        marker="cri",
        source=RUNTIME,
        en="**kubelet** asks containerd for a sandbox for {name}: pause first, then the network.",
        zh="**kubelet** 请求 containerd 为 {name} 建立沙箱：先 pause，再网络。",
    ),
    "SandboxRefused": Kind(
        stage="sandbox",
        marker="warning",
        source="pkg/kubelet/kuberuntime/kuberuntime_sandbox.go",
        en="**kubelet** cannot make a sandbox for {name}; no container starts before, and it tries again: {message}",
        zh="**kubelet** 无法为 {name} 建立沙箱；在此之前不启动任何容器，它会再试：{message}",
    ),
    "ImagePresent": Kind(
        stage="pull",
        marker="cri",
        source=IMAGE,
        en="**kubelet** finds {image} on {node}; the policy {policy} needs no pull.",
        zh="**kubelet** 发现 {image} 已在 {node} 上；策略 {policy} 无须拉取。",
    ),
    "ContainerStartRefused": Kind(
        stage="start",
        marker="warning",
        source=CONTAINER,
        en="**kubelet** cannot start {container} of {name}: {reason}. It will try again; the restart count is for runs, not tries.",
        zh="**kubelet** 无法启动 {name} 的 {container}：{reason}。它会再试；重启计数只算运行，不算尝试。",
    ),
    "RestartDelayed": Kind(
        stage="start",
        marker="warning",
        source=RUNTIME,
        en="**kubelet** waits before it restarts {container} of {name}: back-off {delay_s} s, doubled by each crash, at most 5 min.",
        zh="**kubelet** 稍后才重启 {name} 的 {container}：退避 {delay_s} 秒，每次崩溃后加倍，最长 5 分钟。",
    ),
    "ContainersReset": Kind(
        stage="start",
        marker="cri",
        source=RUNTIME,
        en="**kubelet** removes all containers of {name} and starts them anew: one ended with a code that asks for it. The Pod stays.",
        zh="**kubelet** 移除 {name} 的所有容器并重新启动：其中一个以要求如此的退出码结束。Pod 本身不变。",
    ),
    "PodResizeStarted": Kind(
        stage="start",
        marker="status",
        source=ALLOCATION,
        en="**kubelet** allocates the new resources of {name}: {node} has the room. The containers get them next, mostly without a restart.",
        zh="**kubelet** 为 {name} 分配新的资源：{node} 有足够空间。随后容器获得这些资源，大多无须重启。",
    ),
    "PodResizeDeferred": Kind(
        stage="start",
        marker="warning",
        source=ALLOCATION,
        en="**kubelet** cannot give {name} its new resources yet: {node} has no room. It tries again when another Pod goes.",
        zh="**kubelet** 暂时无法满足 {name} 的新资源：{node} 空间不足。有 Pod 离开时会再试。",
    ),
    "PodResizeCompleted": Kind(
        stage="report",
        marker="status",
        source=ALLOCATION,
        en="**kubelet** has brought the new resources of {name} into force: what is wanted, allocated and in use is the same again.",
        zh="**kubelet** 已让 {name} 的新资源生效：期望的、已分配的与在用的再次一致。",
    ),
    "PodTerminationRequested": Kind(
        stage="delete",
        marker="status",
        source=WORKERS,
        en="**kubelet** begins to end {name} on {node} ({reason}). From now on nothing of it is started again.",
        zh="**kubelet** 开始终止 {node} 上的 {name}（{reason}）。从现在起，它的任何容器都不再启动。",
    ),
    "PreStopStarted": Kind(
        stage="delete",
        marker="cri",
        source=CONTAINER,
        en="**kubelet** runs the preStop hook ({hook}) of {container} in {name}. SIGTERM waits for it, the grace period does not.",
        zh="**kubelet** 执行 {name} 中 {container} 的 preStop 钩子（{hook}）。SIGTERM 等它结束，宽限期不等。",
    ),
    "SidecarWaits": Kind(
        stage="delete",
        marker="cri",
        source="pkg/kubelet/kuberuntime/kuberuntime_termination_order.go",
        en="**kubelet** leaves the sidecar {container} of {name} running until {others} have ended: sidecars go last, in reverse order.",
        zh="**kubelet** 让 {name} 的边车 {container} 继续运行，直到 {others} 结束：边车最后退出，且顺序相反。",
    ),
    "HookFailed": Kind(
        stage="start",
        marker="warning",
        source=CONTAINER,
        en="**kubelet** sees the hook {hook} of {container} in {name} fail. After a failed postStart the container is killed.",
        zh="**kubelet** 发现 {name} 中 {container} 的 {hook} 钩子失败。postStart 失败后，容器会被终止。",
    ),
    "PostStartStarted": Kind(
        stage="start",
        marker="cri",
        source=CONTAINER,
        en="**kubelet** runs the postStart hook ({hook}) of {container} in {name}. The container does not count as started before it ends.",
        zh="**kubelet** 执行 {name} 中 {container} 的 postStart 钩子（{hook}）。钩子结束之前，容器不算已启动。",
    ),
    "DeadlinePassed": Kind(
        stage="delete",
        marker="warning",
        source="pkg/kubelet/active_deadline.go",
        en="**kubelet** ends {name}: its activeDeadlineSeconds ({seconds} s) are over. The Pod fails with DeadlineExceeded.",
        zh="**kubelet** 终止 {name}：它的 activeDeadlineSeconds（{seconds} 秒）已到。Pod 以 DeadlineExceeded 失败。",
    ),
    "ProbeSucceeded": Kind(
        stage="report",
        marker="cri",
        step=False,
        source=PROBER,
        en="**kubelet** probes {container} of {name} ({probe}, {how}): success. It goes on asking; only a change is told here.",
        zh="**kubelet** 探测 {name} 的 {container}（{probe}，{how}）：成功。探测会继续，这里只报告变化。",
    ),
    "ProbeFailed": Kind(
        stage="report",
        marker="warning",
        source=PROBER,
        en="**kubelet** probes {container} of {name} ({probe}, {how}): failure. {needed} in a row have consequences.",
        zh="**kubelet** 探测 {name} 的 {container}（{probe}，{how}）：失败。连续 {needed} 次失败才有后果。",
    ),
    "ProbeVerdict.ready": Kind(
        stage="report",
        marker="status",
        source=RESULTS,
        en="**kubelet** now holds {container} of {name} to be ready: the status says so at once, and Services may send it traffic.",
        zh="**kubelet** 现在认定 {name} 的 {container} 就绪：状态立即更新，Service 可以向它转发流量。",
    ),
    "ProbeVerdict.unready": Kind(
        stage="report",
        marker="warning",
        source=RESULTS,
        en="**kubelet** now holds {container} of {name} to be unready: Services leave it out. It is not restarted for that.",
        zh="**kubelet** 现在认定 {name} 的 {container} 未就绪：Service 会跳过它。但不会因此重启容器。",
    ),
    "ProbeVerdict.started": Kind(
        stage="report",
        marker="status",
        source=RESULTS,
        en="**kubelet** now holds {container} of {name} to be started: the startup probe rests, readiness and liveness begin.",
        zh="**kubelet** 现在认定 {name} 的 {container} 已启动：startup 探针休息，readiness 与 liveness 探针开始工作。",
    ),
    "ProbeVerdict": Kind(
        stage="report",
        marker="warning",
        source=RESULTS,
        en="**kubelet** now holds {container} of {name} to be unhealthy ({probe}): it will be killed and, by its policy, started again.",
        zh="**kubelet** 现在认定 {name} 的 {container} 不健康（{probe}）：它会被终止，并按重启策略重新启动。",
    ),
    "PodWorkerFinished": Kind(
        stage="delete",
        marker="status",
        source=WORKERS,
        en="**kubelet** is done with {name}: nothing of it runs on {node}. A deleted Pod's object may go now.",
        zh="**kubelet** 处理完毕 {name}：{node} 上已没有它在运行。若它已被删除，对象此刻可以移除。",
    ),
    "PodRemoved": Kind(
        stage="delete",
        marker="cri",
        step=False,
        source="pkg/kubelet/kubelet_pods.go",
        en="**kubelet** removes what was left of {name} on {node}: ended containers and their logs.",
        zh="**kubelet** 清除 {name} 在 {node} 上的残留：已结束的容器及其日志。",
    ),
}
