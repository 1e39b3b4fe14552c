"""What is said of the facts of the network: names, Services, connections, policies."""

from __future__ import annotations

from ..kind import Kind

PROXY = "pkg/proxy/iptables/proxier.go"
DNS = "coredns plugin/kubernetes"
POLICY = "k8s.io/api networking/v1 types.go"

KINDS = {
    "ComponentStarted.kube-proxy": Kind(
        stage="fault",
        step=False,
        source=PROXY,
        en="**kube-proxy** starts on every node and writes the rules of all Services anew.",
        zh="**kube-proxy** 在每个节点上启动，重新写入所有 Service 的规则。",
    ),
    "ComponentStopped.kube-proxy": Kind(
        stage="fault",
        marker="warning",
        source=PROXY,
        en="**kube-proxy** stops on every node. The rules in the kernels stay, and grow stale.",
        zh="**kube-proxy** 在每个节点上停止。内核中的规则仍在，但会逐渐过时。",
    ),
    "ComponentStarted.coredns": Kind(
        stage="fault",
        step=False,
        source=DNS,
        en="**CoreDNS** starts, lists Services, EndpointSlices and namespaces, and answers names again.",
        zh="**CoreDNS** 启动，列出 Service、EndpointSlice 与命名空间，重新解析名称。",
    ),
    "ComponentStopped.coredns": Kind(
        stage="fault",
        marker="warning",
        source=DNS,
        en="**CoreDNS** stops. Addresses still work, but every name in the cluster runs into a timeout.",
        zh="**CoreDNS** 停止。地址仍然可用，但集群内的每个名称都会超时。",
    ),
    "ServiceProgrammed": Kind(
        stage="report",
        marker="status",
        source=PROXY,
        fidelity="simplified",
        en="**kube-proxy** writes the rules of {service} on every node: its address leads to {endpoints} endpoints.",
        zh="**kube-proxy** 在每个节点上写入 {service} 的规则：它的地址通往 {endpoints} 个端点。",
    ),
    "ServiceProgrammed.one": Kind(
        stage="report",
        marker="status",
        source=PROXY,
        fidelity="simplified",
        en="**kube-proxy** writes the rules of {service} on every node: its address leads to its one endpoint.",
        zh="**kube-proxy** 在每个节点上写入 {service} 的规则：它的地址通往唯一的端点。",
    ),
    "ServiceProgrammed.gone": Kind(
        stage="report",
        marker="status",
        source=PROXY,
        fidelity="simplified",
        en="**kube-proxy** takes the rules of {service} away on every node: its address leads nowhere now.",
        zh="**kube-proxy** 在每个节点上删除 {service} 的规则：它的地址不再通往任何地方。",
    ),
    "ServiceProgrammed.none": Kind(
        stage="report",
        marker="status",
        source=PROXY,
        fidelity="simplified",
        en="**kube-proxy** writes the rules of {service} on every node: it has no ready endpoint, so connections are refused.",
        zh="**kube-proxy** 在每个节点上写入 {service} 的规则：没有就绪的端点，连接会被拒绝。",
    ),
    "NameResolved": Kind(
        stage="report",
        step=False,
        source=DNS,
        en="**{from}** asks the cluster DNS for {asked}: {full} is {answer}.",
        zh="**{from}** 向集群 DNS 询问 {asked}：{full} 的地址是 {answer}。",
    ),
    "NameNotFound": Kind(
        stage="report",
        marker="warning",
        source=DNS,
        en="**{from}** asks for the name {asked} and tries {tried} full names, in vain: {answer}.",
        zh="**{from}** 询问名称 {asked}，尝试了 {tried} 个完整名称，均未成功：{answer}。",
    ),
    "ConnectionRouted": Kind(
        stage="report",
        source=PROXY,
        en="**kube-proxy**'s rules send the connection of {from} to {address}:{port} on to {endpoint}, one of {endpoints}.",
        zh="**kube-proxy** 的规则把 {from} 到 {address}:{port} 的连接转给 {endpoint}，共有 {endpoints} 个端点可选。",
    ),
    "ConnectionRouted.one": Kind(
        stage="report",
        source=PROXY,
        en="**kube-proxy**'s rules send the connection of {from} to {address}:{port} on to {endpoint}, the only endpoint.",
        zh="**kube-proxy** 的规则把 {from} 到 {address}:{port} 的连接转给 {endpoint}，即唯一的端点。",
    ),
    "ServiceEmpty": Kind(
        stage="report",
        step=False,
        marker="warning",
        source=PROXY,
        en="**kube-proxy**'s rules refuse the connection of {from}: {service} has no ready endpoint.",
        zh="**kube-proxy** 的规则拒绝 {from} 的连接：{service} 没有就绪的端点。",
    ),
    "RequestAnswered": Kind(
        stage="report",
        marker="status",
        en="**{container}** of {name} answers `{asked}` of {client} on port {port} with {code}.",
        zh="{name} 的 **{container}** 在 {port} 端口以 {code} 应答 {client} 的 `{asked}`。",
    ),
    "ConnectionFailed": Kind(
        stage="report",
        marker="warning",
        en="**{from}** tries to connect to {address}:{port}, in vain: {error}.",
        zh="**{from}** 尝试连接 {address}:{port}，未能成功：{error}。",
    ),
    "PolicyProgrammed": Kind(
        stage="report",
        marker="status",
        source=POLICY,
        fidelity="simplified",
        en="**The network agent** of each node enforces the NetworkPolicy {policy} from now on ({change}).",
        zh="**网络代理**从现在起在每个节点上执行 NetworkPolicy {policy}（{change}）。",
    ),
    "ConnectionDropped": Kind(
        stage="report",
        marker="warning",
        source=POLICY,
        en="**A NetworkPolicy** drops what {from} sends to {address}:{port}. Nobody answers; the client waits until its timeout.",
        zh="**NetworkPolicy** 丢弃 {from} 发往 {address}:{port} 的数据。没有任何应答，客户端只能等到超时。",
    ),
}
