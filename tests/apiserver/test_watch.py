"""The hub finds the watchers that a change concerns without asking all of them."""
import pytest

from cluster.apiserver import selection
from cluster.apiserver.watch import Hub, Watcher, WatchSpec, classify, name_of
from cluster.store.memory import Change

SPECS = [
    WatchSpec(resource="nodes", prefix="/registry/nodes/", field_selector="metadata.name=n1"),
    WatchSpec(resource="nodes", prefix="/registry/nodes/"),
    WatchSpec(resource="nodes", prefix="/registry/nodes/", field_selector="metadata.name=n2"),
    WatchSpec(resource="nodes", prefix="/registry/nodes/", field_selector="metadata.name=n1", label_selector="zone=a"),
    WatchSpec(resource="nodes", prefix="/registry/nodes/", field_selector="metadata.name!=n1"),
    WatchSpec(resource="configmaps", prefix="/registry/configmaps/", field_selector="metadata.name=n1"),
    WatchSpec(resource="configmaps", prefix="/registry/configmaps/default/", field_selector="metadata.name=n1"),
    WatchSpec(resource="configmaps", prefix="/registry/configmaps/kube-system/", field_selector="metadata.name=n1"),
    WatchSpec(resource="configmaps", prefix="/registry/configmaps/", field_selector="metadata.name=n1,metadata.namespace=default"),
]
CHANGES = [("nodes", "", "n1", {}), ("nodes", "", "n1", {"zone": "a"}), ("nodes", "", "n2", {}), ("configmaps", "default", "n1", {}),
           ("configmaps", "kube-system", "n1", {}), ("configmaps", "default", "n1", {})]  # fmt: skip


def watchers():
    return [Watcher(number, spec, selection.matcher(spec.resource, spec.label_selector, spec.field_selector)) for number, spec in enumerate(SPECS, 1)]


@pytest.mark.parametrize("row", CHANGES)
def test_who_is_told_is_whom_a_look_at_every_watcher_finds_oldest_first(row):
    resource, namespace, name, labels = row
    obj = {"metadata": {"name": name, "namespace": namespace, "labels": labels, "resourceVersion": "7"}}
    key = "/registry/" + "/".join(part for part in (resource, namespace, name) if part)
    change, hub, every = Change(7, "ADDED", key, obj, None, 7, 1), Hub(), watchers()
    for watcher in every:
        hub.add(watcher)
    wanted = [(watcher, *seen) for watcher in every if f"/{watcher.spec.resource}/" in key and (seen := classify(watcher, change))]
    assert hub.interested(change) == wanted and wanted


def test_a_watcher_that_was_taken_out_is_told_nothing_more():
    hub = Hub()
    for watcher in watchers():
        hub.add(watcher)
    for number in range(1, len(SPECS) + 1):
        hub.remove(number)
    assert hub.interested(Change(7, "ADDED", "/registry/nodes/n1", {"metadata": {"name": "n1"}}, None, 7, 1)) == []
    assert not hub.by_name


NAMES = [("metadata.name=n1", "n1"), ("metadata.name!=n1", ""), ("metadata.name==n1", ""), ("metadata.name=n1,spec.unschedulable=true", ""),
         ("metadata.name=a\\,b", ""), ("metadata.namespace=n1", ""), ("metadata.name=", "")]  # fmt: skip


@pytest.mark.parametrize(("selector", "name"), NAMES)
def test_one_plain_name_is_read_off_a_selector(selector, name):
    assert name_of(WatchSpec(resource="nodes", prefix="/registry/nodes/", field_selector=selector)) == name
