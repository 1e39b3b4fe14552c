"""Tables: a container's variables, the files of /etc and the user. Messages: kubernetes pkg/kubelet, pkg/fieldpath."""

from __future__ import annotations

import base64

import pytest

from cluster.kubelet import downward, env_file, environment, services, surroundings
from cluster.kubelet.environment import Unset

CONFIG = {"kind": "ConfigMap", "data": {"COLOR": "red", "size": "xl"}}
SECRET = {"kind": "Secret", "data": {"PASSWORD": base64.b64encode(b"s3cret").decode()}}
OBJECTS = {("configmaps", "conf"): CONFIG, ("secrets", "pass"): SECRET}
POD = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "labels": {"b": "2", "a": '1"'}, "annotations": {"n": "v"}},
    "spec": {"nodeName": "n1", "serviceAccountName": "robot", "containers": [
        {"name": "app", "resources": {"limits": {"cpu": "1500m", "memory": "64Mi"}, "requests": {"cpu": "250m"}}}]},
}  # fmt: skip


def variables(*entries, env_from=(), told=None, files=None):
    spec = {**POD["spec"]["containers"][0], "env": list(entries), "envFrom": list(env_from)}
    return environment.variables(
        POD,
        spec,
        services=told or {},
        look=lambda resource, name: OBJECTS.get((resource, name)),
        find=lambda volume, path: (files or {}).get(f"{volume}/{path}"),
        facts={"pod_ip": "10.244.0.9", "host_ip": "10.200.0.11"},
        allocatable=lambda: {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "9Gi"},
    )


def one(**source):
    return {"name": "X", "valueFrom": source}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"fieldRef": {"fieldPath": "metadata.labels"}}, 'a="1\\""\nb="2"'),
        ({"fieldRef": {"fieldPath": "metadata.annotations['n']"}}, "v"),
        ({"fieldRef": {"fieldPath": "metadata.labels['none']"}}, ""),
        ({"fieldRef": {"fieldPath": "spec.serviceAccountName"}}, "robot"),
        ({"fieldRef": {"fieldPath": "status.hostIPs"}}, "10.200.0.11"),
        ({"resourceFieldRef": {"resource": "limits.cpu"}}, "2"),
        ({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}, "1500"),
        ({"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m", "containerName": "app"}}, "250"),
        ({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}, "64"),
        ({"resourceFieldRef": {"resource": "limits.ephemeral-storage", "divisor": "1Gi"}}, "9"),
        ({"resourceFieldRef": {"resource": "requests.memory"}}, "0"),
        ({"configMapKeyRef": {"name": "conf", "key": "COLOR"}}, "red"),
        ({"secretKeyRef": {"name": "pass", "key": "PASSWORD"}}, "s3cret"),
        ({"fileKeyRef": {"volumeName": "v", "path": "e", "key": "B"}}, "two\nlines"),
    ],
)
def test_a_variable_from_somewhere(source, text):
    assert variables(one(**source), files={"v/e": "A='1'\nB='two\nlines' # said\n"}) == {"X": text}


@pytest.mark.parametrize(("which", "own", "text"), [("cpu", {}, "2"), ("memory", {}, str(8 * 1024**3)), ("cpu", {"cpu": "3"}, "3")])
def test_a_limit_that_a_container_does_not_set_is_its_pods_or_else_the_nodes(which, own, text):
    pod = {"spec": {"resources": {"limits": {"cpu": "1250m"}}, "containers": []}}
    container = {"name": "app", "resources": {"limits": own}}
    assert downward.resource(pod, container, {"resource": f"limits.{which}"}, {"cpu": "4", "memory": "8Gi"}) == text


