"""Requests for certificates: those of kubelets are approved, what is approved is signed, and what is old goes.

Simplified: one controller stands for the four signers of kube-controller-manager, and who may have a kubelet's certificate is asked
of the API server's rules by a SubjectAccessReview.
Source: pkg/controller/certificates/{approver/sarapprove.go,signer/signer.go,cleaner/cleaner.go,certificate_controller.go}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.engine.clock import unix_ms
from cluster.kinds import _certificates
from cluster.kinds import certificatesigningrequest as requests

from . import _authority

ACCOUNT, RESOURCE = "certificate-controller", "certificatesigningrequests"
CLUSTER = "kube-system"
SHORTEST_S, LONGEST_S = 10 * 60, _authority.YEAR_S    # --cluster-signing-duration
HOUR_MS = 3_600_000
DECIDED_MS, PENDING_MS = HOUR_MS, 24 * HOUR_MS
# subresource of what is asked of the rules -> what is said of an approval by it
APPROVALS = {
    "selfnodeclient": "Auto approving self kubelet client certificate after SubjectAccessReview.",
    "nodeclient": "Auto approving kubelet client certificate after SubjectAccessReview.",
}
SIGNERS = {
    requests.KUBELET_SERVING: _certificates.kubelet_serving_complaint,
    requests.KUBELET_CLIENT: _certificates.kubelet_client_complaint,
    requests.API_CLIENT: _certificates.api_client_complaint,
    requests.LEGACY: lambda found, usages: "",
}


class _OfRequests(Controller):
    """Its keys are requests for certificates that have none yet."""

    RESOURCE = RESOURCE
    RETRY_BASE_MS, RETRY_MAX_MS = 200, 1_000_000

    @property
    def account(self) -> str:
        return ACCOUNT

    def watch(self, informers) -> None:
        self.requests = informers.watch(RESOURCE)
        self.requests.on(self.on_request)

    def on_request(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and not requests.certificate(new) and self.concerns(new):
            self.queue.add(new["metadata"]["name"])

    def concerns(self, csr: dict) -> bool:
        """Whether there is anything to do about a request; upstream looks at each."""
        raise NotImplementedError


class ApprovingController(_OfRequests):
    """Approves a kubelet's request for its own client certificate, if the rules let it have one."""

    NAME = "certificatesigningrequest-approving-controller"

    def concerns(self, csr: dict) -> bool:
        is_decided = requests.has(csr, requests.APPROVED) or requests.has(csr, requests.DENIED)
        return not is_decided and csr["spec"].get("signerName") == requests.KUBELET_CLIENT

    def sync(self, key: str) -> Iterator[Any]:
        csr = self.requests.get(key)
        if csr is None or not self.concerns(csr):
            return None
        asked = recognized(csr)
        for subresource in asked:
            review = yield self.client.create("subjectaccessreviews", _review(csr["spec"], subresource))
            if not review.ok:
                return "retry"
            if review.body["status"].get("allowed"):
                reply = yield self.client.update(RESOURCE, _approved(csr, APPROVALS[subresource]), subresource="approval")
                return None if reply.ok or reply.code == 404 else "retry"
        return "retry" if asked else None


def recognized(csr: dict) -> list[str]:
    """Which rights would let somebody have what a request asks for."""
    found = _certificates.parse(csr["spec"].get("request") or "")
    if isinstance(found, str) or _certificates.kubelet_client_complaint(found, csr["spec"].get("usages") or []):
        return []
    return ["selfnodeclient", "nodeclient"] if csr["spec"].get("username") == found.common_name else ["nodeclient"]


def _review(spec: dict, subresource: str) -> dict:
    wanted = {"group": "certificates.k8s.io", "resource": RESOURCE, "verb": "create", "subresource": subresource, "version": "*"}
    who = {"user": spec.get("username", ""), "uid": spec.get("uid", ""), "groups": spec.get("groups") or [], "extra": spec.get("extra") or {}}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {**{name: value for name, value in who.items() if value}, "resourceAttributes": wanted},
    }


def _approved(csr: dict, message: str) -> dict:
    return _with_condition(csr, {"type": requests.APPROVED, "status": "True", "reason": "AutoApproved", "message": message})


def _with_condition(csr: dict, condition: dict) -> dict:
    status = csr.get("status") or {}
    return {**csr, "status": {**status, "conditions": [*(status.get("conditions") or ()), condition]}}


