"""What is said of the controllers' facts: work queues, comparisons, garbage, lost nodes."""
from __future__ import annotations

from ..kind import Kind

QUEUE = "k8s.io/client-go util/workqueue"
REFERENCES = "pkg/controller/controller_ref_manager.go"
REPLICA_SET = "pkg/controller/replicaset/replica_set.go"
DEPLOYMENT = "pkg/controller/deployment/sync.go"
HISTORY = "pkg/controller/history/controller_history.go"
STATEFUL_SET = "pkg/controller/statefulset/stateful_set_control.go"
DAEMON_SET = "pkg/controller/daemon/daemon_controller.go"
CRON_JOB = "pkg/controller/cronjob/cronjob_controllerv2.go"
GARBAGE = "pkg/controller/garbagecollector/garbagecollector.go"
JOB = "pkg/controller/job/job_controller.go"
LIFECYCLE = "pkg/controller/nodelifecycle/node_lifecycle_controller.go"
EVICTION = "pkg/controller/tainteviction/taint_eviction.go"

KINDS = {
    "ComponentStarted": Kind(
        stage="fault", step=False, source="cmd/kube-controller-manager",
        en="**{component}** starts. It remembers nothing and lists everything anew.",
        zh="**{component}** 启动。它没有任何记忆，要重新列出一切。",
    ),
    "ComponentStopped": Kind(
        stage="fault", marker="warning", source="cmd/kube-controller-manager",
        en="**{component}** stops. What it knew is lost; what it wrote stays in etcd.",
        zh="**{component}** 停止。它所知的随之丢失，它写入 etcd 的仍在。",
    ),
    "ComponentStarted.kubelet": Kind(
        stage="fault", step=False, source="pkg/kubelet/kubelet.go",
        en="**kubelet** on {node} starts. It remembers nothing and looks at what runs there.",
        zh="{node} 上的 **kubelet** 启动。它没有任何记忆，先查看节点上运行着什么。",
    ),
    "ComponentStopped.kubelet": Kind(
        stage="fault", marker="warning", source="pkg/kubelet/kubelet.go",
        en="**kubelet** on {node} stops. Its containers run on, but nobody there hears the API or reports to it.",
        zh="{node} 上的 **kubelet** 停止。容器照常运行，但那里不再有谁监视 API 或向它上报。",
    ),
    "KeyEnqueued": Kind(
        stage="reconcile", step=False, source=QUEUE,
        en="**{actor}** queues {name} ({length} waiting). A key that already waits is not queued twice.",
        zh="**{actor}** 将 {name} 加入队列（{length} 个等待）。已在等待的键不会重复排队。",
    ),
    "KindServed": Kind(
        stage="reconcile", source="k8s.io/apiextensions-apiserver pkg/controller/establish/establishing_controller.go",
        en="**crd-controller** has {served} served from now on, under /apis/{group} ({versions}). Any client may use it.",
        zh="**crd-controller** 使 {served} 从现在起在 /apis/{group}（{versions}）下可用。任何客户端都可以使用它。",
    ),
    "CertificateIssued": Kind(
        stage="reconcile", source="pkg/controller/certificates/signer/signer.go",
        en="**{actor}** signs a certificate for {holder} with the cluster's own key; it is good for {seconds} s. Signer: {signer}.",
        zh="**{actor}** 用集群自己的密钥为 {holder} 签发证书，有效期 {seconds} 秒。签名者：{signer}。",
    ),
    "CertificateRefused": Kind(
        stage="reconcile", marker="warning", source="pkg/controller/certificates/signer/signer.go",
        en="**{actor}** does not sign what {name} asks for: {message}. Signer: {signer}.",
        zh="**{actor}** 不为 {name} 签发：{message}。签名者：{signer}。",
    ),
    "RulesGathered": Kind(
        stage="reconcile", source="pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go",
        en="**clusterrole-aggregation-controller** gathers {rules} rules into {name} from the roles that it selects by label.",
        zh="**clusterrole-aggregation-controller** 按标签选取角色，将 {rules} 条规则汇入 {name}。",
    ),
    "ReconcileStarted": Kind(
        stage="reconcile", source=QUEUE,
        en="**{actor}** takes {name} from its queue and looks at it afresh, whatever the news was.",
        zh="**{actor}** 从队列取出 {name} 并重新审视，不论先前来的是什么消息。",
    ),
    "ReconcileCompared": Kind(
        stage="reconcile", marker="status", source=REPLICA_SET,
        en="**{actor}** compares {name}: wanted {wanted}, found {found} → {so}.",
        zh="**{actor}** 比较 {name}：期望 {wanted}，实际 {found} → {so}。",
    ),
    "SyncFailed": Kind(
        stage="reconcile", marker="warning", step=False, source="pkg/controller/deployment/deployment_controller.go",
        en="**{actor}** could not finish {name} and tries again soon: {message}",
        zh="**{actor}** 未能处理完 {name}，稍后重试：{message}",
    ),
    "ObjectAdopted": Kind(
        stage="reconcile", marker="write", source=REFERENCES,
        en="**{actor}** adopts {name} for {owner}: it matches the selector and has no controller.",
        zh="**{actor}** 让 {owner} 收养 {name}：它匹配选择算符，且没有控制者。",
    ),
    "ObjectReleased": Kind(
        stage="reconcile", marker="write", source=REFERENCES,
        en="**{actor}** releases {name} from {owner}: its labels no longer match the selector. It lives on.",
        zh="**{actor}** 将 {name} 从 {owner} 释放：其标签不再匹配选择算符。它继续运行。",
    ),
    "PodChosenForDeletion": Kind(
        stage="delete", marker="status", source="pkg/controller/controller_utils.go",
        en="**{actor}** gives up {name}: unscheduled, unready, crowded and younger Pods go first.",
        zh="**{actor}** 舍弃 {name}：未调度、未就绪、扎堆、较新的 Pod 先走。",
    ),
    "RevisionRecorded": Kind(
        stage="reconcile", marker="write", source=HISTORY,
        en="**{actor}** keeps the template of {owner} as {name}, revision {revision}, so that one can go back to it.",
        zh="**{actor}** 将 {owner} 的模板存为 {name}（修订版本 {revision}），供日后回滚。",
    ),
    "OwnWritesAwaited": Kind(
        stage="reconcile", marker="status", step=False, source="pkg/controller/util/consistency/consistency.go",
        en="**{actor}** puts {name} off: what it wrote itself has not come back through its watch yet.",
        zh="**{actor}** 暂缓处理 {name}：它自己写入的内容尚未经监视返回。",
    ),
    "PodAwaited": Kind(
        stage="reconcile", marker="status", source=STATEFUL_SET,
        en="**{actor}** waits for {name} to be running and ready before it touches another: one after another.",
        zh="**{actor}** 等待 {name} 运行并就绪后才处理下一个：逐个进行。",
    ),
    "PodAwaited.gone": Kind(
        stage="reconcile", marker="status", source=STATEFUL_SET,
        en="**{actor}** waits until {name} is gone: never do two Pods have one name, nor one claim.",
        zh="**{actor}** 等待 {name} 消失：绝不让两个 Pod 共用一个名称或一份存储。",
    ),
    "PodAwaited.available": Kind(
        stage="reconcile", marker="status", source=STATEFUL_SET,
        en="**{actor}** waits until {name} has been ready for minReadySeconds before it touches another.",
        zh="**{actor}** 等待 {name} 就绪满 minReadySeconds 后才处理下一个。",
    ),
    "DaemonPodWanted": Kind(
        stage="reconcile", marker="status", source=DAEMON_SET,
        en="**daemonset-controller** wants a Pod of {owner} on {name}: labels and taints allow it. The scheduler still binds it.",
        zh="**daemonset-controller** 要在 {name} 上放一个 {owner} 的 Pod：标签与污点都允许。绑定仍由调度器进行。",
    ),
    "DaemonPodUnwanted": Kind(
        stage="delete", marker="status", source=DAEMON_SET,
        en="**daemonset-controller** takes {name} off {node}: one Pod a node is enough.",
        zh="**daemonset-controller** 将 {name} 从 {node} 撤下：一个节点一个 Pod 足矣。",
    ),
    "DaemonPodUnwanted.misplaced": Kind(
        stage="delete", marker="status", source=DAEMON_SET,
        en="**daemonset-controller** takes {name} off {node}: the node's labels or taints no longer allow it.",
        zh="**daemonset-controller** 将 {name} 从 {node} 撤下：该节点的标签或污点不再允许它。",
    ),
    "DaemonPodUnwanted.outdated": Kind(
        stage="delete", marker="status", source="pkg/controller/daemon/update.go",
        en="**daemonset-controller** replaces {name} on {node}: it is of an earlier template, and the limits allow it now.",
        zh="**daemonset-controller** 替换 {node} 上的 {name}：它出自先前的模板，而限额此刻允许替换。",
    ),
    "DaemonPodUnwanted.ended": Kind(
        stage="delete", marker="status", source=DAEMON_SET,
        en="**daemonset-controller** deletes {name} on {node}: it has ended, and a node is not to be without its Pod.",
        zh="**daemonset-controller** 删除 {node} 上的 {name}：它已结束，而节点不该没有这个 Pod。",
    ),
    "DaemonPodUnwanted.nowhere": Kind(
        stage="delete", marker="status", source=DAEMON_SET,
        en="**daemonset-controller** deletes {name}: it was never bound, and its node {node} is gone.",
        zh="**daemonset-controller** 删除 {name}：它从未绑定，而其节点 {node} 已不存在。",
    ),
    "RevisionForgotten": Kind(
        stage="delete", marker="write", source=DEPLOYMENT,
        en="**{actor}** deletes {name}, revision {revision}: revisionHistoryLimit keeps no more.",
        zh="**{actor}** 删除 {name}（修订版本 {revision}）：超出 revisionHistoryLimit。",
    ),
    "PodEndsCounted": Kind(
        stage="reconcile", marker="write", source=JOB,
        en="**job-controller** enters Pods of {name} that have ended ({pods}) in its status, then takes off their finalizer: each counts once.",
        zh="**job-controller** 先将 {name} 的 {pods} 个已结束 Pod 记入其 status，再去掉它们的 finalizer：每个只计一次。",
    ),
    "PodRecreationDelayed": Kind(
        stage="reconcile", marker="status", source="pkg/controller/job/backoff_utils.go",
        en="**job-controller** waits {seconds} s before {name} gets its next Pod. Failed so far: {failures}; the wait doubles from 10 s.",
        zh="**job-controller** 等待 {seconds} 秒再为 {name} 创建下一个 Pod：已失败 {failures} 个，等待从 10 秒起逐次加倍。",
    ),
    "JobVerdictReached": Kind(
        stage="reconcile", marker="status", source=JOB,
        en="**job-controller** decides that {name} ends in {condition} ({reason}); it says so once all its Pods are counted and gone.",
        zh="**job-controller** 判定 {name} 以 {condition} 结束（{reason}）；待其 Pod 全部计入并终止后才正式写明。",
    ),
    "RunDue": Kind(
        stage="reconcile", marker="status", source=CRON_JOB,
        en="**cronjob-controller** finds {name} due since {due} and makes {job}. The name holds the minute, so no run comes twice.",
        zh="**cronjob-controller** 发现 {name} 已于 {due} 到点，于是创建 {job}。名称含有该分钟数，因此不会重复运行。",
    ),
    "RunSkipped": Kind(
        stage="reconcile", marker="warning", source=CRON_JOB,
        en="**cronjob-controller** skips the run of {due}: the last Job of {name} still runs, and concurrencyPolicy is Forbid.",
        zh="**cronjob-controller** 跳过 {due} 的运行：{name} 的上一个 Job 仍在运行，而 concurrencyPolicy 为 Forbid。",
    ),
    "RunSkipped.late": Kind(
        stage="reconcile", marker="warning", source=CRON_JOB,
        en="**cronjob-controller** drops the run of {due}: startingDeadlineSeconds of {name} have passed since.",
        zh="**cronjob-controller** 放弃 {due} 的运行：已超过 {name} 的 startingDeadlineSeconds。",
    ),
    "RunReplaced": Kind(
        stage="delete", marker="write", source=CRON_JOB,
        en="**cronjob-controller** deletes {name}, which still runs: the next run is due, and concurrencyPolicy is Replace.",
        zh="**cronjob-controller** 删除仍在运行的 {name}：下一次运行已到点，而 concurrencyPolicy 为 Replace。",
    ),
    "NextRunPlanned": Kind(
        stage="reconcile", marker="status", step=False, source="pkg/controller/cronjob/utils.go",
        en="**cronjob-controller** reads {schedule}: {name} is due next at {at}.",
        zh="**cronjob-controller** 解读 {schedule}：{name} 下次于 {at} 到点。",
    ),
    "JobHistoryTrimmed": Kind(
        stage="delete", marker="write", source=CRON_JOB,
        en="**cronjob-controller** deletes {name}: of ended Jobs of this sort {owner} keeps no more than {limit}.",
        zh="**cronjob-controller** 删除 {name}：{owner} 只保留 {limit} 个此类已结束的 Job。",
    ),
    "JobExpired": Kind(
        stage="delete", marker="write", source="pkg/controller/ttlafterfinished/ttlafterfinished_controller.go",
        en="**ttl-after-finished-controller** deletes {name}: it ended {seconds} s ago, its ttlSecondsAfterFinished. Its Pods go first.",
        zh="**ttl-after-finished-controller** 删除 {name}：它结束已满 ttlSecondsAfterFinished（{seconds} 秒）。其 Pod 先行删除。",
    ),
    "LoadWeighed": Kind(
        stage="reconcile", marker="status", source="pkg/controller/podautoscaler/horizontal.go",
        en="**horizontal-pod-autoscaler** weighs {metric} of {name}: {current} Pods, the load asks for {wanted} → {desired} ({limit}).",
        zh="**horizontal-pod-autoscaler** 衡量 {name} 的 {metric}：现有 {current} 个 Pod，负载需要 {wanted} 个 → {desired} 个（{limit}）。",
    ),
    "OwnerAbsent": Kind(
        stage="delete", marker="status", source=GARBAGE,
        en=(
            "**garbage-collector** looked {name} up and it is not there: its {dependents} dependents "
            "have lost an owner."
        ),
        zh="**garbage-collector** 查找 {name}，它并不存在：它的 {dependents} 个从属对象失去了属主。",
    ),
    "OwnersWeighed": Kind(
        stage="delete", marker="status", source=GARBAGE,
        en=(
            "**garbage-collector** weighs the owners of {name}: {solid} live, {dangling} gone, "
            "{waiting} waiting for it to go."
        ),
        zh="**garbage-collector** 权衡 {name} 的属主：存活 {solid}，已消失 {dangling}，等它先走 {waiting}。",
    ),
    "GarbageFound": Kind(
        stage="delete", marker="write", source=GARBAGE,
        en="**garbage-collector** deletes {name}: no owner keeps it. Its own dependents: {policy}.",
        zh="**garbage-collector** 删除 {name}：没有属主再保留它。其从属对象的处理：{policy}。",
    ),
    "DeletionBlocked": Kind(
        stage="delete", marker="status", source=GARBAGE,
        en="**garbage-collector** keeps {name} for now: {blocking} dependents block its deletion (foreground).",
        zh="**garbage-collector** 暂留 {name}：{blocking} 个从属对象阻止其删除（foreground）。",
    ),
    "DependentsOrphaned": Kind(
        stage="delete", marker="write", source=GARBAGE,
        en="**garbage-collector** takes {name} off its {dependents} dependents. They stay, without an owner.",
        zh="**garbage-collector** 从 {dependents} 个从属对象上去掉属主 {name}。它们留下，没有属主。",
    ),
    "NamespaceEmptied": Kind(
        stage="delete", marker="write", source="pkg/controller/namespace/deletion/namespaced_resources_deleter.go",
        en="**namespace-controller** has deleted all it can in {name}: {remaining} objects are left, Pods go first.",
        zh="**namespace-controller** 已删除 {name} 中所有能删的：还剩 {remaining} 个对象，Pod 先行。",
    ),
    "PodRangeAllocated": Kind(
        stage="reconcile", marker="write", step=False, source="pkg/controller/nodeipam/ipam/range_allocator.go",
        en="**node-ipam-controller** gives {name} the range {cidr}: its Pods will have addresses from it.",
        zh="**node-ipam-controller** 将网段 {cidr} 分给 {name}：其 Pod 的地址由此而来。",
    ),
    "NodeMarkedUnknown": Kind(
        stage="fault", marker="warning", source=LIFECYCLE,
        en="**node-lifecycle-controller** has heard nothing of {name} for {silent_s} s: Ready becomes Unknown.",
        zh="**node-lifecycle-controller** 已 {silent_s} 秒没有 {name} 的消息：Ready 变为 Unknown。",
    ),
    "TaintAdded": Kind(
        stage="fault", marker="write", source=LIFECYCLE,
        en="**{actor}** puts the taint {key}:{effect} on {name}. Only Pods that tolerate it may come or stay.",
        zh="**{actor}** 给 {name} 加上污点 {key}:{effect}。只有容忍它的 Pod 才能来或留下。",
    ),
    "TaintRemoved": Kind(
        stage="fault", marker="write", source=LIFECYCLE,
        en="**{actor}** takes the taint {key}:{effect} off {name}.",
        zh="**{actor}** 去掉 {name} 上的污点 {key}:{effect}。",
    ),
    "EvictionsStopped": Kind(
        stage="fault", marker="warning", source=LIFECYCLE,
        en="**node-lifecycle-controller** sees all {nodes} Nodes lost. It suspects itself and evicts nobody.",
        zh="**node-lifecycle-controller** 发现全部 {nodes} 个节点失联。它怀疑问题在自己，不驱逐任何 Pod。",
    ),
    "PodMarkedNotReady": Kind(
        stage="fault", marker="write", source="pkg/controller/util/node/controller_utils.go",
        en="**node-lifecycle-controller** sets {name} to not Ready in {node}'s place, which no longer reports.",
        zh="**node-lifecycle-controller** 代替不再上报的 {node} 将 {name} 置为未就绪。",
    ),
    "PodEvictionPlanned": Kind(
        stage="fault", marker="status", source=EVICTION,
        en=(
            "**taint-eviction-controller** will evict {name} from {node} in {seconds} s: so long is "
            "the taint tolerated."
        ),
        zh="**taint-eviction-controller** 将在 {seconds} 秒后从 {node} 驱逐 {name}：它容忍这个污点就这么久。",
    ),
    "PodEvictionCancelled": Kind(
        stage="fault", marker="status", source=EVICTION,
        en="**taint-eviction-controller** drops its plan to evict {name}.",
        zh="**taint-eviction-controller** 取消驱逐 {name} 的计划。",
    ),
    "PodMarkedForEviction": Kind(
        stage="delete", marker="write", source=EVICTION,
        en="**taint-eviction-controller** evicts {name}: its toleration of the Node's taint has run out.",
        zh="**taint-eviction-controller** 驱逐 {name}：它对节点污点的容忍已到期。",
    ),
    "PodOrphanedByNode": Kind(
        stage="delete", marker="write", source="pkg/controller/podgc/gc_controller.go",
        en="**pod-garbage-collector** fails and deletes {name}: its Node {node} has not existed for 40 s.",
        zh="**pod-garbage-collector** 将 {name} 置为 Failed 并删除：其节点 {node} 已消失 40 秒。",
    ),
}