@pytest.mark.parametrize(
    ("context", "found"),
    [
        ({"supplementalGroups": [60000]}, (1000, 1000, (50000, 60000))),
        ({"supplementalGroups": [60000], "supplementalGroupsPolicy": "Strict"}, (1000, 1000, (60000,))),
        ({"runAsGroup": 3}, (1000, 3, (50000,))),
    ],
)
def test_groups_of_the_image_count_unless_the_policy_is_strict(context, found):
    pod = {"metadata": {}, "spec": {"securityContext": {"runAsUser": 1000, **context}}}
    assert surroundings.identity(pod, {"name": "app"}, "registry.k8s.io/e2e-test-images/agnhost:2.63.0") == found
    assert surroundings.identity(pod, {"name": "app"}, "busybox:1")[1] == context.get("runAsGroup", 0)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
        ({"configMapKeyRef": {"name": "conf", "key": "k"}}, "couldn't find key k in ConfigMap shop/conf"),
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        ({"secretKeyRef": {"name": "pass", "key": "k"}}, "couldn't find key k in Secret shop/pass"),
        ({"resourceFieldRef": {"resource": "limits.cpu", "containerName": "who"}}, "container who not found"),
        ({"fileKeyRef": {"volumeName": "v", "path": "none", "key": "A"}}, "couldn't parse env file"),
    ],
)
def test_a_variable_that_cannot_be_had_says_why(source, message):
    with pytest.raises(Unset) as error:
        variables(one(**source))
    assert str(error.value) == message


def test_what_is_optional_is_left_out():
    keys = [{"configMapKeyRef": {"name": "none", "key": "k", "optional": True}}, {"secretKeyRef": {"name": "pass", "key": "k", "optional": True}}]
    missing = {"configMapRef": {"name": "none", "optional": True}}
    assert variables(*(one(**key) for key in keys), env_from=[missing]) == {}


def test_own_variables_come_over_those_of_env_from_and_services_last():
    told = {"DB_SERVICE_HOST": "10.96.0.7", "COLOR": "never"}
    entries = ({"name": "size", "value": "$(C_COLOR)-$(DB_SERVICE_HOST)-$(later)"}, {"name": "later", "value": "$$(size)"})
    env_from = [{"prefix": "C_", "configMapRef": {"name": "conf"}}, {"configMapRef": {"name": "conf"}}, {"secretRef": {"name": "pass"}}]
    assert variables(*entries, env_from=env_from, told=told) == {
        "C_COLOR": "red", "C_size": "xl", "COLOR": "red", "size": "red-10.96.0.7-$(later)", "PASSWORD": "s3cret", "later": "$(size)",
        "DB_SERVICE_HOST": "10.96.0.7"}  # fmt: skip


def service(name, namespace, address, *ports):
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address, "ports": list(ports)}}


def test_services_of_the_namespace_and_the_api_servers_own_are_told():
    known = [
        service("kubernetes", "default", "10.96.0.1", {"name": "https", "port": 443}),
        service("my-db", "shop", "10.96.0.7", {"port": 5432}),
        service("headless", "shop", "None", {"port": 1}),
        service("other", "default", "10.96.0.8", {"port": 1}),
    ]
    found = services.variables_of(known, "shop", True)
    assert {name: text for name, text in found.items() if name.startswith("MY_DB")} == {
        "MY_DB_SERVICE_HOST": "10.96.0.7", "MY_DB_SERVICE_PORT": "5432", "MY_DB_PORT": "tcp://10.96.0.7:5432",
        "MY_DB_PORT_5432_TCP": "tcp://10.96.0.7:5432", "MY_DB_PORT_5432_TCP_PROTO": "tcp", "MY_DB_PORT_5432_TCP_PORT": "5432",
        "MY_DB_PORT_5432_TCP_ADDR": "10.96.0.7"}  # fmt: skip
    assert found["KUBERNETES_SERVICE_PORT_HTTPS"] == "443" and not any(name.startswith(("OTHER", "HEADLESS")) for name in found)
    assert all(name.startswith("KUBERNETES") for name in services.variables_of(known, "shop", False))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [("A='1'", "A", "1"), ("# no\n\n  A='1' # yes", "A", "1"), ("A= 'x'", "A", ""), ("A='1'\nA='2'", "A", "1"), ("A='1'", "B", "")],
)
def test_a_file_of_variables_is_read_strictly(text, key, value):
    assert env_file.value_of(text, key) == value


@pytest.mark.parametrize("text", ["A=1", "A", "A ='1'", "='1'", "A='1", "A='1' x"])
def test_a_file_that_is_none_of_variables_is_refused(text):
    with pytest.raises(env_file.Malformed):
        env_file.value_of(text, "A")


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"),
        ({"dnsPolicy": "Default"}, "nameserver 10.9.9.9\n"),
        ({"hostNetwork": True}, "nameserver 10.9.9.9\n"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["my.dom"], "options": [{"name": "edns0"}]}},
         "search my.dom\nnameserver 1.1.1.1\noptions edns0\n"),
        ({"dnsConfig": {"nameservers": ["1.1.1.1"], "options": [{"name": "ndots", "value": "2"}]}},
         "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\nnameserver 1.1.1.1\noptions ndots:2\n"),
    ],
)  # fmt: skip
def test_the_resolver_follows_policy_and_config(spec, text):
    assert surroundings.resolver({"metadata": POD["metadata"], "spec": spec}, "10.9.9.9") == text


