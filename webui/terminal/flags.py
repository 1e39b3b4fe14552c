"""Owns what of kubectl may be used here: its commands and flags, by name. What is not listed is refused.

tests/webui/terminal/test_flags.py holds these lists against the binary's own help.
"""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Commands without commands of their own.
PLAIN = names("""
    annotate api-resources api-versions attach autoscale cordon cp debug delete describe diff drain events exec explain expose get help
    label logs options patch replace run scale taint uncordon version wait
""")
# Commands with commands of their own: those that may follow at once, "" where none needs to.
GROUPS: dict[str, frozenset[str]] = {
    "apply": frozenset(["", "set-last-applied", "view-last-applied"]),
    "auth": frozenset(["", "can-i", "reconcile", "whoami"]),
    "cluster-info": frozenset([""]),
    "config": frozenset(["", "current-context", "get-clusters", "get-contexts", "get-users", "set-context", "use-context", "view"]),
    "create": frozenset(
        ["", "clusterrole", "clusterrolebinding", "cm", "configmap", "cronjob", "cj", "deployment", "deploy", "ingress", "ing", "job",
         "namespace", "ns", "pdb", "poddisruptionbudget", "pc", "priorityclass", "quota", "resourcequota", "role", "rolebinding", "sa",
         "secret", "service", "serviceaccount", "svc", "token"]
    ),
    "rollout": frozenset(["", "history", "pause", "restart", "resume", "status", "undo"]),
    "set": frozenset(["", "env", "image", "resources", "selector", "serviceaccount", "sa", "subject"]),
    "top": frozenset(["", "node", "nodes", "no", "pod", "pods", "po"]),
}  # fmt: skip
# cobra finds a command's command behind flags too, so these words may stand nowhere.
NOWHERE: dict[str, frozenset[str]] = {
    "apply": frozenset(["edit-last-applied"]),
    "cluster-info": frozenset(["dump"]),
    "config": frozenset(["delete-cluster", "delete-context", "delete-user", "rename-context", "set", "set-cluster", "set-credentials", "unset"]),
}
# Why a command that people know is not here: a key of webui.texts.
REASONS = {
    "edit": "terminal.no_edit",
    "port-forward": "terminal.no_port",
    "proxy": "terminal.no_port",
    "plugin": "terminal.no_plugin",
    "kustomize": "terminal.no_kustomize",
}

# Flags without a value of their own word.
BOOLEAN = names("""
    all all-containers all-namespaces all-pods allow-missing-template-keys append-hash arguments-only attach cached cascade client
    command current delete-emptydir-data disable-compression disable-eviction dry-run expose flatten follow force force-conflicts
    global-default help ignore-daemonsets ignore-errors ignore-not-found insecure-skip-tls-verify-backend interactive keep-annotations
    keep-init-containers keep-labels keep-liveness keep-readiness keep-startup leave-stdin-open list local match-server-version merge
    minify namespaced no-headers no-preserve now openapi-patch output-watch-events overwrite previous privileged prune quiet recursive remove-
    extra-permissions remove-extra-subjects replace resolve rm same-node save-config server-print server-side share-processes show-
    capacity show-events show-kind show-labels show-managed-fields show-secrets show-swap stdin sum timestamps tty use-protocol-
    buffers validate wait warnings-as-errors watch watch-only windows-line-endings
""")
VALUED = names("""
    aggregation-rule annotation annotations api-group api-version as as-group as-uid as-user-extra audience bound-object-kind bound-
    object-name bound-object-uid categories chunk-size class cluster-ip clusterip clusterrole concurrency container containers context
    copy-to cpu current-replicas default-backend description detach-keys docker-email docker-password docker-server docker-username
    duration env external-ip external-name field-manager field-selector for from from-literal grace-period group hard image image-
    pull-policy keys label-columns labels limit-bytes limits load-balancer-ip max max-log-requests max-unavailable memory min min-
    available name namespace node-port non-resource-url override-type overrides patch pod-running-timeout pod-selector port
    preemption-policy prefix protocol prune-allowlist raw replicas request-timeout requests resource resource-name resource-version
    restart revision role rule schedule scopes selector serviceaccount session-affinity set-image since since-time skip-wait-for-
    delete-timeout sort-by subresource tail target target-port tcp template timeout to-revision type types user v value verb verbs
""")
# Flags whose value names a file, with the letters that stand for them.
PATHS = frozenset(["filename", "from-file", "from-env-file", "cert", "key", "patch-file"])
FORMATS = frozenset(["output"])
# Flags that one command alone may have.
OF_ONE = {"cp": frozenset(["retries"]), "debug": frozenset(["profile"])}

LETTERS_BOOLEAN = frozenset("Ahiqtw" + "R")
LETTERS = {"n": "namespace", "o": "output", "l": "selector", "f": "filename", "c": "container", "L": "label-columns", "v": "v", "e": "env"}
# Letters that mean something else in a command: "" = without a value.
LETTERS_OF = {
    "logs": {"f": "", "p": ""},
    "patch": {"p": "patch"},
    "create": {"r": "replicas"},
}


def letters_for(command: str) -> dict[str, str]:
    """letter → the flag's name, "" for one that takes no value."""
    return {**dict.fromkeys(LETTERS_BOOLEAN, ""), **LETTERS, **LETTERS_OF.get(command, {})}
