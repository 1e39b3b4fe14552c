"""What is said of the container runtime's facts: images, sandboxes, containers, signals."""

from __future__ import annotations

from ..kind import Kind

SANDBOX = "pkg/kubelet/kuberuntime/kuberuntime_sandbox.go"
CONTAINER = "pkg/kubelet/kuberuntime/kuberuntime_container.go"
IMAGE = "pkg/kubelet/images/image_manager.go"
IPAM = "containernetworking/plugins plugins/ipam/host-local"

KINDS = {
    "ImageImported": Kind(
        stage="fault",
        marker="user",
        source="ctr images import",
        en="**{image}** is imported on {node} from a file: no registry is asked.",
        zh="**{image}** 从文件导入 {node}：不经过镜像仓库。",
    ),
    "ImagePullStarted": Kind(
        stage="pull",
        marker="cri",
        source=IMAGE,
        fidelity="simplified",
        en="**containerd** on {node} pulls {image} ({size}) from its registry. Pulls of one node queue up.",
        zh="{node} 上的 **containerd** 从镜像仓库拉取 {image}（{size}）。同一节点的拉取依次进行。",
    ),
    "ImagePulled": Kind(
        stage="pull",
        marker="cri",
        source=IMAGE,
        en="**containerd** on {node} has {image}. The next Pod that wants it here finds it present.",
        zh="{node} 上的 **containerd** 已有 {image}。此节点上下一个需要它的 Pod 无须再拉取。",
    ),
    "ImagePullFailed": Kind(
        stage="pull",
        marker="warning",
        source=IMAGE,
        en="**containerd** on {node} cannot pull {image}: the registry does not answer or does not have it.",
        zh="{node} 上的 **containerd** 无法拉取 {image}：镜像仓库没有应答，或没有这个镜像。",
    ),
    "SandboxStarted": Kind(
        stage="sandbox",
        marker="cri",
        source=SANDBOX,
        en="**containerd** starts pause for {name}: it holds the namespaces on which all containers of the Pod stand.",
        zh="**containerd** 为 {name} 启动 pause：它持有命名空间，Pod 的所有容器都建立在其上。",
    ),
    "NetworkAdded": Kind(
        stage="sandbox",
        marker="cri",
        source=IPAM,
        en="**CNI** gives {name} the address {ip} from the node's podCIDR. The API does not know it yet.",
        zh="**CNI** 从节点的 podCIDR 中为 {name} 分配地址 {ip}。API 此时还不知道它。",
    ),
    "NetworkRemoved": Kind(
        stage="delete",
        marker="cri",
        source=IPAM,
        en="**CNI** takes the address {ip} back from {name}.",
        zh="**CNI** 从 {name} 收回地址 {ip}。",
    ),
    "SandboxStopped": Kind(
        stage="delete",
        marker="cri",
        source=SANDBOX,
        en="**containerd** stops pause of {name}: the Pod has no namespaces any more.",
        zh="**containerd** 停止 {name} 的 pause：这个 Pod 不再有命名空间。",
    ),
    "SandboxKilled": Kind(
        stage="fault",
        marker="warning",
        source=SANDBOX,
        en="**pause** of {name} is killed behind the kubelet's back. Its containers still run, but nothing holds them together.",
        zh="{name} 的 **pause** 在 kubelet 不知情时被杀死。容器仍在运行，却已失去共同的根基。",
    ),
    "ContainerCreated": Kind(
        stage="start",
        marker="cri",
        source=CONTAINER,
        en="**containerd** creates {container} of {name} from {image}: files and limits stand ready, nothing runs yet.",
        zh="**containerd** 用 {image} 创建 {name} 的 {container}：文件与限额已就绪，尚无进程运行。",
    ),
    "ContainerStarted": Kind(
        stage="start",
        marker="cri",
        source=CONTAINER,
        en="**containerd** starts {container} of {name}: its first process runs ({command}).",
        zh="**containerd** 启动 {name} 的 {container}：第一个进程开始运行（{command}）。",
    ),
    "ContainerStartFailed": Kind(
        stage="start",
        marker="warning",
        source=CONTAINER,
        en="**containerd** cannot start {container} of {name}: there is no such program in the image. Exit code {exit_code}.",
        zh="**containerd** 无法启动 {name} 的 {container}：镜像中没有这个程序。退出码 {exit_code}。",
    ),
    "SignalSent": Kind(
        stage="delete",
        marker="cri",
        source=CONTAINER,
        en="**containerd** sends {signal} to {container} of {name}. As PID 1 it ignores what it has no handler for; not KILL.",
        zh="**containerd** 向 {name} 的 {container} 发送 {signal}。作为 PID 1，它会忽略未处理的信号，KILL 除外。",
    ),
    "ContainerExited": Kind(
        stage="report",
        marker="status",
        source=CONTAINER,
        en="**{container}** of {name} has ended with exit code {exit_code} ({reason}). The kubelet sees it at its next relist.",
        zh="{name} 的 **{container}** 已结束，退出码 {exit_code}（{reason}）。kubelet 在下次 relist 时才会发现。",
    ),
    "ExecRequested": Kind(
        stage="kubectl",
        marker="user",
        source="pkg/registry/core/pod/rest/subresources.go (ExecREST)",
        en="**kubectl** asks for a stream into {container} of {name}; kube-apiserver hands it on to the kubelet. Nothing is stored.",
        zh="**kubectl** 请求通往 {name} 的 {container} 的数据流；kube-apiserver 将它转给 kubelet。什么都不会被存储。",
    ),
    "ExecStarted": Kind(
        stage="start",
        marker="cri",
        source="pkg/kubelet/kubelet_pods.go (GetExec)",
        en="**containerd** runs {command} in {container} of {name}, beside its first process: same files, same namespaces.",
        zh="**containerd** 在 {name} 的 {container} 中、于首个进程之外运行 {command}：文件与命名空间都相同。",
    ),
    "ExecFailed": Kind(
        stage="start",
        marker="warning",
        source=CONTAINER,
        en="**containerd** cannot run this in {container} of {name}: {reason}.",
        zh="**containerd** 无法在 {name} 的 {container} 中运行它：{reason}。",
    ),
    "ExecEnded": Kind(
        stage="report",
        marker="status",
        source=CONTAINER,
        en="**{command}** in {container} of {name} has ended with exit code {exit_code}. The container goes on; no status changes.",
        zh="{name} 的 {container} 中的 **{command}** 已结束，退出码 {exit_code}。容器继续运行，状态不变。",
    ),
    "AttachRequested": Kind(
        stage="kubectl",
        marker="user",
        source="pkg/registry/core/pod/rest/subresources.go (AttachREST)",
        en="**kubectl** asks to be attached to {container} of {name}; kube-apiserver hands the stream on to the kubelet.",
        zh="**kubectl** 请求附着到 {name} 的 {container}；kube-apiserver 将数据流转给 kubelet。",
    ),
    "ContainerAttached": Kind(
        stage="start",
        marker="cri",
        source="pkg/kubelet/kubelet_pods.go (GetAttach)",
        en="**containerd** joins the stream to the first process of {container} in {name}: what it writes from now on is heard.",
        zh="**containerd** 把数据流接到 {name} 中 {container} 的首个进程：从现在起能看到它的输出。",
    ),
    "ForwardRequested": Kind(
        stage="kubectl",
        marker="user",
        source="pkg/registry/core/pod/rest/subresources.go (PortForwardREST)",
        en="**kubectl port-forward** has a connection for port {port} of {name}. kube-apiserver and the kubelet only pass its bytes on.",
        zh="**kubectl port-forward** 收到一个要送往 {name} 的 {port} 端口的连接。kube-apiserver 与 kubelet 只转发其字节。",
    ),
    "ConnectionOpened": Kind(
        stage="start",
        marker="cri",
        source="containerd internal/cri/server/sandbox_portforward_linux.go",
        en="**containerd** dials localhost:{port} inside the network namespace of {name}; {container} listens there. No Service is involved.",
        zh="**containerd** 在 {name} 的网络命名空间内连接 localhost:{port}；{container} 正在监听。不经过任何 Service。",
    ),
    "ConnectionRefused": Kind(
        stage="start",
        marker="warning",
        source="containerd internal/cri/server/sandbox_portforward_linux.go",
        en="**containerd** dials localhost:{port} inside {name}, but nothing listens there: connection refused.",
        zh="**containerd** 在 {name} 内连接 localhost:{port}，但没有进程监听：连接被拒绝。",
    ),
    "RequestServed": Kind(
        stage="report",
        marker="status",
        en="**{container}** of {name} answers `{asked}` on port {port} with {code}.",
        zh="{name} 的 **{container}** 在 {port} 端口以 {code} 应答 `{asked}`。",
    ),
}
