"""How a request between Pods is drawn: from the one to the other, and no call to the runtime."""

from cluster.engine import TraceEvent
from cluster.picture.projector import flights


def test_a_request_between_pods_flies_from_its_client_to_who_answers_it():
    data = {"node": "k8snode1", "pod": "default/web", "source": "pods/default/client", "asked": "GET /", "code": 200, "client": "client", "port": 80}
    [drawn] = flights(TraceEvent(7, 100, "containerd/k8snode1", "RequestAnswered", "pods/default/web", 0, data))
    assert (drawn["from"], drawn["to"], drawn["label"], drawn["code"]) == ("pods/default/client", "pods/default/web", "GET /", 200)
