"""Which sandbox a Kubernetes request is for, and that what names it at the root goes no further."""

import pytest

from webui.address import AS, address_of, credentials
from webui.kubeconfig import kubeconfig_text

NAMED, AS_ITSELF = ("Impersonate-Extra-Podlife-Sandbox", "T"), ("Impersonate-User", AS)


def scope(path: str, *headers: tuple[str, str]) -> dict:
    return {"path": path, "headers": [(name.lower().encode(), value.encode()) for name, value in headers]}


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/k8s/T/api/v1/pods", [], ("T", "", "/api/v1/pods", {})),
        ("/k8s/T~mark/api", [], ("T", "mark", "/api", {})),
        ("/k8s/T", [], ("T", "", "/", {})),
        ("/k8s/other/api", [NAMED, AS_ITSELF], ("other", "", "/api", {})),
        ("/api/v1/pods", [NAMED, AS_ITSELF, ("Accept", "a/b")], ("T", "", "/api/v1/pods", {"accept": "a/b"})),
        ("/version", [NAMED, ("Impersonate-User", "bob")], ("T", "", "/version", {"impersonate-user": "bob"})),
        ("/k8s/T/api", [AS_ITSELF, ("Impersonate-Group", "g")], ("T", "", "/api", {"impersonate-group": "g"})),  # the API server refuses it
        ("/k8s/T/api", [("Impersonate-User", "bob"), ("Impersonate-Extra-A", "b")],
         ("T", "", "/api", {"impersonate-user": "bob", "impersonate-extra-a": "b"})),
        ("/", [NAMED], ("T", "", "/", {})),
    ],
)
def test_a_sandbox_is_named_by_the_path_or_else_by_the_headers(path, headers, expected):
    assert address_of(scope(path, *headers)) == expected


@pytest.mark.parametrize("headers", [[], [AS_ITSELF], [("Authorization", "Bearer T")], [("Impersonate-Extra-Other", "T")]])
@pytest.mark.parametrize("path", ["/api/v1/pods", "/api/sandboxes", "/", "/apis", "/k8s", "/ws/s/main/"])
def test_the_root_is_no_sandboxs_unless_headers_name_one(path, headers):
    assert address_of(scope(path, *headers)) is None


def test_a_kubeconfig_names_its_sandbox_for_those_who_leave_the_path_out():
    assert credentials("T") == {"as": AS, "as-user-extra": {"podlife-sandbox": ["T"]}}
    assert f"as: {AS}" in kubeconfig_text("main", "http://localhost:8000/k8s/T", "T")
    assert "as" not in kubeconfig_text("main", "http://localhost:8000/k8s/T").split("user:")[-1]
