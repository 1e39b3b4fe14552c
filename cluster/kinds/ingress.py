"""Ingress: which Service answers which host and path, for requests from outside."""
from __future__ import annotations

from cluster.kinds import _addresses, _portions, _rules, _workload
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields, names

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
EXACT, PREFIX, BY_IMPLEMENTATION = "Exact", "Prefix", "ImplementationSpecific"
PATH_TYPES = (EXACT, BY_IMPLEMENTATION, PREFIX)
SHOWN_HOSTS = 3
_BAD_SEQUENCES, _BAD_ENDS = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
_NO_IP = "must be a DNS name, not an IP address"


def default(draft: dict) -> None:
    """A spec, a status and its load balancer are always written."""
    if draft.get("spec") is None:
        draft["spec"] = {}
    for backend in _backends(draft["spec"]):
        if backend.get("service") is not None:
            backend["service"].setdefault("port", {})
    draft["status"] = {"loadBalancer": {}, **(draft.get("status") or {})}


def _backends(spec: dict) -> list[dict]:
    paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
    found = [spec.get("defaultBackend"), *(path.get("backend") for path in paths)]
    return [backend for backend in found if backend is not None]


def prepare_create(draft: dict) -> None:
    """A new Ingress has no status."""
    draft["status"] = {"loadBalancer": {}}
    draft["metadata"]["generation"] = 1


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation.

    Source: pkg/registry/networking/ingress/strategy.go.
    """
    draft["status"] = old.get("status", {"loadBalancer": {}})
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]
    draft["status"] = {"loadBalancer": {}, **(draft.get("status") or {})}


def validate(ingress: dict) -> list[FieldError]:
    """An Ingress to be created.

    Source: pkg/apis/networking/validation/validation.go (ValidateIngressCreate).
    """
    errors: Errors = []
    _whole(errors, ingress, any_secret=False, any_wildcard_rule=False)
    found, name = (ingress["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION), ingress["spec"].get("ingressClassName")
    if found is not None and name is not None and found != name:
        errors.append(fields.invalid(f"annotations.{CLASS_ANNOTATION}", found, "must match `ingressClassName` when both are specified"))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create; what is stored and no longer valid may stay. Source: ValidateIngressUpdate."""
    errors: Errors = []
    rules = [rule for rule in old["spec"].get("rules") or () if "*" in (rule.get("host") or "")]
    wrong: Errors = []
    for rule in rules:
        _http(wrong, rule, "")
    secrets = [entry["secretName"] for entry in old["spec"].get("tls") or () if entry.get("secretName")]
    _whole(errors, new, any_secret=any(names.is_subdomain_name(name) for name in secrets), any_wildcard_rule=bool(wrong))
    return errors


