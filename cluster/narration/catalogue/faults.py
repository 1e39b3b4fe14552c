"""What is said of components that are switched off and on: what stops with them, and what they catch up with."""

from __future__ import annotations

from ..kind import Kind

REFLECTOR = "k8s.io/client-go tools/cache/reflector.go"
RUNTIME = "pkg/kubelet/runtime.go"
MANAGER = "cmd/kube-controller-manager"
ETCD = "go.etcd.io/etcd/client/v3"
ELECTION = "k8s.io/client-go tools/leaderelection/leaderelection.go"
SERVER = "k8s.io/apiserver pkg/server/genericapiserver.go"

KINDS = {
    "ComponentStopped.kube-apiserver": Kind(
        stage="fault", marker="warning", source=SERVER,
        en="**kube-apiserver** stops: every request and every watch ends with it. What runs on the nodes runs on.",
        zh="**kube-apiserver** 停止：所有请求与监视随之中断。节点上正在运行的照常运行。",
    ),
    "ComponentStarted.kube-apiserver": Kind(
        stage="fault", step=False, source=SERVER,
        en="**kube-apiserver** starts. All that it knows is in etcd; its clients come back by themselves, each after its back-off.",
        zh="**kube-apiserver** 启动。它所知的一切都在 etcd 中；各客户端在各自退避后自行回来。",
    ),
    "ComponentStopped.etcd": Kind(
        stage="fault", marker="warning", source=ETCD,
        en="**etcd** stops. kube-apiserver still listens, but can read and write nothing; standing watches stay, and stay silent.",
        zh="**etcd** 停止。kube-apiserver 仍在监听，却读不到也写不下任何东西；已有的监视还在，但沉默。",
    ),
    "ComponentStarted.etcd": Kind(
        stage="fault", step=False, source=ETCD,
        en="**etcd** starts with all its data. Whatever is tried again now gets through.",
        zh="**etcd** 启动，数据完好。现在重试的请求都能通过。",
    ),
    "ComponentStopped.controller": Kind(
        stage="fault", marker="warning", fidelity="simplified", source=MANAGER,
        en="**{component}** is left out of kube-controller-manager. Its objects stay as they are; the other controllers go on.",
        zh="**{component}** 不再随 kube-controller-manager 运行。它的对象保持原状，其他控制器照常工作。",
    ),
    "ComponentStarted.controller": Kind(
        stage="fault", marker="status", fidelity="simplified", source=MANAGER,
        en="**{component}** runs again. It hears of every object as if it were new, and compares them all.",
        zh="**{component}** 再次运行。它像初见一样得知每个对象，并逐一比较。",
    ),
    "ComponentStopped.containerd": Kind(
        stage="fault", marker="warning", fidelity="simplified", source=RUNTIME,
        en="**containerd** on {node} stops. Containers run on, held by their shims; nothing can be started, stopped or looked at.",
        zh="{node} 上的 **containerd** 停止。容器由各自的 shim 维持，照常运行；但无法启动、停止或查看任何东西。",
    ),
    "ComponentStarted.containerd": Kind(
        stage="fault", marker="status", fidelity="simplified", source=RUNTIME,
        en="**containerd** on {node} starts and finds its containers. The kubelet looks at all of them and does what it had to leave.",
        zh="{node} 上的 **containerd** 启动并找回容器。kubelet 逐一查看，并补做之前搁下的事。",
    ),
    "ComponentStopped.cni": Kind(
        stage="fault", marker="warning", fidelity="simplified", source=RUNTIME,
        en="**The network plugin** of {node} is gone. Pods keep the network that they have; a new sandbox would get none.",
        zh="{node} 的 **网络插件**没有了。已有网络的 Pod 不受影响；新的沙箱得不到网络。",
    ),
    "ComponentStarted.cni": Kind(
        stage="fault", marker="status", fidelity="simplified", source=RUNTIME,
        en="**The network plugin** of {node} is back. Pods that waited for a network are tried again within two seconds.",
        zh="{node} 的 **网络插件**恢复。等待网络的 Pod 会在两秒内重试。",
    ),
    "LeaderElected": Kind(
        stage="fault", marker="status", source=ELECTION,
        en="**{component}** holds the Lease {name} in kube-system now (change {transitions}): it is the one that works, and renews every 2 s.",
        zh="**{component}** 现在持有 kube-system 中的 Lease {name}（第 {transitions} 次易主）：由它工作，每 2 秒续约。",
    ),
    "LeaseHeld": Kind(
        stage="fault", marker="watch", source=ELECTION,
        en="**{component}** finds its Lease held by the process before it, which cannot renew it: it waits {seconds} s until that runs out.",
        zh="**{component}** 发现 Lease 仍由前一个进程持有，而那个进程已无法续约：要等 {seconds} 秒直到它到期。",
    ),
    "LeaderLost": Kind(
        stage="fault", marker="warning", source=ELECTION,
        en="**{component}** could not renew its Lease for 10 s. It may no longer work: it ends, and is started anew.",
        zh="**{component}** 已有 10 秒无法续约 Lease，不得再工作：它退出，随后被重新启动。",
    ),
    "ComponentListed": Kind(
        stage="fault", marker="watch", source=REFLECTOR,
        en="**{component}** has listed all {kinds} kinds it watches, {objects} objects at revision {revision}, and begins to work.",
        zh="**{component}** 已列出它监视的 {kinds} 种资源，共 {objects} 个对象，修订版本 {revision}，开始工作。",
    ),
    "ComponentRelisted": Kind(
        stage="fault", marker="watch", source=REFLECTOR,
        en="**{component}** reaches kube-apiserver again and has listed {kinds} kinds anew: {missed} of {objects} objects had changed.",
        zh="**{component}** 重新连上 kube-apiserver，再次列出 {kinds} 种资源：{objects} 个对象中有 {missed} 个已变化。",
    ),
    "ServerUnreached": Kind(
        stage="fault", marker="warning", source="k8s.io/client-go rest/request.go",
        en="**{actor}** finds nobody at kube-apiserver's address: connection refused. It can only try again.",
        zh="**{actor}** 在 kube-apiserver 的地址上找不到任何人：连接被拒绝，只能重试。",
    ),
    "NetworkMissed": Kind(
        stage="sandbox", marker="warning", source="pkg/kubelet/kubelet.go",
        en="**kubelet** on {node} leaves {name}: there is no network for it. It tries again in a second or so.",
        zh="{node} 上的 **kubelet** 暂不处理 {name}：没有网络给它用，约一秒后重试。",
    ),
    "RequestRefused.etcd": Kind(
        stage="store", marker="warning", source=ETCD,
        en="**kube-apiserver** cannot reach etcd: 500, connection refused. Nothing was stored; whoever asked must ask again.",
        zh="**kube-apiserver** 连不上 etcd：500，连接被拒绝。什么都没有存入，请求者须再次请求。",
    ),
}  # fmt: skip
