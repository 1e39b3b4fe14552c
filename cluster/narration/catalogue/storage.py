"""What is said of claims and volumes: how they find each other, are made, and let go."""

from __future__ import annotations

from ..kind import Kind

BINDER = "pkg/controller/volume/persistentvolume/pv_controller.go"
PROVISIONER = "sigs.k8s.io/sig-storage-lib-external-provisioner controller/controller.go"

KINDS = {
    "VolumeMatched": Kind(
        stage="reconcile", marker="none", step=False, source=BINDER,
        en="**persistentvolume-binder** looks for a volume for {name} among {looked_at}: size, access modes, class and labels must fit.",
        zh="**persistentvolume-binder** 在 {looked_at} 个卷中为 {name} 寻找：容量、访问模式、类、模式与标签都须相符。",
    ),
    "VolumeRequested": Kind(
        stage="reconcile", marker="none", source=BINDER,
        en="**persistentvolume-binder** finds no volume for {name} and asks {provisioner}, which its class {storage_class} names.",
        zh="**persistentvolume-binder** 没有找到适合 {name} 的卷，于是请 {provisioner} 制备：其类 {storage_class} 指定了它。",
    ),
    "VolumeProvisioned": Kind(
        stage="reconcile", marker="none", source=PROVISIONER,
        en="**{provisioner}** has made the volume {name} for the claim {claim}. The binder will bring them together.",
        zh="**{provisioner}** 已为声明 {claim} 制备 PersistentVolume {name}。接下来由绑定控制器将二者绑定。",
    ),
    "VolumeDetachForced": Kind(
        stage="reconcile", marker="warning", source="pkg/controller/volume/attachdetach/reconciler/reconciler.go",
        en="**attach-detach controller** takes {volume} from {node}, unwell for six minutes and never done with it. Data may be lost.",
        zh="**attach-detach 控制器**从 {node} 强行分离 {volume}：节点失常六分钟，始终没有放手。数据可能丢失。",
    ),
    "VolumeDetachForced.out-of-service": Kind(
        stage="reconcile", marker="warning", source="pkg/controller/volume/attachdetach/reconciler/reconciler.go",
        en="**attach-detach controller** takes {volume} from {node} at once: its taint says that the node is out of service.",
        zh="**attach-detach 控制器**立即从 {node} 分离 {volume}：污点表明该节点已停止服务。",
    ),
    "ClaimBound": Kind(
        stage="reconcile", marker="none", source=BINDER,
        en="**persistentvolume-binder** has bound {name} to {volume}: each names the other, nobody else gets it.",
        zh="**persistentvolume-binder** 已将 {name} 绑定到 {volume}：二者互相引用，别人不再能得到这个卷。",
    ),
    "VolumeResized": Kind(
        stage="reconcile", marker="none", source="kubernetes-csi/external-resizer pkg/controller/controller.go",
        en="**external-resizer** has enlarged {volume} to {capacity}, as the claim {name} asks. A claim may grow, and never shrinks.",
        zh="**external-resizer** 已按声明 {name} 的要求将 {volume} 扩容到 {capacity}。声明可以变大，绝不能变小。",
    ),
    "VolumeReleased": Kind(
        stage="delete", marker="none", source=BINDER,
        en="**persistentvolume-binder** lets {name} go: its claim is deleted. Policy {policy}: Retain keeps the data, Delete does not.",
        zh="**persistentvolume-binder** 释放 {name}：它的声明已删除。回收策略为 {policy}：Retain 保留数据，Delete 不保留。",
    ),
    "VolumeDeleted": Kind(
        stage="delete", marker="none", source=PROVISIONER,
        en="**The provisioner** deletes the data of {name} and then the object: its reclaim policy is Delete.",
        zh="**制备程序**删除 {name} 的数据，再删除对象：它的回收策略是 Delete。",
    ),
}  # fmt: skip
