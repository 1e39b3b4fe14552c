"""IngressClass: which controller serves the Ingresses that name the class."""
from __future__ import annotations

from cluster.kinds import _portions, _rules, _workload
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.kinds.ingress import reference
from cluster.meta import fields

LONGEST_CONTROLLER = 250
SCOPES = ("Cluster", "Namespace")
DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"


def default(draft: dict) -> None:
    """Source: pkg/apis/networking/v1/defaults.go (SetDefaults_IngressClass)."""
    if draft.get("spec") is None:
        draft["spec"] = {}
    parameters = draft["spec"].get("parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def prepare_create(draft: dict) -> None:
    """The first generation."""
    draft["metadata"]["generation"] = 1


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec raises the generation."""
    _workload.raise_generation(draft, old)


def validate(ingress_class: dict) -> list[FieldError]:
    """Source: pkg/apis/networking/validation/validation.go (ValidateIngressClass)."""
    errors: Errors = []
    spec = ingress_class["spec"]
    controller, parameters = spec.get("controller") or "", spec.get("parameters")
    if len(controller.encode()) > LONGEST_CONTROLLER:
        errors.append(fields.too_long("spec.controller", LONGEST_CONTROLLER))
    _portions.domain_prefixed_path(errors, "spec.controller", controller)
    if parameters is not None:
        reference(errors, parameters, "spec.parameters")
        _scope(errors, parameters, "spec.parameters")
    return errors


def _scope(errors: Errors, parameters: dict, path: str) -> None:
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        errors.append(fields.required(f"{path}.scope"))
    elif scope not in SCOPES:
        errors.append(fields.not_supported(f"{path}.scope", scope, SCOPES))
    elif scope == "Cluster" and namespace is not None:
        errors.append(fields.forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'"))
    elif scope == "Namespace" and namespace is None:
        errors.append(fields.required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'"))
    elif scope == "Namespace":
        _rules.label(errors, f"{path}.namespace", namespace)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The controller stays."""
    errors: Errors = []
    _portions.immutable(errors, "spec.controller", new["spec"].get("controller") or "", old["spec"].get("controller") or "")
    return errors + validate(new)


def is_default(ingress_class: dict) -> bool:
    """Ingresses that name no class get this one."""
    return (ingress_class["metadata"].get("annotations") or {}).get(DEFAULT_ANNOTATION) == "true"


def cells(ingress_class: dict, now_unix_ms: int) -> list:
    """Name, controller, parameters, age.

    Source: pkg/printers/internalversion/printers.go (printIngressClass).
    """
    meta, spec = ingress_class["metadata"], ingress_class["spec"]
    return [meta["name"] + (" (default)" if is_default(ingress_class) else ""), spec.get("controller") or "", _parameters(spec.get("parameters")),
            age(ingress_class, now_unix_ms)]


def _parameters(found: dict | None) -> str:
    if found is None:
        return "<none>"
    group = "" if found.get("apiGroup") is None else f".{found['apiGroup']}"
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


KIND = Kind(
    kind="IngressClass", plural="ingressclasses", singular="ingressclass", group="networking.k8s.io", namespaced=False,
    storage_version_hash="l/iqIbDgFyQ=", has_generation=True, cells=cells,
    columns=(NAME, column("Controller", "Controller that is responsible for handling this class"),
             column("Parameters", "A reference to a resource with additional parameters"), AGE),
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate,
    validate_update=validate_update, icon="door-open",
    title=stored_only({"en": "Which controller serves the Ingresses that name this class.", "zh": "由哪个控制器服务于指定此类的 Ingress。"}),
)