SERVERS = "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
SEARCHES = "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
OWN = "shop.svc.cluster.local svc.cluster.local cluster.local"
LETTERS = [letter * 250 for letter in "abcdefghi"]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"nameservers": ["1.1.1.1", "8.8.8.8"], "searches": ["my.dom"]}, []),
        ({"nameservers": ["1.1.1.1", "10.96.0.10", "8.8.8.8"]}, []),
        ({"nameservers": ["1.1.1.1", "8.8.8.8", "9.9.9.9"]}, [SERVERS + "10.96.0.10 1.1.1.1 8.8.8.8"]),
        ({"searches": [f"d{each}" for each in range(30)]}, [f"{SEARCHES}{OWN} {' '.join(f'd{each}' for each in range(29))}"]),
        ({"searches": ["a" * 254, "b"]}, [f"{SEARCHES}{OWN} b"]),
        ({"searches": LETTERS}, [f"{SEARCHES}{OWN} {' '.join(LETTERS[:7])}"]),
    ],
)
def test_what_a_resolver_does_not_take_is_left_out_and_told(config, told):
    """Source: pkg/kubelet/network/dns/dns.go (formDNSConfigFitsLimits)."""
    pod = {"metadata": POD["metadata"], "spec": {"dnsConfig": config}}
    assert surroundings.beyond_limits(pod, "10.9.9.9") == told
    assert all(words.rpartition(": ")[2].split()[-1] in surroundings.resolver(pod, "10.9.9.9") for words in told)


def test_hosts_names_the_pod_its_domain_and_its_aliases():
    spec = {"subdomain": "db", "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}]}
    text = surroundings.hosts({"metadata": POD["metadata"], "spec": spec}, name="web", address="10.244.0.9", of_node="")
    assert text.endswith("10.244.0.9\tweb.db.shop.svc.cluster.local\tweb\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n")


@pytest.mark.parametrize(
    ("pod", "own", "user"),
    [({}, {}, 0), ({"runAsUser": 7}, {}, 7), ({"runAsUser": 7}, {"runAsUser": 0}, 0), ({"runAsUser": 7, "runAsNonRoot": True}, {}, 7)],
)
def test_the_containers_own_user_comes_first(pod, own, user):
    found = {"metadata": POD["metadata"], "spec": {"securityContext": pod}}
    assert surroundings.user_of(found, {"name": "app", "securityContext": own}, "docker.io/library/busybox:1") == user


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, 'container has runAsNonRoot and image will run as root (pod: "web_shop(u-1)", container: app)'),
        ({"runAsUser": 0}, 'container\'s runAsUser breaks non-root policy (pod: "web_shop(u-1)", container: app)'),
    ],
)
def test_a_container_that_would_be_root_and_may_not_is_refused(own, message):
    found = {"metadata": POD["metadata"], "spec": {"securityContext": {"runAsNonRoot": True}}}
    with pytest.raises(surroundings.Refused) as error:
        surroundings.user_of(found, {"name": "app", "securityContext": own}, "docker.io/library/busybox:1")
    assert str(error.value) == message


@pytest.mark.parametrize("says", [{}, {"workingDir": "/srv"}, {"shareProcessNamespace": True}, {"hostPID": True}, {"hostNetwork": True}])
def test_a_container_of_which_nothing_is_said_is_what_one_with_an_empty_word_is(says):
    """The short way says what the long way says: an explicit false leads along it."""
    spec = {"name": "app", "image": "busybox:1", **{name: value for name, value in says.items() if name == "workingDir"}}
    pod = {"metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {"containers": [spec], **says}}
    about = {"name": "web", "address": "10.1.2.3", "node_hosts": "127.0.0.1\tlocalhost\n", "node_resolver": "10.200.0.1", "users": {}}
    image = "docker.io/library/busybox:1"
    long = surroundings.around(pod, {**spec, "securityContext": {"readOnlyRootFilesystem": False}}, image, **about)
    assert surroundings.around(pod, spec, image, **about) == long
