"""What is said of the API server's gates, and of its writes to etcd."""
from __future__ import annotations

from ..kind import Kind

LANE = "kube-apiserver"
EVICTION = "k8s.io/kubernetes pkg/registry/core/pod/storage/eviction.go"

KINDS = {
    "RequestAuthenticated": Kind(
        stage="admission", lane=LANE, source="k8s.io/apiserver pkg/endpoints/filters/authentication.go",
        en="**kube-apiserver** asks who this is: {user}, in groups {groups}. The credential in the kubeconfig says so.",
        zh="**kube-apiserver** 进行身份认证：来者是 {user}，属于用户组 {groups}，由 kubeconfig 中的凭据证明。",
    ),
    "RequestAuthenticated.token": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes pkg/serviceaccount/jwt.go",
        en="**kube-apiserver** asks who this is: {user}, in groups {groups}. A token that it signed itself says so.",
        zh="**kube-apiserver** 进行身份认证：来者是 {user}，属于用户组 {groups}，由它自己签发的令牌证明。",
    ),
    "RequestAuthenticated.impersonated": Kind(
        stage="admission", lane=LANE, source="k8s.io/apiserver pkg/endpoints/filters/impersonation/impersonation.go",
        en="**kube-apiserver** takes {impersonated_by} for {user}, in groups {groups}, as it asked and may. From here on only {user} counts.",
        zh="**kube-apiserver** 应请求将 {impersonated_by} 当作 {user}（用户组 {groups}），它有权这样做。此后只看 {user}。",
    ),
    "RequestAuthorized": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac",
        en="**kube-apiserver** lets {user} {verb} {resource}. Rule: {verbs} on {things}, by {rule}.",
        zh="**kube-apiserver** 进行鉴权：允许 {user} 对 {resource} 执行 {verb}。规则：对 {things} 执行 {verbs}，依据 {rule}。",
    ),
    "RequestAuthorized.masters": Kind(
        stage="admission", lane=LANE, source="k8s.io/apiserver pkg/authorization/authorizerfactory/builtin.go",
        en="**kube-apiserver** lets {user} {verb} {resource}: the group system:masters may do everything, no Role is asked.",
        zh="**kube-apiserver** 进行鉴权：允许 {user} 对 {resource} 执行 {verb}。system:masters 组可以做任何事，不查询 Role。",
    ),
    "RequestAuthorized.open": Kind(
        stage="admission", lane=LANE, fidelity="simplified", source="k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac",
        en="**kube-apiserver** finds no Role that lets {user} {verb} {resource}. This sandbox does not enforce RBAC, so it may.",
        zh="**kube-apiserver** 找不到允许 {user} 对 {resource} 执行 {verb} 的 Role。这个沙箱未启用 RBAC，因此放行。",
    ),
    "AccessReviewed": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes pkg/registry/authorization",
        en="**kube-apiserver** looks up whether {user} may {verb} {resource}: {allowed}. Nothing is done.",
        zh="**kube-apiserver** 查询 {user} 是否可以对 {resource} 执行 {verb}：{allowed}。除此之外什么也不做。",
    ),
    "AuthorizationChanged": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes pkg/kubeapiserver/authorizer",
        en="**kube-apiserver** now asks Roles and bindings about everybody: {enforced}.",
        zh="**kube-apiserver** 现在是否由 Role 与绑定决定所有人的权限：{enforced}。",
    ),
    "ObjectDecoded": Kind(
        stage="admission", lane=LANE, step=False, source="k8s.io/apimachinery pkg/runtime/serializer/json",
        en="**kube-apiserver** reads {bytes} bytes as a {object} and checks every field against the schema ({validation}).",
        zh="**kube-apiserver** 将 {bytes} 字节解读为 {object}，并按模式逐字段检查（{validation}）。",
    ),
    "ObjectDefaulted": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes pkg/apis/core/v1/defaults.go",
        en="**kube-apiserver** fills in {count} fields that the manifest left out: {fields}.",
        zh="**kube-apiserver** 补上清单中未写的 {count} 个字段：{fields}。",
    ),
    "AdmissionMutated": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes plugin/pkg/admission",
        en="**{plugin}**, a mutating admission plugin, adds {fields}.",
        zh="**{plugin}** 是变更类准入插件，它添加了 {fields}。",
    ),
    "WebhookMutated": Kind(
        stage="admission", lane=LANE, source="k8s.io/apiserver pkg/admission/plugin/webhook/mutating",
        en="**{plugin}**: what {hooks} answered has changed the object.",
        zh="**{plugin}**：{hooks} 的回答更改了该对象。",
    ),
    "WebhookFailed": Kind(
        stage="admission", lane=LANE, marker="warning", source="k8s.io/apiserver pkg/util/webhook/error.go",
        en="**The webhook {hook}** could not be asked ({error}). Its failurePolicy is {policy}.",
        zh="无法询问 **Webhook {hook}**（{error}）。它的 failurePolicy 为 {policy}。",
    ),
    "ObjectValidated": Kind(
        stage="admission", lane=LANE, source="k8s.io/kubernetes pkg/apis/core/validation/validation.go",
        en="**kube-apiserver** validates the {object}: names, values and how they fit together. All is well.",
        zh="**kube-apiserver** 校验该 {object}：名称、取值及其相互关系均无问题。",
    ),
    "BudgetAsked": Kind(
        stage="delete", lane=LANE, marker="status", source=EVICTION,
        en="**kube-apiserver** asks budget {budget} about {name}: {healthy} healthy, {needed} needed, {allowed} may go. So it may be evicted.",
        zh="**kube-apiserver** 就 {name} 询问预算 {budget}：健康 {healthy} 个，需要 {needed} 个，可中断 {allowed} 个。因此准许驱逐。",
    ),
    "BudgetAsked.refused": Kind(
        stage="delete", lane=LANE, marker="warning", source=EVICTION,
        en="**kube-apiserver** asks budget {budget} about {name}: {healthy} healthy, {needed} needed, none may go. The eviction gets 429.",
        zh="**kube-apiserver** 就 {name} 询问预算 {budget}：健康 {healthy} 个，需要 {needed} 个，不可中断。驱逐请求得到 429。",
    ),
    "BudgetAsked.unhealthy": Kind(
        stage="delete", lane=LANE, marker="status", source=EVICTION,
        en="**kube-apiserver** finds that {name} is not ready, so budget {budget} loses nothing by its eviction.",
        zh="**kube-apiserver** 发现 {name} 未就绪，驱逐它不会使预算 {budget} 有所损失。",
    ),
    "AdmissionValidated": Kind(
        stage="admission", lane=LANE, source="k8s.io/apiserver pkg/admission",
        en="**{plugin}**, a validating admission plugin, has the last word before the store: it lets the request pass.",
        zh="**{plugin}** 是验证类准入插件，在写入存储之前最后把关：请求获准通过。",
    ),
    "RequestRefused.plugin": Kind(
        stage="admission", lane=LANE, marker="warning", source="k8s.io/apiserver pkg/admission/errors.go",
        en="**{plugin}**, an admission plugin, refuses with {code} {reason}: {message}",
        zh="**{plugin}** 是准入插件，它拒绝请求，返回 {code} {reason}：{message}",
    ),
    "RequestRefused": Kind(
        stage="admission", lane=LANE, marker="warning", source="k8s.io/apimachinery pkg/api/errors/errors.go",
        en="**kube-apiserver** refuses with {code} {reason}: {message}",
        zh="**kube-apiserver** 拒绝请求，返回 {code} {reason}：{message}",
    ),
    "ReadServed": Kind(
        stage="kubectl", lane=LANE, step=False, source="k8s.io/apiserver pkg/endpoints/handlers/get.go",
        en="**kube-apiserver** answers the {verb} from the {source}. Nothing changes.",
        zh="**kube-apiserver** 从 {source} 应答这次 {verb}，什么都没有改变。",
    ),
    "KeyWritten": Kind(
        stage="store", lane="etcd", marker="write", source="k8s.io/apiserver pkg/storage/etcd3/store.go",
        en="**etcd** stores {kind_name} {name} at revision {revision} ({change}). Only now does it exist for others.",
        zh="**etcd** 在修订版本 {revision} 存入 {kind_name} {name}（{change}）。从此刻起，其他组件才能看到它。",
    ),
    "KeyDeleted": Kind(
        stage="delete", lane="etcd", marker="write", source="k8s.io/apiserver pkg/storage/etcd3/store.go",
        en="**etcd** removes {kind_name} {name} at revision {revision}. The object is gone.",
        zh="**etcd** 在修订版本 {revision} 移除 {kind_name} {name}。该对象不复存在。",
    ),
    "WriteSkipped": Kind(
        stage="store", lane=LANE, step=False, source="k8s.io/apiserver pkg/storage/etcd3/store.go",
        en="**kube-apiserver** writes nothing: {kind_name} {name} is already as asked. The revision stays {revision}.",
        zh="**kube-apiserver** 未写入任何内容：{kind_name} {name} 已是所要求的样子。修订版本仍为 {revision}。",
    ),
}
