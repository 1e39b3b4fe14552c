"""ValidatingWebhookConfiguration: programs outside that may refuse what is written."""
from __future__ import annotations

from cluster.kinds import _admission_rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import Kind


def default(draft: dict) -> None:
    """Source: pkg/apis/admissionregistration/v1/defaults.go."""
    for hook in draft.get("webhooks") or ():
        _admission_rules.default_hook(hook)


def prepare_update(draft: dict, old: dict) -> None:
    """Changed hooks count as a generation."""
    _admission_rules.raise_generation(draft, old, "webhooks")


def cells(configuration: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printValidatingWebhook)."""
    return [configuration["metadata"]["name"], len(configuration.get("webhooks") or ()), age(configuration, now_unix_ms)]


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("whole",), plain_metadata=True,
    kind="ValidatingWebhookConfiguration", plural="validatingwebhookconfigurations", singular="validatingwebhookconfiguration",
    group="admissionregistration.k8s.io", namespaced=False, categories=("api-extensions",), storage_version_hash="B0wHjQmsGNk=",
    has_generation=True,
    columns=(NAME, column("Webhooks", "Webhooks indicates the number of webhooks registered in this configuration", type="integer"), AGE),
    cells=cells, default=default, prepare_update=prepare_update, validate=_admission_rules.hooks,
    validate_update=lambda new, old: _admission_rules.hooks(new), icon="shield",
    title={"en": "Programs outside that may refuse what is written.", "zh": "可以拒绝写入内容的外部程序。"},
)
