"""What every answer carries, and who may look into the admin pages: asked of Django itself, without a server."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from cluster import admin
from cluster.models import Input, Revision, Sandbox


def request_from(address: str):
    request = RequestFactory().get("/admin/", REMOTE_ADDR=address)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.0.7", False),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
        ("0.0.0.0", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_the_admin_pages_are_for_this_machine_alone(address, may):
    assert admin.site.has_permission(request_from(address)) is may


def test_nothing_can_be_changed_in_the_admin_pages():
    request = request_from("127.0.0.1")
    assert set(admin.site._registry) == {Sandbox, Input, Revision}
    for pages in admin.site._registry.values():
        assert pages.get_model_perms(request) == {"add": False, "change": False, "delete": False, "view": True}
        assert pages.get_actions(request) == {}


def test_a_sandboxs_address_is_not_shown_in_the_admin_pages():
    assert "token" not in admin.site._registry[Sandbox].get_fields(request_from("127.0.0.1"))


@pytest.mark.slow
def test_every_answer_forbids_inline_scripts_and_frames():
    answer = Client().get("/api/no-such-thing")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'" and "script-src" not in policy
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example"])
def test_a_name_that_is_not_this_machines_is_refused(host):
    assert Client().get("/api/no-such-thing", HTTP_HOST=host).status_code == 400
