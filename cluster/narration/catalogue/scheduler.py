"""What is said of the scheduler's facts."""

from __future__ import annotations

from ..kind import Kind

SCHEDULE_ONE = "pkg/scheduler/schedule_one.go"
QUEUE = "pkg/scheduler/backend/queue/scheduling_queue.go"

KINDS = {
    "PodQueued": Kind(
        stage="schedule",
        source=QUEUE,
        step=False,
        en="**kube-scheduler** puts {name} into its {queue} queue ({length} there): it has no node yet.",
        zh="**kube-scheduler** 将 {name} 放入 {queue} 队列（现有 {length} 个）：它还没有节点。",
    ),
    "SchedulingStarted": Kind(
        stage="schedule",
        source=SCHEDULE_ONE,
        en="**kube-scheduler** takes {name} from its queue, attempt {attempt}. Pods are placed one at a time.",
        zh="**kube-scheduler** 从队列取出 {name}，第 {attempt} 次尝试。Pod 逐个调度。",
    ),
    "PodRejected": Kind(
        stage="schedule",
        marker="warning",
        source=SCHEDULE_ONE,
        en="**{plugin}** rejects {name} before any node is looked at: {reason}.",
        zh="**{plugin}** 在查看任何节点之前就拒绝了 {name}：{reason}。",
    ),
    "NodeFiltered": Kind(
        stage="schedule",
        source="pkg/scheduler/framework/plugins",
        en="**kube-scheduler** asks the filter plugins whether {node} can take {name}: {verdict}",
        zh="**kube-scheduler** 询问过滤插件 {node} 能否容纳 {name}：{verdict}",
    ),
    "NodeScored": Kind(
        stage="schedule",
        source="pkg/scheduler/framework/runtime/framework.go",
        en="**kube-scheduler** scores {node} for {name}: {total}, the weighted sum of what each plugin gives.",
        zh="**kube-scheduler** 为 {name} 给 {node} 打分：{total}，即各插件得分的加权和。",
    ),
    "NodeChosen": Kind(
        stage="schedule",
        source=SCHEDULE_ONE,
        en="**kube-scheduler** chooses {node} for {name}: {feasible} of {evaluated} fit, best score wins, ties by lot.",
        zh="**kube-scheduler** 为 {name} 选定 {node}：{evaluated} 个节点中 {feasible} 个可用，分高者胜，同分抽签。",
    ),
    "SchedulingFailed": Kind(
        stage="schedule",
        marker="warning",
        source=SCHEDULE_ONE,
        en="**kube-scheduler** finds no node for {name}. It stays Pending until something changes.",
        zh="**kube-scheduler** 没有为 {name} 找到节点。它保持 Pending，直到集群有所变化。",
    ),
    "PreemptionChosen": Kind(
        stage="schedule",
        marker="warning",
        source="pkg/scheduler/framework/preemption/preemption.go",
        en="**kube-scheduler** will free {node} for {name}: {victims} must go, of lower priority. Candidates: {candidates}; this one costs least.",
        zh="**kube-scheduler** 要为 {name} 腾出 {node}：优先级较低的 {victims} 让位。候选节点 {candidates} 个，选代价最小的。",
    ),
    "PodPreempted": Kind(
        stage="delete",
        marker="write",
        source="pkg/scheduler/framework/preemption/executor.go",
        en="**kube-scheduler** has deleted {name} (priority {priority}) from {node} to make room for {preemptor} (priority {higher}).",
        zh="**kube-scheduler** 从 {node} 删除了 {name}（优先级 {priority}），为 {preemptor}（优先级 {higher}）腾出空间。",
    ),
    "PodPreempted.waiting": Kind(
        stage="bind",
        marker="status",
        source="pkg/scheduler/framework/preemption/executor.go",
        en="**kube-scheduler** calls {name}'s binding to {node} off: it waited for volumes, and {preemptor} (priority {higher}) needs the room.",
        zh="**kube-scheduler** 取消了 {name} 到 {node} 的绑定：它仍在等待卷，而 {preemptor}（优先级 {higher}）需要这块空间。",
    ),
    "PodAssumed": Kind(
        stage="bind",
        source=SCHEDULE_ONE,
        step=False,
        en="**kube-scheduler** counts {name} on {node} already, in memory, so that the next Pod sees the room gone.",
        zh="**kube-scheduler** 先在内存中把 {name} 计入 {node}，使下一个 Pod 看到空间已被占用。",
    ),
    "VolumesAwaited": Kind(
        stage="bind",
        marker="write",
        source="pkg/scheduler/framework/plugins/volumebinding/binder.go",
        en="**kube-scheduler** has chosen {node} for {name} and told its claims. It binds the Pod once they are bound: {claims}.",
        zh="**kube-scheduler** 已为 {name} 选定 {node} 并告知其声明。待声明绑定后才绑定 Pod：{claims}。",
    ),
    "PodBound": Kind(
        stage="bind",
        marker="write",
        source="pkg/scheduler/framework/plugins/defaultbinder/default_binder.go",
        en="**kube-scheduler** has bound {name} to {node}: only spec.nodeName changed, and nobody called the kubelet.",
        zh="**kube-scheduler** 已将 {name} 绑定到 {node}：只有 spec.nodeName 改变，没有人调用 kubelet。",
    ),
}