def _whole(errors: Errors, ingress: dict, *, any_secret: bool, any_wildcard_rule: bool) -> None:
    """Source: ValidateIngressSpec."""
    spec = ingress["spec"]
    rules, backend, name = spec.get("rules") or (), spec.get("defaultBackend"), spec.get("ingressClassName")
    if not rules and backend is None:
        errors.append(fields.invalid("spec", spec.get("rules"), "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        _backend(errors, backend, "spec.defaultBackend")
    for index, rule in enumerate(rules):
        _rule(errors, rule, f"spec.rules[{index}]", any_wildcard_rule)
    for index, entry in enumerate(spec.get("tls") or ()):
        _tls(errors, entry, f"spec.tls[{index}]", any_secret)
    if name is not None:
        _rules.subdomain(errors, "spec.ingressClassName", name)


def _host(errors: Errors, path: str, host: str) -> None:
    check = names.wildcard_dns1123_subdomain if "*" in host else names.dns1123_subdomain
    _rules.all_of(errors, path, host, check(host))


def _rule(errors: Errors, rule: dict, path: str, any_wildcard_rule: bool) -> None:
    host = rule.get("host") or ""
    if host:
        if _addresses.family(host):
            errors.append(fields.invalid(f"{path}.host", host, _NO_IP))
        _host(errors, f"{path}.host", host)
    if "*" not in host or not any_wildcard_rule:
        _http(errors, rule, path)


def _http(errors: Errors, rule: dict, path: str) -> None:
    found = rule.get("http")
    if found is None:
        return
    if not found.get("paths"):
        errors.append(fields.required(f"{path}.http.paths"))
    for index, entry in enumerate(found.get("paths") or ()):
        _path(errors, entry, f"{path}.http.paths[{index}]")


def _path(errors: Errors, entry: dict, path: str) -> None:
    """Source: validateHTTPIngressPath."""
    kind, value = entry.get("pathType"), entry.get("path") or ""
    if kind is None:
        errors.append(fields.required(f"{path}.pathType", "pathType must be specified"))
        return
    if kind not in PATH_TYPES:
        errors.append(fields.not_supported(f"{path}.pathType", kind, PATH_TYPES))
    elif not value.startswith("/") and (value or kind != BY_IMPLEMENTATION):
        errors.append(fields.invalid(f"{path}.path", value, "must be an absolute path"))
    if kind in (EXACT, PREFIX):
        errors += [fields.invalid(f"{path}.path", value, f"must not contain '{part}'") for part in _BAD_SEQUENCES if part in value]
        errors += [fields.invalid(f"{path}.path", value, f"cannot end with '{end}'") for end in _BAD_ENDS if value.endswith(end)]
    _backend(errors, entry.get("backend") or {}, f"{path}.backend")


def _backend(errors: Errors, backend: dict, path: str) -> None:
    """Source: validateIngressBackend."""
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        errors.append(fields.invalid(path, "", "cannot set both resource and service backends"))
    elif resource is not None:
        reference(errors, resource, f"{path}.resource")
    elif service is not None:
        _service(errors, service, path)
    else:
        errors.append(fields.invalid(path, "", "resource or service backend is required"))


def reference(errors: Errors, found: dict, path: str) -> None:
    """An object of some kind and group. Source: validateIngressTypedLocalObjectReference."""
    if found.get("apiGroup") is not None:
        _rules.subdomain(errors, f"{path}.apiGroup", found["apiGroup"])
    _portions.segment_or_required(errors, f"{path}.kind", found.get("kind"))
    _portions.segment_or_required(errors, f"{path}.name", found.get("name"))


def _service(errors: Errors, service: dict, path: str) -> None:
    port = service.get("port") or {}
    _rules.required_name(errors, f"{path}.service.name", service.get("name"), names.is_label_name)
    if port.get("name") and port.get("number"):
        errors.append(fields.invalid(path, "", "cannot set both port name & port number"))
    elif port.get("name"):
        _rules.all_of(errors, f"{path}.service.port.name", port["name"], names.port_name(port["name"]))
    elif port.get("number"):
        _rules.port(errors, f"{path}.service.port.number", port["number"])
    else:
        errors.append(fields.required(path, "port name or number is required"))


def _tls(errors: Errors, entry: dict, path: str, any_secret: bool) -> None:
    for index, host in enumerate(entry.get("hosts") or ()):
        _host(errors, f"{path}.hosts[{index}]", host)
    if entry.get("secretName") and not any_secret:
        _rules.subdomain(errors, f"{path}.secretName", entry["secretName"])


def _balancers(ingress: dict) -> list[dict]:
    return ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateIngressStatusUpdate."""
    errors: Errors = []
    _rules.kube_finalizers(errors, new["metadata"])
    before = [entry["ip"] for entry in _balancers(old) if entry.get("ip")]
    for index, entry in enumerate(_balancers(new)):
        path, host = f"status.loadBalancer.ingress[{index}]", entry.get("hostname") or ""
        if entry.get("ip"):
            _addresses.ip(errors, f"{path}.ip", entry["ip"], before)
        if host:
            _rules.subdomain(errors, f"{path}.hostname", host)
            if _addresses.family(host):
                errors.append(fields.invalid(f"{path}.hostname", host, _NO_IP))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """The annotation that named the class before the field did."""
    if old is not None or CLASS_ANNOTATION not in (new["metadata"].get("annotations") or {}):
        return []
    if new["spec"].get("ingressClassName") is not None:
        return []
    return [f'annotation "{CLASS_ANNOTATION}" is deprecated, please use \'spec.ingressClassName\' instead']


def warn_status(new: dict, old: dict) -> list[str]:
    """Addresses that are not written as they should be."""
    return [why for index, entry in enumerate(_balancers(new)) if entry.get("ip")
            for why in _addresses.warnings_for_ip(f"status.loadBalancer.ingress[{index}]", entry["ip"])]


def _hosts(spec: dict) -> str:
    """Source: pkg/printers/internalversion/printers.go (formatHosts)."""
    rules = spec.get("rules") or []
    shown: list[str] = []
    more = False
    for rule in rules:
        more = more or len(shown) == SHOWN_HOSTS
        if not more and rule.get("host"):
            shown.append(rule["host"])
    text = ",".join(shown) or "*"
    return f"{text} + {len(rules) - SHOWN_HOSTS} more..." if more else text


def cells(ingress: dict, now_unix_ms: int) -> list:
    """As kubectl get ingress shows it.

    Source: pkg/printers/internalversion/printers.go (printIngress).
    """
    spec = ingress["spec"]
    name = spec.get("ingressClassName")
    addresses = [entry.get("ip") or entry.get("hostname") for entry in _balancers(ingress)]
    return [ingress["metadata"]["name"], "<none>" if name is None else name, _hosts(spec),
            ",".join(sorted({address: None for address in addresses if address})), "80, 443" if spec.get("tls") else "80",
            age(ingress, now_unix_ms)]


COLUMNS = (
    NAME, column("Class", "The name of the IngressClass resource that should be used for additional configuration"),
    column("Hosts", "Hosts that incoming requests are matched against before the ingress rule"),
    column("Address", "Address is a list containing ingress points for the load-balancer"),
    column("Ports", "Ports of TLS configurations that open"), AGE,
)

KIND = Kind(
    kind="Ingress", plural="ingresses", singular="ingress", group="networking.k8s.io", short_names=("ing",), subresources=("status",),
    prefix="/registry/ingress", storage_version_hash="39NQlfNR+bo=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate_update, validate_status=validate_status, warn=warn,
    warn_status=warn_status,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="door-open",
    title=stored_only({"en": "Which Service answers which host and path, for requests from outside.",
                       "zh": "外部请求按主机名与路径由哪个 Service 应答。"}),
)
