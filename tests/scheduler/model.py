"""Where a Pod may go, written from the documentation: slow, obvious, and sharing nothing with the scheduler."""

CPU, MEMORY = "cpu", "memory"
HARD = ("NoSchedule", "NoExecute")


def feasible(nodes, placed, pod):
    """Names of the nodes that may take a Pod. placed: (node's name, Pod) of those that are there."""
    return sorted(node["metadata"]["name"] for node in nodes if may_go(node, nodes, placed, pod))


def may_go(node, nodes, placed, pod):
    return (
        not node["spec"].get("unschedulable")
        and tolerated(node, pod)
        and selected(node, pod)
        and has_room(node, placed, pod)
        and ports_are_free(node, placed, pod)
        and is_near(node, nodes, placed, pod)
        and is_apart(node, nodes, placed, pod)
        and is_welcome(node, nodes, placed, pod)
        and is_spread(node, nodes, placed, pod)
    )


def labels(node):
    return node["metadata"].get("labels") or {}


def amount(text):
    text = str(text)
    return int(text[:-1]) if text.endswith("m") else int(text[:-2]) * 1024 * 1024 if text.endswith("Mi") else int(text) * 1000


def tolerated(node, pod):
    for taint in node["spec"].get("taints") or ():
        if taint["effect"] in HARD and not any(tolerates(one, taint) for one in pod["spec"].get("tolerations") or ()):
            return False
    return True


def tolerates(toleration, taint):
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint["key"]
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")


def selected(node, pod):
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels(node).get(key) != value for key, value in wanted.items()):
        return False
    terms = (pod["spec"].get("affinity") or {}).get("nodeAffinity")
    if not terms:
        return True
    terms = terms["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return any(all(expression_holds(one, labels(node)) for one in term["matchExpressions"]) for term in terms)


def expression_holds(one, found):
    value = found.get(one["key"])
    return {"In": value in one.get("values", ()), "NotIn": value not in one.get("values", ()),
            "Exists": value is not None, "DoesNotExist": value is None}[one["operator"]]


def requested(pod, resource):
    return sum(amount(one["resources"]["requests"].get(resource, 0)) for one in pod["spec"]["containers"])


def here(node, placed):
    return [pod for name, pod in placed if name == node["metadata"]["name"]]


def has_room(node, placed, pod):
    there, offered = here(node, placed), node["status"]["allocatable"]
    if len(there) + 1 > int(offered["pods"]):
        return False
    for resource in (CPU, MEMORY):
        wanted = requested(pod, resource)
        if wanted and wanted + sum(requested(one, resource) for one in there) > amount(offered[resource]):
            return False
    return True


def ports(pod):
    return [port["hostPort"] for one in pod["spec"]["containers"] for port in one.get("ports") or ()]


def ports_are_free(node, placed, pod):
    taken = [port for one in here(node, placed) for port in ports(one)]
    return not any(port in taken for port in ports(pod))


def terms(pod, kind):
    return ((pod["spec"].get("affinity") or {}).get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []


def meant(term, owner, other):
    """Whether a term of one Pod is about another."""
    namespaces = term.get("namespaces") or [owner["metadata"]["namespace"]]
    wanted = term["labelSelector"]["matchLabels"]
    return other["metadata"]["namespace"] in namespaces and all(other["metadata"]["labels"].get(k) == v for k, v in wanted.items())


def domain_of(name, nodes, key):
    return next(labels(node).get(key) for node in nodes if node["metadata"]["name"] == name)


def is_near(node, nodes, placed, pod):
    """One Pod must match all terms; it is near by each term's own domain."""
    wanted = terms(pod, "podAffinity")
    if not wanted:
        return True
    if any(term["topologyKey"] not in labels(node) for term in wanted):
        return False
    match = [(name, other) for name, other in placed if all(meant(term, pod, other) for term in wanted)]
    near = all(any(domain_of(name, nodes, term["topologyKey"]) == labels(node)[term["topologyKey"]] for name, _ in match) for term in wanted)
    in_some_domain = any(domain_of(name, nodes, term["topologyKey"]) is not None for name, _ in match for term in wanted)
    is_first = not in_some_domain and all(meant(term, pod, pod) for term in wanted)
    return near or is_first


def is_apart(node, nodes, placed, pod):
    return not any(
        meant(term, pod, other) and labels(node).get(term["topologyKey"]) is not None
        and domain_of(name, nodes, term["topologyKey"]) == labels(node)[term["topologyKey"]]
        for term in terms(pod, "podAntiAffinity") for name, other in placed
    )


def is_welcome(node, nodes, placed, pod):
    """Those that are there may want to be apart from it."""
    return not any(
        meant(term, other, pod) and labels(node).get(term["topologyKey"]) is not None
        and domain_of(name, nodes, term["topologyKey"]) == labels(node)[term["topologyKey"]]
        for name, other in placed for term in terms(other, "podAntiAffinity")
    )


def is_spread(node, nodes, placed, pod):
    constraints = pod["spec"].get("topologySpreadConstraints") or ()
    keys = [one["topologyKey"] for one in constraints]
    if any(key not in labels(node) for key in keys):
        return False
    counted = [one for one in nodes if all(key in labels(one) for key in keys) and selected(one, pod)]
    for one in constraints:
        wanted = one["labelSelector"]["matchLabels"]

        def matches(other, wanted=wanted):
            same = other["metadata"]["namespace"] == pod["metadata"]["namespace"]
            return same and all(other["metadata"]["labels"].get(k) == v for k, v in wanted.items())

        sizes = {labels(there)[one["topologyKey"]]: 0 for there in counted}
        for there in counted:
            sizes[labels(there)[one["topologyKey"]]] += sum(matches(other) for other in here(there, placed))
        mine = sizes.get(labels(node)[one["topologyKey"]], 0) + matches(pod)
        if mine - min(sizes.values(), default=2**31 - 1) > one["maxSkew"]:
            return False
    return True
