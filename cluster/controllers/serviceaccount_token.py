"""serviceaccount-token-controller: fills Secrets that are to hold a ServiceAccount's token, and removes those whose account is gone.

Source: pkg/controller/serviceaccount/tokens_controller.go.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from cluster.apiserver import tokens
from cluster.client import Client, Controller
from cluster.engine import Sleep
from cluster.kinds.secret import ACCOUNT_NAME, ACCOUNT_TOKEN, ACCOUNT_UID
from cluster.meta.objects import key_of, split_key

from .root_ca import CERTIFICATE

UNLIST_TRIES, UNLIST_WAIT_MS = 10, 100  # RemoveTokenBackoff; each wait is up to twice as long
CLUSTER = "kube-system"  # the namespace whose uid is the cluster's


def account_of(secret: dict) -> tuple[str, str]:
    """(name, uid or "") of the account that a Secret names."""
    annotations = secret["metadata"].get("annotations") or {}
    return annotations.get(ACCOUNT_NAME, ""), annotations.get(ACCOUNT_UID, "")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class ServiceAccountTokenController(Controller):
    """Its keys are Secrets. It works as the controller manager itself, not as an account of its own."""

    NAME = "serviceaccount-token-controller"
    RESOURCE = "secrets"

    def setup(self) -> None:
        self.client = Client(self, user="system:kube-controller-manager", groups=["system:authenticated"], manager=self.MANAGER)

    def watch(self, informers) -> None:
        self.accounts = informers.watch("serviceaccounts")
        self.secrets = informers.watch("secrets")
        self.namespaces = informers.watch("namespaces")
        self.accounts.on(self.on_account)
        self.secrets.on(self.on_secret)

    def on_account(self, kind: str, old: dict | None, new: dict) -> None:
        """The tokens of an account that is gone go too. Source: syncServiceAccount, IsServiceAccountToken."""
        meta = new["metadata"]
        for secret in self.secrets.items() if kind == "DELETED" else ():
            is_its_own = secret["metadata"]["namespace"] == meta["namespace"] and account_of(secret) == (meta["name"], meta["uid"])
            if secret.get("type") == ACCOUNT_TOKEN and is_its_own:
                self.queue.add(key_of(secret))

    def on_secret(self, kind: str, old: dict | None, new: dict) -> None:
        if new.get("type") != ACCOUNT_TOKEN:
            return
        if kind == "DELETED":
            self.work(self._unlist(new))
        else:
            self.queue.add(key_of(new))

    def sync(self, key: str) -> Iterator[Any]:
        secret = self.secrets.get(key)
        if secret is None or secret.get("type") != ACCOUNT_TOKEN:
            return None
        namespace, _ = split_key(key)
        name, uid = account_of(secret)
        account = self.accounts.get(f"{namespace}/{name}")
        if account is None or uid not in ("", account["metadata"]["uid"]):
            reply = yield self.client.get("serviceaccounts", name, namespace)
            if not reply.ok and reply.code != 404:
                return "retry"
            account = reply.body if reply.ok and uid in ("", reply.body["metadata"]["uid"]) else None
        return (yield from self._fill(secret, account) if account else self._remove(secret))

    def _remove(self, secret: dict) -> Iterator[Any]:
        meta = secret["metadata"]
        reply = yield self.client.delete("secrets", meta["name"], meta["namespace"], uid=meta["uid"])
        return None if reply.ok or reply.code in (404, 409) else "retry"

    def _fill(self, secret: dict, account: dict) -> Iterator[Any]:
        """Write what is missing into a Secret. Source: generateTokenIfNeeded."""
        if not self._missing(secret, account):
            return None
        meta = secret["metadata"]
        reply = yield self.client.get("secrets", meta["name"], meta["namespace"])
        if not reply.ok:
            return None if reply.code == 404 else "retry"
        live = reply.body
        if live["metadata"]["resourceVersion"] != meta["resourceVersion"]:
            return None  # news of it are on their way
        of_account = account["metadata"]
        annotations = {**(live["metadata"].get("annotations") or {}), ACCOUNT_NAME: of_account["name"], ACCOUNT_UID: of_account["uid"]}
        data = {**(live.get("data") or {}), **self._missing(live, account)}
        reply = yield self.client.update("secrets", {**live, "metadata": {**live["metadata"], "annotations": annotations}, "data": data})
        return None if reply.ok or reply.code in (404, 409) else "retry"

    def _missing(self, secret: dict, account: dict) -> dict[str, str]:
        """The entries that a Secret lacks. Source: secretUpdateNeeded."""
        data, meta = secret.get("data") or {}, secret["metadata"]
        found = {} if data.get("ca.crt") == encoded(CERTIFICATE) else {"ca.crt": encoded(CERTIFICATE)}
        if not data.get("namespace"):
            found["namespace"] = encoded(meta["namespace"])
        if not data.get("token"):
            cluster = self.namespaces.get(CLUSTER)
            key = tokens.key_of(cluster["metadata"]["uid"] if cluster else "")
            found["token"] = encoded(tokens.signed(tokens.legacy_claims(meta["namespace"], account, meta["name"]), key))
        return found

    def _unlist(self, secret: dict) -> Iterator[Any]:
        """The account of a Secret that is gone names it no longer. Source: removeSecretReference."""
        namespace, gone, (name, uid) = secret["metadata"]["namespace"], secret["metadata"]["name"], account_of(secret)
        known = self.accounts.get(f"{namespace}/{name}")
        if known is None or uid not in ("", known["metadata"]["uid"]):
            return
        for attempt in range(UNLIST_TRIES):
            if attempt:
                yield Sleep(UNLIST_WAIT_MS + self.engine.rng(self.NAME).below(UNLIST_WAIT_MS))
            reply = yield self.client.get("serviceaccounts", name, namespace)
            listed = (reply.body.get("secrets") or ()) if reply.ok else ()
            if uid not in ("", reply.body["metadata"]["uid"] if reply.ok else "") or all(each.get("name") != gone for each in listed):
                return
            left = [each for each in listed if each.get("name") != gone]
            rest = {field: value for field, value in reply.body.items() if field != "secrets"}
            reply = yield self.client.update("serviceaccounts", {**rest, "secrets": left} if left else rest)
            if reply.code != 409:
                return
