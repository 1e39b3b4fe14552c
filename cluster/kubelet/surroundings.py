"""Owns what a container finds in /etc and who its processes are: host name, hosts, resolver, user and groups.

Source: kubernetes pkg/kubelet/kubelet_pods.go (managedHostsFileContent, GeneratePodHostNameAndDomain), pkg/kubelet/network/dns/dns.go,
pkg/kubelet/kuberuntime/security_context_others.go (verifyRunAsNonRoot), pkg/securitycontext/util.go.
"""

from __future__ import annotations

from functools import lru_cache

from cluster.meta import quantity
from cluster.runtime import capabilities
from cluster.runtime.images import behaviour_of, behaviours
from cluster.runtime.namespaces import NODE
from cluster.runtime.state import Surroundings

DOMAIN = "cluster.local"
CLUSTER_DNS = "10.96.0.10"  # the address that the kubelets' configuration names
HEADER = "# Kubernetes-managed hosts file.\n"
HOST_HEADER = "# Kubernetes-managed hosts file (host network).\n"
LOCAL = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\n"
    "fe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
)
MOST_SERVERS, MOST_SEARCHES, LONGEST_SEARCH, LONGEST_SEARCHES = 3, 32, 253, 2048  # pkg/apis/core/validation
LONGEST_NAME = 63
TELLING = frozenset(("hostNetwork", "subdomain", "hostAliases", "dnsConfig", "hostPID", "shareProcessNamespace", "resources"))  # of a Pod's spec


class Refused(Exception):
    """The container may not be made so; the message is upstream's."""


def hostname(pod: dict, node: str) -> str:
    """spec.hostname, else the Pod's name, cut at 63 signs; the node's in the node's network."""
    spec = pod["spec"]
    if spec.get("hostnameOverride"):
        return spec["hostnameOverride"][:LONGEST_NAME].rstrip("-.")
    if spec.get("hostNetwork"):
        return node
    return (spec.get("hostname") or pod["metadata"]["name"])[:LONGEST_NAME].rstrip("-.")


def full_name(pod: dict, name: str) -> str:
    """What the kernel says that the Pod's host name is: with the domain, where that is asked for."""
    return f"{name}.{domain(pod)}" if "setHostnameAsFQDN" in pod["spec"] and pod["spec"]["setHostnameAsFQDN"] and domain(pod) else name


def domain(pod: dict) -> str:
    """The domain of a Pod with a subdomain; "" for all others."""
    spec = pod["spec"]
    if not spec.get("subdomain") or spec.get("hostnameOverride"):
        return ""
    return f"{spec['subdomain']}.{pod['metadata']['namespace']}.svc.{DOMAIN}"


def hosts(pod: dict, *, name: str, address: str, of_node: str) -> str:
    """/etc/hosts. of_node: the node's own file, for Pods in the node's network."""
    spec = pod["spec"]
    if spec.get("hostNetwork"):
        text = HOST_HEADER + of_node
    else:
        full = domain(pod) if "subdomain" in spec else ""
        names = f"{name}.{full}\t{name}" if full else name
        text = f"{HEADER}{LOCAL}{address}\t{names}\n" if address else HEADER + LOCAL
    aliases = spec.get("hostAliases")
    if aliases:
        lines = "".join(f"{alias['ip']}\t{chr(9).join(alias.get('hostnames') or ())}\n" for alias in aliases)
        text += f"\n# Entries added by HostAliases.\n{lines}"
    return text


def resolver(pod: dict, of_node: str) -> str:
    """/etc/resolv.conf. of_node: the address of the node's own resolver."""
    policy, config = policy_of(pod["spec"]), pod["spec"].get("dnsConfig")
    if not config:
        return _usual(policy, pod["metadata"]["namespace"], of_node)
    servers, searches, options = wished(pod, of_node)
    servers, searches = servers[:MOST_SERVERS], fitting(searches)
    merged = dict(option.partition(":")[::2] for option in options)
    merged.update({option["name"]: option.get("value") or "" for option in config.get("options") or ()})
    return written(servers, searches, [f"{name}:{value}" if value else name for name, value in merged.items()])


