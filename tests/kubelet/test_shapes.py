"""What follows from a Pod's spec alone."""

import pytest

from cluster.kubelet.shapes import shape_of

APP = {"name": "app", "image": "a"}
RULE = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}


def test_init_containers_that_go_on_are_sidecars_and_the_rest_are_not():
    shape = shape_of({"initContainers": [{"name": "one"}, {"name": "side", "restartPolicy": "Always"}], "containers": [APP]})
    assert [each["name"] for each in shape.inits] == ["one", "side"] and shape.sidecars == ("side",)


@pytest.mark.parametrize(("probe", "names"), [("startupProbe", ("app",)), ("readinessProbe", ("app",)), ("livenessProbe", ())])
def test_a_status_shows_what_startup_and_readiness_probes_find(probe, names):
    assert shape_of({"containers": [{**APP, probe: {}}]}).probed == names


@pytest.mark.parametrize(("rule", "can"), [(RULE, True), ({**RULE, "action": "Restart"}, False)])
def test_a_rule_that_restarts_all_may_stand_with_any_container(rule, can):
    assert shape_of({"initContainers": [{"name": "i", "restartPolicyRules": [rule]}], "containers": [APP]}).can_reset is can


@pytest.mark.parametrize("spec", [{"resources": {}}, {"overhead": {"cpu": "1"}},
                                  {"initContainers": [{"name": "i", "resources": {"limits": {"cpu": "1"}}}]}])
def test_resources_may_be_said_for_the_pod_or_for_any_container(spec):
    assert shape_of({"containers": [APP], **spec}).has_amounts
    assert not shape_of({"containers": [{**APP, "resources": {}}]}).has_amounts


def test_a_spec_that_was_replaced_is_read_anew():
    spec = {"containers": [APP]}
    assert shape_of(spec) is shape_of(spec)
    assert shape_of({**spec, "overhead": {"cpu": "1"}}).has_amounts and not shape_of(spec).has_amounts


@pytest.mark.parametrize(("spec", "has"), [({}, False), ({"containers": [{**APP, "livenessProbe": {}}]}, True),
                                           ({"initContainers": [{"name": "i", "restartPolicy": "Always", "startupProbe": {}}]}, True)])
def test_probes_of_all_three_kinds_are_kept_up(spec, has):
    assert shape_of({"containers": [APP], **spec}).has_probes is has


@pytest.mark.parametrize(("port", "has"), [({"containerPort": 80}, False), ({"containerPort": 80, "hostPort": 8080}, True)])
def test_only_a_host_port_is_one_of_the_node(port, has):
    assert shape_of({"containers": [{**APP, "ports": [port]}]}).has_host_ports is has


@pytest.mark.parametrize("spec", [{"initContainers": [{"name": "i"}]}, {"overhead": {"cpu": "1"}}, {"ephemeralContainers": [{"name": "e"}]},
                                  {"readinessGates": [{"conditionType": "a/b"}]}, {"containers": [{**APP, "livenessProbe": {}}]}])
def test_a_pod_is_simple_while_there_is_nothing_but_app_containers(spec):
    assert shape_of({"containers": [APP]}).is_simple and not shape_of({"containers": [APP], **spec}).is_simple
