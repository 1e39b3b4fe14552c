"""CertificateSigningRequest: somebody asks for a certificate; somebody approves it, and a signer issues it."""
from __future__ import annotations

from cluster.engine.clock import unix_ms
from cluster.kinds import _certificates, _rules
from cluster.kinds._columns import AGE, NAME, age, column, human_duration
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

USAGES = tuple(sorted((
    "signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment", "cert sign", "crl sign",
    "encipher only", "decipher only", "any", "server auth", "client auth", "code signing", "email protection", "s/mime", "ipsec end system",
    "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc")))
API_CLIENT, KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING, LEGACY = "kubernetes.io/kubelet-serving", "kubernetes.io/legacy-unknown"
APPROVED, DENIED, FAILED = "Approved", "Denied", "Failed"
STATUSES, LASTING = ("False", "True", "Unknown"), (APPROVED, DENIED, FAILED)
SHORTEST_S, LONGEST_DOMAIN, LONGEST_SIGNER = 600, 253, 253 + 253 + 63 + 2
Errors = list[FieldError]


def default(draft: dict) -> None:
    """What is always written."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("request", None)
    spec.setdefault("signerName", "")
    if draft.get("status") is None:
        draft["status"] = {}


def asked_by(draft: dict, who: dict, now: str) -> None:
    """Who asks is what the server knows, and nothing is approved beforehand. Source: pkg/registry/certificates/certificates/strategy.go."""
    draft["spec"] = {name: value for name, value in draft["spec"].items() if name not in ("username", "uid", "groups", "extra")}
    draft["spec"].update({name: value for name, value in who.items() if value})
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """A request does not change, but through its subresources."""
    draft["spec"], draft["status"] = old["spec"], old.get("status") or {}


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept, and so is what was approved or denied."""
    draft["spec"] = old["spec"]
    status = draft["status"] = dict(draft.get("status") or {})
    rows = list(status.get("conditions") or ())
    for kind in (APPROVED, DENIED):
        before, places = _of(old, kind), [index for index, row in enumerate(rows) if row.get("type") == kind]
        if len(before) == len(places):
            for place, row in zip(places, before, strict=True):
                rows[place] = row
    if rows:
        status["conditions"] = rows


def prepare_approval(draft: dict, old: dict) -> None:
    """Only the conditions change."""
    rows = (draft.get("status") or {}).get("conditions")
    draft["spec"], draft["status"] = old["spec"], dict(old.get("status") or {})
    draft["status"].pop("conditions", None)
    if rows:
        draft["status"]["conditions"] = rows


def stamp(draft: dict, old: dict, now: str) -> None:
    """When a condition was written, where nobody says so. Source: populateConditionTimestamps."""
    rows = (draft.get("status") or {}).get("conditions")
    if not rows:
        return
    before = (old.get("status") or {}).get("conditions") or ()
    stamped = []
    for row in rows:
        same = next((one["lastTransitionTime"] for one in before if one.get("lastTransitionTime")
                     and (one.get("type"), one.get("status")) == (row.get("type"), row.get("status"))), now)
        stamped.append({**row, "lastUpdateTime": row.get("lastUpdateTime") or now, "lastTransitionTime": row.get("lastTransitionTime") or same})
    draft["status"] = {**draft["status"], "conditions": stamped}


# -- validation -------------------------------------------------------------------------------------------------------


def validate(csr: dict, old: dict | None = None) -> Errors:
    """Source: pkg/apis/certificates/validation/validation.go (validateCertificateSigningRequest). What was stored so may stay so."""
    errors: Errors = []
    spec = csr["spec"]
    wrong = _certificates.complaint(spec.get("request") or "")
    if wrong:
        errors.append(fields.invalid("spec.request", spec.get("request"), wrong))
    _usages(errors, spec.get("usages") or [], old)
    signer = spec.get("signerName") or ""
    if signer == LEGACY and (old is None or old["spec"].get("signerName") != LEGACY):
        errors.append(fields.invalid("spec.signerName", signer, "the legacy signerName is not allowed via this API version"))
    else:
        signer_name(errors, "spec.signerName", signer)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < SHORTEST_S:
        errors.append(fields.invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)"))
    _conditions(errors, csr, old)
    wrong = _certificates.certificate_complaint((csr.get("status") or {}).get("certificate") or "")
    if wrong and not (old and (old.get("status") or {}).get("certificate") == csr["status"]["certificate"]):
        errors.append(fields.invalid("status.certificate", "<certificate data>", wrong))
    return errors


def _usages(errors: Errors, usages: list[str], old: dict | None) -> None:
    path, before = "spec.usages", (old or {}).get("spec", {}).get("usages") or []
    if not usages:
        errors.append(fields.required(path))
    if not any(usage not in USAGES for usage in before):
        errors += [fields.not_supported(f"{path}[{index}]", usage, USAGES) for index, usage in enumerate(usages) if usage not in USAGES]
    if len(set(before)) == len(before):
        errors += [fields.duplicate(f"{path}[{index}]", usage) for index, usage in enumerate(usages) if usage in usages[:index]]