class SigningController(_OfRequests):
    """Signs what is approved for one of Kubernetes' own signers; the others are for somebody else to sign."""

    NAME = "certificatesigningrequest-signing-controller"

    def watch(self, informers) -> None:
        super().watch(informers)
        self.namespaces = informers.watch("namespaces")

    def concerns(self, csr: dict) -> bool:
        is_open = requests.has(csr, requests.APPROVED) and not any(requests.has(csr, kind) for kind in (requests.DENIED, requests.FAILED))
        return is_open and csr["spec"].get("signerName") in SIGNERS

    def sync(self, key: str) -> Iterator[Any]:
        csr = self.requests.get(key)
        if csr is None or requests.certificate(csr) or not self.concerns(csr):
            return None
        reply = yield self.client.update(RESOURCE, self._answered(key, csr), subresource="status")
        return None if reply.ok or reply.code == 404 else "retry"

    def _answered(self, key: str, csr: dict) -> dict:
        """The request with its certificate, or with why it gets none."""
        spec = csr["spec"]
        found = _certificates.parse(spec["request"])
        wrong = found if isinstance(found, str) else SIGNERS[spec["signerName"]](found, spec.get("usages") or [])
        if wrong:
            self.trace("CertificateRefused", self.subject(key), signer=spec["signerName"], message=wrong)
            now = self.engine.clock.text(self.now_ms)
            return _with_condition(
                csr,
                {"type": requests.FAILED, "status": "True", "reason": "SignerValidationFailure", "message": wrong, "lastUpdateTime": now},
            )
        seconds = lifetime_s(spec.get("expirationSeconds"))
        self.trace("CertificateIssued", self.subject(key), signer=spec["signerName"], holder=found.common_name, seconds=seconds)
        return {**csr, "status": {**(csr.get("status") or {}), "certificate": self._certificate(found, spec, seconds)}}

    def _certificate(self, found: _certificates.Parsed, spec: dict, seconds: int) -> str:
        cluster, clock = self.namespaces.get(CLUSTER), self.engine.clock
        chance = self.engine.rng("certificate-serials")
        return _authority.sign(
            found.source,
            spec.get("usages") or [],
            cluster=cluster["metadata"]["uid"] if cluster else "",
            serial=(chance.next64() >> 1) << 64 | chance.next64(),
            begin_s=clock.unix_ms(0) // 1000,
            now_s=clock.unix_ms(self.now_ms) // 1000,
            ttl_s=seconds,
        )


def lifetime_s(asked: int | None) -> int:
    """How long a certificate is good: as long as was asked for, within bounds."""
    return LONGEST_S if asked is None else min(max(asked, SHORTEST_S), LONGEST_S)


class CleanerController(Controller):
    """Looks each hour for requests that nobody needs any more."""

    NAME = "certificatesigningrequest-cleaner-controller"
    RESOURCE = RESOURCE
    WORKERS = 1

    @property
    def account(self) -> str:
        return ACCOUNT

    def watch(self, informers) -> None:
        self.requests = informers.watch(RESOURCE)

    def on_synced(self) -> None:
        self.after(HOUR_MS, "look", background=True)

    def look(self) -> None:
        now = self.engine.clock.unix_ms(self.now_ms)
        for csr in self.requests.items():
            if is_old(csr, now):
                self.queue.add(csr["metadata"]["name"])
        self.after(HOUR_MS, "look", background=True)

    def sync(self, key: str) -> Iterator[Any]:
        yield self.client.delete(RESOURCE, key)


def is_old(csr: dict, now: int) -> bool:
    """Whether a request has been answered, or left without an answer, for too long. now: Unix ms."""
    is_issued, approved = bool(requests.certificate(csr)), requests.time_of(csr, requests.APPROVED)
    if not (csr.get("status") or {}).get("conditions") and now - unix_ms(csr["metadata"]["creationTimestamp"]) > PENDING_MS:
        return True
    if approved is not None and now - approved > (DECIDED_MS if is_issued else PENDING_MS):
        return True
    if approved is not None and is_issued and (ends := _certificates.expires_ms(requests.certificate(csr))) is not None and ends < now:
        return True
    times = [requests.time_of(csr, kind) for kind in (requests.DENIED, requests.FAILED)]
    return any(time is not None and now - time > DECIDED_MS for time in times)
