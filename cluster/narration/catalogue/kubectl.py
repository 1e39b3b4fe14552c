"""What is said of kubectl's facts."""

from __future__ import annotations

from ..kind import Kind

APPLY = "k8s.io/kubectl pkg/cmd/apply/apply.go"

KINDS = {
    "UserActed": Kind(
        stage="kubectl",
        marker="user",
        en="**You** run: {command}. Everything that follows is caused by this.",
        zh="**你** 运行：{command}。之后的一切都由此引起。",
    ),
    "KubeconfigRead": Kind(
        stage="kubectl",
        source="k8s.io/client-go tools/clientcmd/loader.go",
        en="**kubectl** reads its kubeconfig: context {context}, so cluster {cluster} at {server}, as user {user}.",
        zh="**kubectl** 读取 kubeconfig：上下文 {context}，即以用户 {user} 访问 {server} 上的集群 {cluster}。",
    ),
    "ManifestRead": Kind(
        stage="kubectl",
        source="k8s.io/cli-runtime pkg/resource/visitor.go",
        en="**kubectl** reads {file} (objects in it: {documents}) and turns YAML into JSON. The server checks the fields.",
        zh="**kubectl** 读取 {file}（含 {documents} 个对象），从 YAML 转成 JSON。字段由服务器检查。",
    ),
    "ApiDiscovered": Kind(
        stage="kubectl",
        fidelity="simplified",
        source="k8s.io/client-go discovery/aggregated_discovery.go",
        en="**kubectl** now knows the {resources} resources that this server has, and so which URL serves each kind.",
        zh="**kubectl** 现已得知服务器的 {resources} 种资源，因而知道每个 kind 对应的 URL。",
    ),
    "ApplyDecided": Kind(
        stage="kubectl",
        source=APPLY,
        en="**kubectl** compares file, last applied and live object. For {label}/{name} it decides: {decision}.",
        zh="**kubectl** 比较文件、上次应用的内容和现有对象，对 {label}/{name} 的决定是：{decision}。",
    ),
    "KubectlPrinted": Kind(
        stage="kubectl",
        source="k8s.io/kubectl pkg/cmd",
        en="**kubectl** prints: {text}",
        zh="**kubectl** 输出：{text}",
    ),
    "KubectlExited": Kind(
        stage="kubectl",
        step=False,
        source="k8s.io/kubectl pkg/cmd/util/helpers.go",
        en="**kubectl** ends with exit code {code}. Its work is done; the cluster goes on by itself.",
        zh="**kubectl** 以退出码 {code} 结束。它的工作已完成，集群自行继续。",
    ),
}
