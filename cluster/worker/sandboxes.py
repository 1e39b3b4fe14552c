"""Making, finding and listing sandboxes."""
from __future__ import annotations

import re
import secrets
import time

import msgspec

from cluster.apiserver import goyaml
from cluster.meta import quantity
from cluster.models import Sandbox
from cluster.scheduler import configuration_rules
from cluster.scheduler.configuration import profiles_of
from cluster.scheduler.configuration_rules import ConfigurationError

from .profiles import PROFILES
from .refusals import Refused
from .simulation import settings_for

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
MAX_NODES = 1000
MAX_AMOUNT = 1 << 60


def context_name(name: str) -> str:
    """The context, and the cluster, in the kubeconfig of a sandbox."""
    return f"podlife-{name}"


def find(name: str) -> Sandbox | None:
    return Sandbox.objects.filter(name=name).first()


def find_by_token(token: str) -> Sandbox | None:
    return Sandbox.objects.filter(token=token).first()


def main_sandbox() -> Sandbox:
    """The sandbox `main`, made at the first start."""
    return find("main") or create("main")


def create(name: str, *, profile: str = "learner", nodes: list[str] | None = None, node_cpu: str | None = None,
           node_memory: str | None = None, seed: int | None = None, rbac: bool | None = None, parallel_pulls: int | None = None,
           scheduler_config: str | None = None) -> Sandbox:
    """Make a sandbox's row; its cluster boots when it is first woken. scheduler_config: YAML or JSON. Raises Refused."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name for a sandbox: use lower-case letters, digits and '-', at most 63",
                      f"“{name}”不能作沙箱名：请用小写字母、数字与 -，最多 63 个")
    if find(name):
        raise Refused(f"sandbox {name!r} already exists", f"沙箱“{name}”已存在")
    if profile not in PROFILES:
        raise Refused(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}", f"未知配置“{profile}”：可选 {'、'.join(PROFILES)}")
    if parallel_pulls is not None and not 0 <= parallel_pulls <= 1000:
        raise Refused(f"{parallel_pulls} is no number of pulls at once: choose one from 1 to 1000, or 0 for no limit",
                      f"{parallel_pulls} 不能作同时拉取数：可选 1 至 1000，0 表示不限")
    _check_nodes(nodes or [])
    _check_quantities(node_cpu, node_memory)
    scheduling = _scheduling(scheduler_config) if scheduler_config is not None else None
    epoch_ms = int(time.time()) * 1000
    settings = settings_for(profile, nodes=nodes, node_cpu=node_cpu, node_memory=node_memory, seed=seed, rbac=rbac,
                            parallel_pulls=parallel_pulls, scheduler_config=scheduling, epoch_ms=epoch_ms)
    return Sandbox.objects.create(name=name, token=secrets.token_urlsafe(24), settings=msgspec.to_builtins(settings))


def _check_nodes(nodes: list[str]) -> None:
    if len(nodes) > MAX_NODES:
        raise Refused(f"at most {MAX_NODES} nodes", f"最多 {MAX_NODES} 个节点")
    for node in nodes:
        if not NAME.fullmatch(node) or nodes.count(node) > 1:
            raise Refused(f"{node!r} is no name for a node, or is there twice", f"“{node}”不能作节点名，或重复")


def _check_quantities(*values: str | None) -> None:
    for value in values:
        if value is not None:
            try:
                amount = quantity.parse(value)
            except ValueError as error:
                raise Refused(f"{value!r} is no quantity: {error}", f"“{value}”不是数量：{error}") from None
            if not 0 < amount.value <= MAX_AMOUNT:
                raise Refused(f"{value!r} must be more than 0 and at most 1Ei", f"“{value}”须大于 0，至多 1Ei")


def _scheduling(text: str) -> dict:
    """The text of a KubeSchedulerConfiguration as data, once it is known that a scheduler would start with it."""
    try:
        found, repeated = goyaml.parse(text)
        if repeated or not isinstance(found, dict):
            raise ConfigurationError("; ".join(repeated) or "couldn't decode as KubeSchedulerConfiguration")
        configuration_rules.check(found)
        profiles_of(found)
        return msgspec.json.decode(msgspec.json.encode(found, enc_hook=float))  # numbers as they may be kept
    except (goyaml.YAMLError, ConfigurationError) as error:
        raise Refused(f"kube-scheduler would not start with this configuration: {error}", f"kube-scheduler 无法以此配置启动：{error}") from None


def listing() -> list[dict]:
    """What the page's menu and `sandbox list` show."""
    return [{"name": row.name, "profile": row.settings.get("profile", ""), "nodes": row.settings.get("nodes", []), "mode": row.mode,
             "speed": row.speed, "steps": row.steps, "now_ms": row.now_ms, "revision": row.revision, "error": row.error or None}
            for row in Sandbox.objects.order_by("created_at")]
