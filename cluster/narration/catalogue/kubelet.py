"""What is said of the kubelets' facts: nodes, admission, the passes over a Pod, back-off, the end."""

from __future__ import annotations

from ..kind import Kind

NODE = "pkg/kubelet/kubelet_node_status.go"
KUBELET = "pkg/kubelet/kubelet.go"
WORKERS = "pkg/kubelet/pod_workers.go"
RUNTIME = "pkg/kubelet/kuberuntime/kuberuntime_manager.go"
CONTAINER = "pkg/kubelet/kuberuntime/kuberuntime_container.go"
IMAGE = "pkg/kubelet/images/image_manager.go"

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
    "VolumesMounted": Kind(
        stage="sandbox",
        marker="cri",
        source=KUBELET,
        fidelity="simplified",
        en="**kubelet** mounts the volumes of {name}: {volumes}.",
        zh="**kubelet** 挂载 {name} 的卷：{volumes}。",
    ),
    "SandboxRequested": Kind(
        stage="sandbox",
        marker="cri",
        source=RUNTIME,
        en="**kubelet** asks containerd for a sandbox for {name}: pause first, then the network.",
        zh="**kubelet** 请求 containerd 为 {name} 建立沙箱：先 pause，再网络。",
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
