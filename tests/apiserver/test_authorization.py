"""Who is asking, and whether they may."""
import pytest

from cluster.apiserver.authn import authenticate
from cluster.apiserver.authz import authorize
from cluster.meta.requests import Request
from cluster.meta.status import StatusError


def asked(user, *groups, **parts):
    request = Request(**{"verb": "list", "resource": "pods", "namespace": "a", **parts}, user=user, groups=list(groups))
    return authorize(request, authenticate(request))


@pytest.mark.parametrize("user, groups", [
    ("jane", ["system:masters"]), ("kubernetes-admin", ["kubeadm:cluster-admins"]), ("system:node:n", ["system:nodes"]),
    ("system:kube-scheduler", []), ("system:serviceaccount:kube-system:replicaset-controller", []),
])
def test_admins_and_components_may(user, groups):
    assert asked(user, *groups)


def test_others_may_not():
    with pytest.raises(StatusError) as refusal:
        asked("jane")
    assert refusal.value.message == 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "a"'


def test_a_subresource_is_named_in_the_refusal():
    with pytest.raises(StatusError) as refusal:
        asked("jane", verb="get", name="p", subresource="log")
    assert 'cannot get resource "pods/log"' in refusal.value.message


def test_a_workloads_service_account_may_not():
    with pytest.raises(StatusError):
        asked("system:serviceaccount:default:default")


def test_everybody_known_may_discover():
    assert asked("jane", verb="raw", resource="", path="/apis/apps/v1") == "ClusterRoleBinding system:discovery"
    with pytest.raises(StatusError):
        asked("system:anonymous", verb="raw", resource="", path="/apis")
    assert asked("system:anonymous", verb="raw", resource="", path="/version")


def test_impersonation_gives_up_ones_own_groups():
    options = {"Impersonate-User": "system:serviceaccount:a:b"}
    found = authenticate(Request(verb="list", user="admin", groups=["system:masters"], options=options))
    assert (found.user, found.behind) == ("system:serviceaccount:a:b", "admin")
    assert found.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")