def policy_of(spec: dict) -> str:
    """The DNS policy that counts. Source: pkg/kubelet/network/dns/dns.go (getPodDNSType)."""
    policy = spec.get("dnsPolicy", "ClusterFirst")
    return "Default" if policy == "ClusterFirst" and spec.get("hostNetwork") else policy


def wished(pod: dict, of_node: str) -> tuple[list[str], list[str], list[str]]:
    """(servers, searches, options) of a Pod's policy with what its dnsConfig adds, before any limit; options are the policy's."""
    config = pod["spec"].get("dnsConfig") or {}
    servers, searches, options = base_of(policy_of(pod["spec"]), pod["metadata"]["namespace"], of_node)
    added = config.get("nameservers") or (), config.get("searches") or ()
    return list(dict.fromkeys([*servers, *added[0]])), list(dict.fromkeys([*searches, *added[1]])), options


def fitting(searches: list[str]) -> list[str]:
    """The search paths that a resolver takes. Source: pkg/kubelet/network/dns/dns.go (formDNSSearchFitsLimits)."""
    searches = [each for each in searches[:MOST_SEARCHES] if len(each) <= LONGEST_SEARCH]
    while len(" ".join(searches)) > LONGEST_SEARCHES:
        searches.pop()
    return searches


def beyond_limits(pod: dict, of_node: str) -> list[str]:
    """What a Pod's resolver leaves out, in words. Source: pkg/kubelet/network/dns/dns.go (formDNSConfigFitsLimits)."""
    servers, searches, _ = wished(pod, of_node)
    kept, told = fitting(searches), []
    if len(servers) > MOST_SERVERS:
        line = " ".join(servers[:MOST_SERVERS])
        told.append(f"Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: {line}")
    if kept != searches:
        told.append(f"Search Line limits were exceeded, some search paths have been omitted, the applied search line is: {' '.join(kept)}")
    return told


@lru_cache(maxsize=256)
def _usual(policy: str, namespace: str, of_node: str) -> str:
    return written(*base_of(policy, namespace, of_node))


def base_of(policy: str, namespace: str, of_node: str) -> tuple[list[str], list[str], list[str]]:
    """(servers, searches, options) that a DNS policy gives."""
    if policy == "None":
        return [], [], []
    if policy == "Default":
        return [of_node] if of_node else [], [], []
    return [CLUSTER_DNS], [f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN], ["ndots:5"]


def written(servers: list[str], searches: list[str], options: list[str]) -> str:
    """The file as containerd writes it. Source: containerd internal/cri/server/helpers (parseDNSOptions)."""
    text = f"search {' '.join(searches)}\n" if searches else ""
    text += "".join(f"nameserver {server}\n" for server in servers)
    return text + (f"options {' '.join(options)}\n" if options else "")


# -- who it is --------------------------------------------------------------------------------------------------------


def setting(pod: dict, spec: dict, name: str):
    """A field of the security context: the container's own, else the Pod's."""
    own = (spec.get("securityContext") or {}).get(name)
    return own if own is not None else (pod["spec"].get("securityContext") or {}).get(name)


@lru_cache(maxsize=256)
def image_user(image: str) -> int:
    """The user that an image's programs run as."""
    return behaviours()[behaviour_of(image)].user


def identity(pod: dict, spec: dict, image: str) -> tuple[int, int, tuple[int, ...]]:
    """(user, group, supplementary groups) of a container's first process. Raises Refused where it would be root and may not."""
    context = pod["spec"].get("securityContext")
    if not context and not spec.get("securityContext"):
        return image_user(image), 0, ()
    context = context or {}
    user, group = user_of(pod, spec, image), setting(pod, spec, "runAsGroup")
    known = behaviours()[behaviour_of(image)].groups.get(user) or (0,)
    of_image = known[1:] if context.get("supplementalGroupsPolicy") != "Strict" else ()
    groups = [*of_image, *(context.get("supplementalGroups") or ()), *([context["fsGroup"]] if context.get("fsGroup") is not None else ())]
    return user, known[0] if group is None else group, tuple(groups)


