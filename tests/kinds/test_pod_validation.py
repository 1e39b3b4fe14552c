"""Rules for Pods, one row each: what is wrong, and the words for it."""
from __future__ import annotations

import pytest

from cluster.kinds import pod
from cluster.meta.objects import draft

from .objects import a_pod, texts, with_container

ENV = "spec.containers[0].env[0]"
LIVENESS = "spec.containers[0].livenessProbe"
IN_CONTAINER = [
    ({"image": ""}, ["spec.containers[0].image: Required value"]),
    ({"image": " i"}, ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace']),
    ({"imagePullPolicy": "Soon"},
     ['spec.containers[0].imagePullPolicy: Unsupported value: "Soon": supported values: "Always", "IfNotPresent", "Never"']),
    ({"terminationMessagePolicy": "x"},
     ['spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"']),
    ({"ports": [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]},
     ['spec.containers[0].ports[1].name: Duplicate value: "a"']),
    ({"env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
     [f'{ENV}.valueFrom: Invalid value: "": may not be specified when `value` is not empty']),
    ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}]},
     [f'{ENV}.valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", '
      '"metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", '
      '"status.podIP", "status.podIPs"']),
    ({"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]},
     [f'{ENV}.valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": '
      "only divisor's values 1m and 1 are supported with the cpu resource"]),
    ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c"}}}]},
     [f"{ENV}.valueFrom.configMapKeyRef.key: Required value"]),
    ({"envFrom": [{"configMapRef": {"name": ""}}]}, ["spec.containers[0].envFrom[0].configMapRef.name: Required value"]),
    ({"livenessProbe": {}}, [f"{LIVENESS}: Required value: must specify a handler type"]),
    ({"livenessProbe": {"tcpSocket": {"port": 0}}},
     [f"{LIVENESS}.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive"]),
    ({"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}},
     ["spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: "
      "must be non-negative and less than terminationGracePeriodSeconds (30)"]),
    ({"resources": {"limits": {"memory": "-1"}}},
     ['spec.containers[0].resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"resources": {"requests": {"hugepages-2Mi": "3Mi", "cpu": "1"}, "limits": {"hugepages-2Mi": "3Mi"}}},
     ['spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": '
      "3Mi is not positive integer multiple of hugepages-2Mi",
      'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": '
      "3Mi is not positive integer multiple of hugepages-2Mi"]),
    ({"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]},
     ["spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used"]),
    ({"securityContext": {"runAsUser": -1}},
     ["spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"]),
    ({"volumeDevices": [{"name": "v", "devicePath": "/dev/x"}]},
     ['spec.containers[0].volumeDevices[0].name: Not found: "v"']),
]
IN_SPEC = [
    ({"hostNetwork": True, "containers": [{"name": "a", "image": "i", "ports": [{"containerPort": 80, "hostPort": 81}]}]},
     ["spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"]),
    ({"dnsPolicy": "None"}, ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
    ({"dnsConfig": {"nameservers": ["1.1.1.1"] * 4}},
     ['spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.1","1.1.1.1","1.1.1.1"]: must not have more than 3 nameservers']),
    ({"tolerations": [{"value": "x"}]},
     ['spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, '
      'which means "match all values and all keys"']),
    ({"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 3}]},
     ['spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set']),
    ({"schedulingGates": [{"name": "a"}, {"name": "a"}]}, ['spec.schedulingGates[1]: Duplicate value: "a"']),
    ({"volumes": [{"name": "v", "hostPath": {"path": "/a/../b"}}]},
     ['spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'']),
    ({"volumes": [{"name": "v", "emptyDir": {}, "configMap": {"name": "c"}}]},
     ["spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"]),
    ({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}]},
     ["spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: "
      "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"]),
    ({"overhead": {"cpu": "-1"}}, ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"os": {"name": "beos"}}, ['spec.os: Unsupported value: "beos": supported values: "linux", "windows"']),
    ({"ephemeralContainers": [{"name": "e", "image": "i"}]}, ["spec.ephemeralContainers: Forbidden: cannot be set on create"]),
]


@pytest.mark.parametrize(("fields", "wanted"), IN_CONTAINER)
def test_a_container_is_refused_in_upstreams_words(fields, wanted):
    assert texts(pod.KIND.validate(with_container(**fields))) == wanted


@pytest.mark.parametrize(("fields", "wanted"), IN_SPEC)
def test_a_pod_is_refused_in_upstreams_words(fields, wanted):
    assert texts(pod.KIND.validate(a_pod(**fields))) == wanted


def test_a_plain_pod_has_nothing_wrong():
    assert pod.KIND.validate(a_pod()) == []


def test_errors_come_in_the_order_of_the_spec_and_not_of_the_fields():
    found = texts(pod.KIND.validate(a_pod(hostname="A", restartPolicy="x", volumes=[{"name": "V", "emptyDir": {}}])))
    assert [text.partition(":")[0] for text in found] == ["spec.volumes[0].name", "spec.restartPolicy", "spec.hostname"]


def test_only_images_deadline_tolerations_and_gates_may_change():
    old = a_pod()
    new = draft(old)
    new["spec"]["containers"][0]["image"] = "nginx:2"
    new["spec"]["activeDeadlineSeconds"] = 5
    new["spec"]["tolerations"] = [{"key": "a", "operator": "Exists"}]
    assert pod.KIND.validate_update(new, old) == []
    new["spec"]["hostname"] = "h"
    found = texts(pod.KIND.validate_update(new, old))
    assert len(found) == 1
    assert found[0].startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
    assert '+ "hostname": "h",' in found[0]


def test_a_deadline_may_not_grow():
    old, new = a_pod(activeDeadlineSeconds=5), a_pod(activeDeadlineSeconds=6)
    assert texts(pod.KIND.validate_update(new, old)) == [
        "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"]


def test_an_ended_container_that_may_not_restart_stays_ended():
    ended = {"containerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": 1}}}]}
    running = {"containerStatuses": [{"name": "app", "state": {"running": {}}}]}
    for policy, wanted in (("Always", 0), ("OnFailure", 0), ("Never", 1)):
        old = {**a_pod(restartPolicy=policy), "status": ended}
        assert len(pod.KIND.validate_status({**old, "status": running}, old)) == wanted


def test_a_resize_may_change_cpu_but_not_the_image():
    old = with_container(resources={"requests": {"cpu": "1"}})
    new = draft(old)
    new["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2"
    assert pod.KIND.validate_for["resize"](new, old) == []
    new["spec"]["containers"][0]["image"] = "other"
    assert texts(pod.KIND.validate_for["resize"](new, old)) == ["spec: Forbidden: only cpu and memory resources are mutable"]


@pytest.mark.parametrize("rest", [{"claims": [{"name": "gpu"}]}, {"limits": {}}])
def test_a_resize_leaves_the_rest_of_the_resources_as_it_was(rest):
    old = with_container(resources={"requests": {"cpu": "1"}, **rest})
    old["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimName": "g"}]
    new = draft(old)
    new["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "2"}
    assert pod.KIND.validate_for["resize"](new, old) == []
    new["spec"]["containers"][0]["resources"] |= {"claims": [{"name": "gpu", "request": "other"}]}
    assert texts(pod.KIND.validate_for["resize"](new, old)) == ["spec: Forbidden: only cpu and memory resources are mutable"]


def test_ephemeral_containers_are_never_taken_away():
    new = a_pod()
    old = a_pod(ephemeralContainers=[{"name": "debug", "image": "i"}])
    assert texts(pod.KIND.validate_for["ephemeralcontainers"](new, old)) == [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n']
