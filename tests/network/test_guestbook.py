"""agnhost's guestbook: what is set at the primary is at its replica, and a front end asks both."""

from cluster.runtime.http import answer_of
from cluster.runtime.wire import Wire
from tests.network.test_services import Cluster, pod, service

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"


def node(name, *arguments):
    """A Pod that is one node of it."""
    made = pod(name, AGNHOST, labels={"app": name})
    made["spec"]["containers"][0].update(args=["guestbook", *arguments])
    made["spec"]["containers"][0]["ports"] = []
    return made


def test_what_is_set_at_the_front_end_is_read_there():
    ports = [{"port": 6379, "targetPort": 6379}]
    services = [service(name, selector={"app": name}, ports=ports) for name in ("agnhost-primary", "agnhost-replica")]
    primary = node("agnhost-primary", "--http-port", "6379")
    cluster = Cluster(*services, primary)
    cluster.create(node("agnhost-replica", "--replicaof", "agnhost-primary", "--http-port", "6379"))
    cluster.create(node("front"))
    cluster.settle()
    runtime = next(iter(cluster.simulation.nodes.values())).runtime
    address = cluster.stored("pods/default/front")["status"]["podIP"]

    def asked(query):
        text = f"GET /guestbook?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        found = answer_of(Wire(runtime).exchange(address, 80, text).text)
        return found.code, found.body

    assert asked("cmd=get&key=messages") == (200, '{"data":""}')
    assert asked("cmd=set&key=messages&value=TestEntry") == (200, '{"message":"Updated"}')
    assert asked("cmd=get&key=messages") == (200, '{"data":"TestEntry"}')
    assert asked("cmd=drop")[0] == 400
