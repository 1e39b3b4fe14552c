"""What is said of requests on their way, and of watches."""
from __future__ import annotations

from ..kind import Kind

KINDS = {
    "RequestSent": Kind(
        stage="kubectl", marker="none", source="k8s.io/client-go rest/request.go",
        en="**{sender}** sends {method} {path}. It speaks to nobody but kube-apiserver.",
        zh="**{sender}** 发送 {method} {path}。它只与 kube-apiserver 对话。",
    ),
    "ReplySent": Kind(
        stage="kubectl", step=False, source="k8s.io/apiserver pkg/endpoints/handlers",
        en="**kube-apiserver** answers {receiver} with {code}.",
        zh="**kube-apiserver** 以 {code} 答复 {receiver}。",
    ),
    "WatchStarted": Kind(
        stage="reconcile", marker="watch", step=False, source="k8s.io/client-go tools/cache/reflector.go",
        en="**{sender}** has listed {objects} {resource} and now watches them from revision {revision}.",
        zh="**{sender}** 已列出 {objects} 个 {resource}，并从修订版本 {revision} 起监视它们。",
    ),
    "WatchDelivered": Kind(
        stage="reconcile", marker="watch", source="k8s.io/apiserver pkg/storage/cacher",
        en="**{sender}** hears of {kind_name} {name} over its standing watch: {type}, revision {revision}. It did not ask.",
        zh="**{sender}** 经由常设的监视得知 {kind_name} {name}：{type}，修订版本 {revision}。它并没有询问。",
    ),
    "FaultMade": Kind(
        stage="fault", marker="user", lane="you",
        en="**You** interfere from outside the API: {command}.",
        zh="**你** 从 API 之外动手：{command}。",
    ),
}
