"""The API's types."""
import pytest

from cluster.meta import schema


def pod_spec():
    return schema.type_of("", "v1", "Pod").fields["spec"].type.struct


def test_lists_say_how_they_merge():
    containers = pod_spec().fields["containers"]
    assert (containers.type.merge, containers.type.keys) == ("map", ("name",))
    assert (containers.merge_key, containers.strategies) == ("name", ("merge",))
    ports = containers.type.element.struct.fields["ports"]
    assert ports.type.keys == ("containerPort", "protocol")
    assert ports.merge_key == "containerPort"


def test_fields_come_in_gos_order_with_their_go_types():
    fields = schema.type_of("apps", "v1", "Deployment").fields
    assert list(fields) == ["kind", "apiVersion", "metadata", "spec", "status"]
    assert pod_spec().fields["containers"].type.go == "[]v1.Container"


def test_atomic_maps_are_known():
    assert pod_spec().fields["nodeSelector"].type.merge == "atomic"
    assert schema.type_of("apps", "v1", "Deployment").fields["spec"].type.struct.fields["selector"].type.merge == "atomic"


@pytest.mark.slow
def test_every_type_has_the_fields_of_its_published_schema():
    published = schema.definitions()
    for name, definition in published.items():
        struct = schema.struct_of(name)
        if struct is not None:
            assert set(struct.fields) == set(definition.get("properties", {})), name


def test_unknown_and_old_kinds_are_told_apart():
    assert schema.type_of("", "v1", "Podd") is None
    assert not schema.is_registered("", "v1", "Podd")
    assert schema.is_registered("extensions", "v1beta1", "Deployment")
