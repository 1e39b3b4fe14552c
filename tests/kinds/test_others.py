"""Columns, ages and the smaller kinds."""
from __future__ import annotations

import pytest

from cluster.kinds import configmap, event, lease, namespace, node, registry, serviceaccount
from cluster.kinds._addresses import cidr, ip
from cluster.kinds._columns import human_duration

from .objects import texts

OWNERS = [{"uid": "n"}]


@pytest.mark.parametrize(("seconds", "wanted"), [
    (-5, "<invalid>"), (0, "0s"), (119, "119s"), (120, "2m"), (300, "5m"), (301, "5m1s"), (600, "10m"), (659, "10m"),
    (10_800, "3h"), (11_000, "3h3m"), (28_800, "8h"), (172_800, "2d"), (190_000, "2d4h"), (700_000, "8d"),
    (2 * 365 * 86_400, "2y"), (3 * 365 * 86_400 + 86_400, "3y1d"),
])
def test_ages_have_at_most_two_units(seconds, wanted):
    assert human_duration(seconds * 1000) == wanted


@pytest.mark.parametrize(("address", "why"), [
    ("10.0.0.1", ""), ("0.0.0.0", ""), ("255.249.199.99", ""), ("256.0.0.1", "must be a valid IP address,"), ("1.2.3", "must be a valid IP address,"),
    ("1.2.3.4.5", "must be a valid IP address,"), ("1.2.3.4\n", "must be a valid IP address,"), ("\u0661.2.3.4", "must be a valid IP address,"),
    ("1.2.3.00", "must not have leading 0s"), ("::1", ""), ("010.0.0.1", "must not have leading 0s"),
    ("::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"),
    ("x", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"), ("fe80::1%eth0", "must be a valid IP address,"),
])
def test_addresses_are_strict(address, why):
    errors = []
    ip(errors, "at", address)
    assert (errors[0].detail if errors else "").startswith(why) and bool(errors) == bool(why)


def test_a_range_has_no_bits_beyond_its_prefix():
    errors = []
    cidr(errors, "at", "10.0.0.1/24")
    cidr(errors, "at", "10.0.0.0/24")
    assert [error.detail for error in errors] == ["must not have bits set beyond the prefix length"]


def test_every_kind_has_as_many_cells_as_columns():
    for kind in registry().stored:
        made = {"metadata": {"name": "x", "namespace": "default"}}
        kind.default and kind.default(made)
        spare = kind.kind == "IPAddress"        # upstream gives an age too, for which there is no column
        assert len(kind.cells(made, 0)) == len(kind.columns) + spare, kind.kind


def test_every_column_is_described():
    for kind in registry().stored:
        undescribed = [column.name for column in kind.columns if not column.about]
        assert undescribed == (["Handler"] if kind.kind == "RuntimeClass" else []), kind.kind     # nor does upstream


def test_every_kind_has_an_icon_and_both_titles():
    for kind in registry().stored:
        assert kind.icon and kind.title["en"] and kind.title["zh"]


def test_an_immutable_config_map_keeps_its_data():
    old = {"metadata": {"name": "c"}, "data": {"a": "1"}, "immutable": True}
    new = {"metadata": {"name": "c"}, "data": {"a": "2"}}
    assert texts(configmap.KIND.validate_update(new, old)) == [
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set"]


def test_a_new_namespace_is_active_labelled_and_held():
    made = {"metadata": {"name": "n"}}
    namespace.KIND.default(made)
    namespace.KIND.prepare_create(made)
    assert made == {"metadata": {"name": "n", "labels": {"kubernetes.io/metadata.name": "n"}},
                    "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def test_a_nodes_row_says_whether_it_is_ready_and_cordoned():
    made = {"metadata": {"name": "n"}, "spec": {"unschedulable": True}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert node.status_word(made) == "Ready,SchedulingDisabled"
    assert node.cells(made, 0)[2] == "<none>"


def test_allocatable_is_in_numbers():
    made = {"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "1500m", "memory": "1Ki", "pods": "110"}}}
    assert node.allocatable(made) == {"cpu": 1500, "memory": 1024, "pods": 110}


def test_a_taint_is_unique_by_key_and_effect():
    taint = {"key": "a", "effect": "NoSchedule"}
    made = {"metadata": {"name": "n"}, "spec": {"taints": [taint, {**taint, "value": "x"}]}}
    assert texts(node.KIND.validate(made)) == [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"x","Effect":"NoSchedule","TimeAdded":null}: '
        "taints must be unique by key and effect pair"]


def test_an_event_of_the_new_group_needs_more():
    made = {"metadata": {"name": "e", "namespace": "default"}, "involvedObject": {"namespace": "default"}, "type": "Normal"}
    assert event.KIND.validate(made) == []
    assert texts(event.validate_strictly(made)) == ["eventTime: Required value"]


def test_coordination_fields_of_a_lease_are_dropped():
    made = {"metadata": {"name": "l"}, "spec": {"strategy": "x", "holderIdentity": "h"}}
    lease.KIND.prepare_create(made)
    assert made["spec"] == {"holderIdentity": "h"}


def test_a_service_account_keeps_only_the_names_of_its_secrets():
    made = {"metadata": {"name": "s"}, "secrets": [{"name": "a", "kind": "Secret"}]}
    serviceaccount.KIND.prepare_create(made)
    assert made["secrets"] == [{"name": "a"}]


@pytest.mark.parametrize(("change", "is_renewal"), [
    ({"spec": {"renewTime": "2"}}, True), ({"metadata": {"uid": "1"}}, False), ({"metadata": {"uid": "2", "ownerReferences": OWNERS}}, False),
    ({"metadata": {"uid": "1", "ownerReferences": [{"uid": "3"}]}}, False),
    ({"metadata": {"uid": "1", "ownerReferences": OWNERS, "deletionTimestamp": "t"}}, False),
])
def test_a_lease_is_merely_renewed_where_it_stays_whose_it_is(change, is_renewal):
    held = {"metadata": {"uid": "1", "ownerReferences": OWNERS}, "spec": {"renewTime": "1"}}
    assert lease.only_renews(held, {**held, **change}) is is_renewal