def signer_name(errors: Errors, path: str, name: str) -> None:
    """A domain and a path. Source: pkg/apis/core/validation/names.go (ValidateSignerName)."""
    if not name:
        errors.append(fields.required(path))
        return
    parts = name.split("/")
    if len(parts) != 2:
        errors.append(fields.invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
        return
    if len(parts[0].encode()) > LONGEST_DOMAIN:
        errors.append(fields.too_long(path, LONGEST_DOMAIN))
    labels = parts[0].split(".")
    _first_wrong(errors, path, parts[0], labels, names.dns1123_label)
    if len(labels) < 2:
        errors.append(fields.invalid(path, parts[0], "should be a domain with at least two segments separated by dots"))
    _first_wrong(errors, path, parts[1], parts[1].split("."), names.dns1123_subdomain)
    if len(name.encode()) > LONGEST_SIGNER:
        errors.append(fields.too_long(path, LONGEST_SIGNER))


def _first_wrong(errors: Errors, path: str, value: str, labels: list[str], check) -> None:
    """The complaints about the first of some labels that has any."""
    for each in labels:
        found = check(each)
        if found:
            errors += [fields.invalid(path, value, f'validating label "{each}": {why}') for why in found]
            return


def _of(csr: dict, kind: str) -> list[dict]:
    return [row for row in (csr.get("status") or {}).get("conditions") or () if row.get("type") == kind]


def _conditions(errors: Errors, csr: dict, old: dict | None) -> None:
    """Source: validateConditions."""
    path, seen, was_both = "status.conditions", [], bool(old and _of(old, APPROVED) and _of(old, DENIED))
    kinds = [row.get("type") for row in ((old or {}).get("status") or {}).get("conditions") or ()]
    for index, row in enumerate((csr.get("status") or {}).get("conditions") or ()):
        kind, status = row.get("type") or "", row.get("status") or ""
        if not kind and "" not in kinds:
            errors.append(fields.required(f"{path}[{index}].type"))
        _rules.one_of_or_required(errors, f"{path}[{index}].status", status, ("True",) if kind in LASTING else STATUSES)
        if {APPROVED: DENIED, DENIED: APPROVED}.get(kind) in seen and not was_both:
            errors.append(fields.invalid(path, kind, "Approved and Denied conditions are mutually exclusive"))
        if kind in seen and len(set(kinds)) == len(kinds):
            errors.append(fields.duplicate(f"{path}[{index}].type", kind))
        seen.append(kind)


def validate_update(new: dict, old: dict, *, may_approve: bool = False, may_issue: bool = False) -> Errors:
    """What was decided stays decided. Source: validateCertificateSigningRequestUpdate."""
    errors = validate(new, old)
    for kind in LASTING:
        gained = len(_of(new, kind)) - len(_of(old, kind))
        if gained < 0:
            errors.append(fields.forbidden("status.conditions", f'updates may not remove a condition of type "{kind}"'))
        elif gained > 0 and kind != FAILED and not may_approve:
            errors.append(fields.forbidden("status.conditions", f'updates may not add a condition of type "{kind}"'))
    issued, before = certificate(new), certificate(old)
    if issued != before and not may_issue:
        errors.append(fields.forbidden("status.certificate", "updates may not set certificate content"))
    elif issued != before and before:
        errors.append(fields.forbidden("status.certificate", "updates may not modify existing certificate content"))
    return errors


def certificate(csr: dict) -> str:
    """The certificate that was issued, "" while there is none."""
    return (csr.get("status") or {}).get("certificate") or ""


def has(csr: dict, kind: str) -> bool:
    """Whether a condition of a type stands there."""
    return bool(_of(csr, kind))


def time_of(csr: dict, kind: str) -> int | None:
    """When a condition was written last, Unix ms; None where it is not there."""
    return next((unix_ms(row["lastUpdateTime"]) for row in _of(csr, kind) if row.get("lastUpdateTime")), None)


def cells(csr: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printCertificateSigningRequest)."""
    spec, seconds = csr["spec"], csr["spec"].get("expirationSeconds")
    state = DENIED if has(csr, DENIED) else APPROVED if has(csr, APPROVED) else "Pending"
    state += ",Failed" * has(csr, FAILED) + ",Issued" * bool(certificate(csr))
    asked = "<none>" if seconds is None else human_duration(seconds * 1000)
    return [csr["metadata"]["name"], age(csr, now_unix_ms), spec.get("signerName") or "<none>", spec.get("username", ""), asked, state]


# The Table's descriptions are still those of v1beta1.
_SIGNER = """Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:
 1. If it's a kubelet client certificate, it is assigned
    "kubernetes.io/kube-apiserver-client-kubelet".
 2. If it's a kubelet serving certificate, it is assigned
    "kubernetes.io/kubelet-serving".
 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".
Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`."""

KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="CertificateSigningRequest", plural="certificatesigningrequests", singular="certificatesigningrequest", group="certificates.k8s.io",
    namespaced=False, short_names=("csr",), subresources=("approval", "status"), storage_version_hash="95fRKMXA+00=",
    name_check=names.is_path_segment_name,
    columns=(NAME, AGE, column("SignerName", _SIGNER),
             column("Requestor", "Base64-encoded PKCS#10 CSR data"),
             column("RequestedDuration", "certificates.v1.CertificateSigningRequestSpec#expirationSeconds"),
             column("Condition", "Conditions applied to the request, such as approval or denial.")),
    cells=cells, default=default, asked_by=asked_by, prepare_update=prepare_update, prepare_status=prepare_status, stamp=stamp,
    prepare_for={"approval": prepare_approval}, validate=validate, validate_update=validate_update,
    validate_status=lambda new, old: validate_update(new, old, may_issue=True),
    validate_for={"approval": lambda new, old: validate_update(new, old, may_approve=True)},
    reset_fields={"": ("spec", "status"), "status": ("spec", "status.conditions"), "approval": ("spec", "status.certificate")},
    selectable={"spec.signerName": lambda csr: csr["spec"].get("signerName", "")}, icon="id-card",
    title={"en": "Somebody asks for a certificate; it is approved or denied, and a signer issues it.",
           "zh": "有人申请一份证书；申请被批准或拒绝，由签名者签发。"},
)
