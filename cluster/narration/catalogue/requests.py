"""What is said of requests on their way, of what is stored, and of watches; variants.py chooses among the entries of a kind."""
from __future__ import annotations

from ..kind import Kind

REQUEST = "k8s.io/client-go rest/request.go"
CACHER = "k8s.io/apiserver pkg/storage/cacher"
ETCD = "k8s.io/apiserver pkg/storage/etcd3/store.go"

KINDS = {
    "RequestSent": Kind(
        stage="kubectl", source=REQUEST,
        en="**{sender}** sends {method} {path}. It speaks to nobody but kube-apiserver.",
        zh="**{sender}** 发送 {method} {path}。它只与 kube-apiserver 对话。",
    ),
    "RequestSent.discovery": Kind(
        stage="kubectl", source="k8s.io/client-go discovery/discovery_client.go",
        en="**{sender}** asks {method} {path}: what does this server have, and under which URLs?",
        zh="**{sender}** 请求 {method} {path}：这个服务器有什么，URL 各是什么？",
    ),
    "RequestSent.read": Kind(
        stage="kubectl", source=REQUEST,
        en="**{sender}** asks {method} {path} as {user}: what is there now?",
        zh="**{sender}** 以 {user} 的身份请求 {method} {path}：现在有什么？",
    ),
    "RequestSent.watching": Kind(
        stage="kubectl", marker="watch", source="k8s.io/client-go rest/request.go (Watch)",
        en="**{sender}** opens a watch, {method} {path}, as {user}. The answer does not end: every change will come over it.",
        zh="**{sender}** 以 {user} 的身份打开监视：{method} {path}。答复不会结束，之后的每次变化都由此送来。",
    ),
    "RequestSent.log": Kind(
        stage="kubectl", source="k8s.io/kubernetes pkg/registry/core/pod/rest/log.go",
        en="**{sender}** asks for a log of Pod {name} as {user}. kube-apiserver gets it from the kubelet: etcd has no logs.",
        zh="**{sender}** 以 {user} 的身份索取 Pod {name} 的日志。kube-apiserver 向 kubelet 取来：etcd 里没有日志。",
    ),
    "RequestSent.exec": Kind(
        stage="kubectl", source="k8s.io/kubernetes pkg/registry/core/pod/rest/subresources.go",
        en="**{sender}** asks for a stream to a container of Pod {name}, as {user}. kube-apiserver connects it with the kubelet.",
        zh="**{sender}** 以 {user} 的身份请求连到 Pod {name} 的一个容器。kube-apiserver 将它与 kubelet 接通。",
    ),
    "RequestSent.forward": Kind(
        stage="kubectl", source="k8s.io/kubernetes pkg/registry/core/pod/rest/subresources.go (PortForwardREST)",
        en="**{sender}** asks for a stream to ports of Pod {name}, as {user}. kube-apiserver connects it with the kubelet.",
        zh="**{sender}** 以 {user} 的身份请求连到 Pod {name} 的端口。kube-apiserver 将它与 kubelet 接通。",
    ),
    "RequestSent.review": Kind(
        stage="kubectl", source="k8s.io/kubernetes pkg/registry/authorization",
        en="**{sender}** asks {method} {path} as {user}: who is this, or may they? A question that is POSTed; nothing is stored.",
        zh="**{sender}** 以 {user} 的身份请求 {method} {path}：此人是谁，或可以做什么？这是用 POST 提出的问题，不会存储任何内容。",
    ),
    "RequestSent.often": Kind(
        stage="kubectl", source=REQUEST,
        en="**{sender}** reads on and on ({method} {path}). What it reads next is not drawn here until it pauses.",
        zh="**{sender}** 不停地读取（{method} {path}）。此后的读取不再画出，直到它停顿。",
    ),
    "RequestSent.creation": Kind(
        stage="kubectl", source=REQUEST,
        en="**{sender}** sends {method} {path}: a new object, for kube-apiserver to check and store.",
        zh="**{sender}** 发送 {method} {path}：一个新对象，交给 kube-apiserver 检查并存储。",
    ),
    "RequestSent.deletion": Kind(
        stage="delete", source=REQUEST,
        en="**{sender}** sends {method} {path}. That is a wish: others will carry it out.",
        zh="**{sender}** 发送 {method} {path}。这只是一个愿望，要由其他组件来实现。",
    ),
    "RequestSent.removal": Kind(
        stage="delete", source="pkg/kubelet/status/status_manager.go",
        en="**kubelet** on {node} deletes {name} for good, with grace 0: nothing of it runs any more, so its object may go.",
        zh="{node} 上的 **kubelet** 以宽限期 0 彻底删除 {name}：它的一切都已停止，对象可以消失了。",
    ),
    "RequestSent.binding": Kind(
        stage="bind", marker="none", source="pkg/scheduler/framework/plugins/defaultbinder/default_binder.go",
        en="**kube-scheduler** POSTs a Binding for {name}. It tells kube-apiserver, not the node.",
        zh="**kube-scheduler** 为 {name} 提交一个 Binding。它告知的是 kube-apiserver，而不是节点。",
    ),
    "RequestSent.token": Kind(
        stage="sandbox", source="pkg/kubelet/token/token_manager.go",
        en="**{sender}** sends {method} {path}: a TokenRequest. The answer is a signed token; nothing is stored.",
        zh="**{sender}** 发送 {method} {path}：一个 TokenRequest。应答是签过名的令牌，什么也不存储。",
    ),
    "RequestSent.report": Kind(
        stage="report", source="pkg/kubelet/status/status_manager.go",
        en="**kubelet** on {node} reports on {name}: what it sees on its node becomes the Pod's status.",
        zh="{node} 上的 **kubelet** 上报 {name} 的情况：它在节点上看到的，成为 Pod 的状态。",
    ),
    "RequestSent.node": Kind(
        stage="report", source="pkg/kubelet/kubelet_node_status.go",
        en="**kubelet** on {node} reports on its node: conditions, capacity, addresses and images become the Node's status.",
        zh="{node} 上的 **kubelet** 上报本节点的情况：状况、容量、地址与镜像成为 Node 的 status。",
    ),
    "RequestSent.finding": Kind(
        stage="reconcile", source="pkg/controller/nodelifecycle/node_lifecycle_controller.go",
        en="**{sender}** writes what it has found into the status of {kind_name} {name}.",
        zh="**{sender}** 将它的发现写入 {kind_name} {name} 的 status。",
    ),
    "RequestSent.counts": Kind(
        stage="reconcile", source="pkg/controller/replicaset/replica_set_utils.go",
        en="**{sender}** writes what it has counted into the status of {kind_name} {name}.",
        zh="**{sender}** 将清点的结果写入 {kind_name} {name} 的 status。",
    ),
    "RequestSent.verdict": Kind(
        stage="schedule", source="pkg/scheduler/schedule_one.go",
        en="**kube-scheduler** writes into the status of {kind_name} {name} why no node takes it: PodScheduled is False.",
        zh="**kube-scheduler** 在 {kind_name} {name} 的 status 中写明为何没有节点接受它：PodScheduled 为 False。",
    ),
    "RequestRefused.absent": Kind(
        stage="kubectl", lane="kube-apiserver", marker="none", source="k8s.io/apimachinery pkg/api/errors/errors.go",
        en="**kube-apiserver** answers {code} {reason}: there is no such object. That is an answer like any other.",
        zh="**kube-apiserver** 答复 {code} {reason}：没有这个对象。这也是一种正常的答复。",
    ),
    "ReplySent": Kind(
        stage="kubectl", step=False, source="k8s.io/apiserver pkg/endpoints/handlers",
        en="**kube-apiserver** answers {receiver} with {code}.",
        zh="**kube-apiserver** 以 {code} 答复 {receiver}。",
    ),
    "KeyWritten.created": Kind(
        stage="store", lane="etcd", marker="write", source=ETCD,
        en="**etcd** stores {kind_name} {name} at revision {revision}. Only now can others know that it exists.",
        zh="**etcd** 在修订版本 {revision} 存入 {kind_name} {name}。直到此刻，其他组件才能知道它的存在。",
    ),
    "KeyWritten.changed": Kind(
        stage="store", lane="etcd", marker="write", source=ETCD,
        en="**etcd** stores {kind_name} {name} at revision {revision}: {changes}.",
        zh="**etcd** 在修订版本 {revision} 存入 {kind_name} {name}：{changes}。",
    ),
    "KeyWritten.bound": Kind(
        stage="bind", lane="etcd", marker="write", source=ETCD,
        en="**etcd** stores {kind_name} {name} at revision {revision}, now with spec.nodeName. Its kubelet has not heard of it yet.",
        zh="**etcd** 在修订版本 {revision} 存入 {kind_name} {name}，spec.nodeName 已有值。该节点的 kubelet 还不知道。",
    ),
    "KeyWritten.marked": Kind(
        stage="delete", lane="etcd", marker="write", source=ETCD,
        en="**etcd** stores {kind_name} {name} at revision {revision} with a deletionTimestamp. It is marked, not gone.",
        zh="**etcd** 在修订版本 {revision} 为 {kind_name} {name} 记下 deletionTimestamp。它被标记了，但还没有消失。",
    ),
    "KeyWritten.last": Kind(
        stage="delete", lane="etcd", marker="write", source="k8s.io/apiserver pkg/registry/rest/delete.go",
        en="**etcd** stores {kind_name} {name} at revision {revision}, with its grace period cut to 0: the last write before it goes.",
        zh="**etcd** 在修订版本 {revision} 存入 {kind_name} {name}，宽限期已改为 0：这是它消失前的最后一次写入。",
    ),
    "WatchStarted": Kind(
        stage="reconcile", marker="watch", step=False, source="k8s.io/client-go tools/cache/reflector.go",
        en="**{sender}** has listed {objects} {resource} and now watches them from revision {revision}.",
        zh="**{sender}** 已列出 {objects} 个 {resource}，并从修订版本 {revision} 起监视它们。",
    ),
    "WatchDelivered": Kind(
        stage="reconcile", marker="watch", source=CACHER,
        en="**{sender}** hears of {kind_name} {name} over its standing watch: {type}, revision {revision}. It did not ask.",
        zh="**{sender}** 经由常设的监视得知 {kind_name} {name}：{type}，修订版本 {revision}。它并没有询问。",
    ),
    "WatchDelivered.scheduler": Kind(
        stage="schedule", marker="watch", source=CACHER,
        en="**kube-scheduler** hears of {kind_name} {name}, {type} at revision {revision}: no node yet, so it is for the queue.",
        zh="**kube-scheduler** 得知 {kind_name} {name}，{type}，修订版本 {revision}：尚无节点，因此进入队列。",
    ),
    "WatchDelivered.client": Kind(
        stage="kubectl", marker="watch", source=CACHER,
        en="**{sender}** hears the first news over its watch: {type} {kind_name} {name}. What follows comes the same way.",
        zh="**{sender}** 经由监视收到第一个消息：{type} {kind_name} {name}。之后的消息也这样到来。",
    ),
    "StreamEnded": Kind(
        stage="kubectl", marker="watch", source="k8s.io/apiserver pkg/endpoints/handlers/watch.go",
        en="**{sender}** no longer listens to {resource}: the connection that was left open is closed.",
        zh="**{sender}** 不再收听 {resource}：一直打开的连接已关闭。",
    ),
    "WatchDelivered.kubelet": Kind(
        stage="sandbox", marker="watch", source="pkg/kubelet/config/apiserver.go",
        en="**kubelet** on {node} hears of {kind_name} {name} over its own watch: {type}, revision {revision}. It watches only its Pods.",
        zh="{node} 上的 **kubelet** 经由自己的监视得知 {kind_name} {name}：{type}，修订版本 {revision}。它只监视本节点的 Pod。",
    ),
    "WatchDelivered.deleted": Kind(
        stage="delete", marker="watch", source=CACHER,
        en="**{sender}** hears that {kind_name} {name} is gone: {type}, revision {revision}.",
        zh="**{sender}** 得知 {kind_name} {name} 已经消失：{type}，修订版本 {revision}。",
    ),
    "EngineChanged": Kind(
        stage="fault", marker="warning", fidelity="simplified",
        en="**Podlife** was updated. The {objects} objects come from etcd; every component starts anew, as after an upgrade.",
        zh="**Podlife** 已更新：{objects} 个对象来自 etcd，所有组件重新启动，如同一次升级。",
    ),
    "SetUpKept": Kind(
        stage="fault", fidelity="simplified",
        en="**Podlife** keeps what you set up and switched off before it was updated: {what}.",
        zh="**Podlife** 保留你在更新之前设置与关闭的内容：{what}。",
    ),
    "FaultMade": Kind(
        stage="fault", marker="user", lane="you",
        en="**You** interfere from outside the API: {command}.",
        zh="**你** 从 API 之外动手：{command}。",
    ),
}
