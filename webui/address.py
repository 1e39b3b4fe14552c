"""Which sandbox a Kubernetes request is for: the one that its path names, `/k8s/TOKEN/…`, or, at the root, the one that its headers name.

`kubectl proxy` sends what it is asked to the root of its server, with the kubeconfig's credentials but without its path. Over plain
HTTP clients send no token and no certificate of a kubeconfig, but they do say as whom they want to act; so a kubeconfig of ours acts
as AS, who is nobody else than its own user, and says the sandbox's TOKEN as an extra of it. No page of another site can send such a
header without being asked whether it may, which is never answered.

Source: k8s.io/client-go tools/clientcmd/client_config.go (ClientConfig: impersonation is read before it is asked whether there is TLS);
k8s.io/kubectl pkg/proxy/proxy_server.go (NewProxyHandler, AppendLocationPath).
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "/k8s/"
AS = "podlife-sandbox"
KEY = "podlife-sandbox"
USER, EXTRA = "impersonate-user", "impersonate-extra-"


class Address(NamedTuple):
    """token: the sandbox's; session: a terminal's mark, or ""; path: within the sandbox's API; headers: without what named the sandbox."""

    token: str
    session: str
    path: str
    headers: dict[str, str]


def address_of(scope: dict) -> Address | None:
    """Where a request or a socket leads; None when it is not for a sandbox's API."""
    is_by_path = scope["path"].startswith(PREFIX)
    if not is_by_path and not any(name.lower() == (EXTRA + KEY).encode() for name, _ in scope["headers"]):
        return None
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    named, headers = without_name(headers)
    if not is_by_path:
        return Address(named, "", scope["path"], headers)
    token, _, rest = scope["path"][len(PREFIX) :].partition("/")
    token, _, session = token.partition("~")  # the mark of a terminal of the page, in its kubeconfig
    return Address(token, session, "/" + rest, headers)


def without_name(headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """(the token that headers name, or "", and the other headers). Who acts as AS acts as nobody else; `--as` says otherwise."""
    token = headers.get(EXTRA + KEY, "")
    if headers.get(USER) == AS:
        return token, {name: value for name, value in headers.items() if name not in (USER, EXTRA + KEY)}
    return token, {name: value for name, value in headers.items() if name != EXTRA + KEY} if token else headers


def credentials(token: str) -> dict:
    """The user of a kubeconfig, by which `address_of` finds the sandbox at the root."""
    return {"as": AS, "as-user-extra": {KEY: [token]}}