def user_of(pod: dict, spec: dict, image: str) -> int:
    """The user of a container's first process. Raises Refused where it would be root and may not."""
    wanted = setting(pod, spec, "runAsUser")
    if setting(pod, spec, "runAsNonRoot"):
        meta = pod["metadata"]
        about = f'(pod: "{meta["name"]}_{meta["namespace"]}({meta["uid"]})", container: {spec["name"]})'
        if wanted == 0:
            raise Refused(f"container's runAsUser breaks non-root policy {about}")
        if wanted is None and image_user(image) == 0:
            raise Refused(f"container has runAsNonRoot and image will run as root {about}")
    return image_user(image) if wanted is None else wanted


def limit_of(limits: dict, name: str) -> int:
    """Bytes that a container may hold or store, 0 for any number."""
    text = limits.get(name)
    return quantity.parse(str(text)).value if text else 0


def shared_space(pod: dict) -> str:
    """The PID namespace that the containers of a Pod share; "" when each has its own."""
    if "hostPID" in pod["spec"] and pod["spec"]["hostPID"]:
        return NODE
    return pod["metadata"]["uid"] if "shareProcessNamespace" in pod["spec"] and pod["spec"]["shareProcessNamespace"] else ""


def cpu_of(resources: dict, limits: dict) -> tuple[int, int]:
    """(request, limit) in thousandths of a CPU; who asks for nothing asks for as much as it may use. Source: kuberuntime_container_linux.go."""
    asked, most = (quantity.parse(str(each.get("cpu", "0"))).millis for each in (resources.get("requests") or {}, limits))
    return asked or most, most


def around(
    pod: dict, spec: dict, image: str, *, name: str, address: str, node_hosts: str, node_resolver: str, users: dict[str, int]
) -> Surroundings:
    """All of it for one container. users: Pod uid -> the first id on the node of its user namespace. Raises Refused."""
    of_pod = pod["spec"]
    if TELLING.isdisjoint(of_pod) and not (spec.get("securityContext") or spec.get("resources") or of_pod.get("securityContext") or users):
        return Surroundings(
            f"{HEADER}{LOCAL}{address}\t{name}\n" if address else HEADER + LOCAL,
            _usual(of_pod.get("dnsPolicy", "ClusterFirst"), pod["metadata"]["namespace"], node_resolver),
            image_user(image),
            folder=spec.get("workingDir") or "",
        )  # as most are: nothing is said of who, where and how much
    user, group, groups = identity(pod, spec, image)
    resources = spec.get("resources") or {}
    limits = resources.get("limits")
    if "resources" in pod["spec"]:  # at Pod level: they hold for containers that say nothing themselves
        limits = {**(pod["spec"]["resources"].get("limits") or {}), **(limits or {})}
    return Surroundings(
        hosts(pod, name=name, address=address, of_node=node_hosts),
        resolver(pod, node_resolver),
        user,
        group,
        groups,
        bool((spec.get("securityContext") or {}).get("readOnlyRootFilesystem")),
        limit_of(limits, "memory") if limits else 0,
        limit_of(limits, "ephemeral-storage") if limits else 0,
        spec.get("workingDir") or "",
        (spec.get("securityContext") or {}).get("allowPrivilegeEscalation") is False,
        shared_space(pod),
        *(cpu_of(resources, limits or {}) if resources or limits else (0, 0)),
        sysctls_of(pod) if pod["spec"].get("securityContext") else (),
        users.get(pod["metadata"]["uid"], 0) if users else 0,
        capabilities.of(spec["securityContext"]) if "securityContext" in spec else capabilities.USUAL,
        is_filtered(pod, spec),
    )


def is_filtered(pod: dict, spec: dict) -> bool:
    """Whether a container's system calls are filtered. Source: pkg/kubelet/kuberuntime/helpers.go (getSeccompProfile)."""
    if "securityContext" not in spec and not pod["spec"].get("securityContext"):
        return False
    profile = setting(pod, spec, "seccompProfile") or {}
    return profile.get("type", "Unconfined") != "Unconfined" and not (spec.get("securityContext") or {}).get("privileged")


def sysctls_of(pod: dict) -> tuple[tuple[str, str], ...]:
    """Kernel settings of a Pod, with dots in their names. Source: pkg/kubelet/kuberuntime/util/util.go, k8s.io/component-helpers node/util/sysctl."""
    return tuple((each["name"].replace("/", "."), each["value"]) for each in pod["spec"]["securityContext"].get("sysctls") or ())
