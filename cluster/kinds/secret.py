"""Secret: what Pods need to know and others should not see."""
from __future__ import annotations

import base64

from cluster.kinds import _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, gojson, names

MAX_BYTES = 1024 * 1024
OPAQUE, TLS, ACCOUNT_TOKEN = "Opaque", "kubernetes.io/tls", "kubernetes.io/service-account-token"
BASIC, SSH = "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth"
ACCOUNT_NAME, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
_DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
_FROZEN = "field is immutable when `immutable` is set"


def default(draft: dict) -> None:
    """stringData goes over into data; the type is Opaque.

    Source: pkg/apis/core/v1/conversion.go (Convert_v1_Secret_To_core_Secret), defaults.go (SetDefaults_Secret).
    """
    texts = draft.pop("stringData", None)
    if texts:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
        draft["data"] = {**(draft.get("data") or {}), **encoded}
    if "data" in draft and not draft["data"]:
        del draft["data"]
    if not draft.get("type"):
        draft["type"] = OPAQUE


def prepare_update(draft: dict, old: dict) -> None:
    """A type that is left out stays what it was."""
    if not draft.get("type"):
        draft["type"] = old.get("type", "")


def value(secret: dict, key: str) -> bytes:
    """The bytes under a key, none where it is missing."""
    return base64.b64decode((secret.get("data") or {}).get(key) or "")


def validate(secret: dict) -> list[FieldError]:
    """Keys, the size of all values together, and what the type asks for.

    Source: pkg/apis/core/validation/validation.go (ValidateSecret).
    """
    data = secret.get("data") or {}
    errors: list[FieldError] = []
    for key in data:
        _rules.all_of(errors, f"data[{key}]", key, names.config_map_key(key))
    if sum(_size(text) for text in data.values()) > MAX_BYTES:
        errors.append(fields.too_long("data", MAX_BYTES))
    _of_type(errors, secret, data)
    return errors


def _size(text: str | None) -> int:
    """Bytes behind a base64 text."""
    return len(text) * 3 // 4 - text[-2:].count("=") if text else 0


def _of_type(errors: list[FieldError], secret: dict, data: dict) -> None:
    kind = secret.get("type")
    if kind == ACCOUNT_TOKEN and not (secret["metadata"].get("annotations") or {}).get(ACCOUNT_NAME):
        errors.append(fields.required(f"metadata.annotations[{ACCOUNT_NAME}]"))
    elif kind in _DOCKER_KEYS:
        _docker(errors, secret, _DOCKER_KEYS[kind])
    elif kind == BASIC and "username" not in data and "password" not in data:
        errors += [fields.required("data[username]"), fields.required("data[password]")]
    elif kind == SSH and not data.get("ssh-privatekey"):
        errors.append(fields.required("data[ssh-privatekey]"))
    elif kind == TLS:
        errors += [fields.required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]


def _docker(errors: list[FieldError], secret: dict, key: str) -> None:
    """Its one value is a JSON object."""
    if key not in (secret.get("data") or {}):
        errors.append(fields.required(f"data[{key}]"))
        return
    complaint = ""
    try:
        found = gojson.parse(value(secret, key))
        if found is not None and not isinstance(found, dict):
            complaint = f"json: cannot unmarshal {_word(found)} into Go value of type map[string]interface {{}}"
    except gojson.JSONError as error:
        complaint = str(error)
    if complaint:
        errors.append(fields.invalid(f"data[{key}]", "<secret contents redacted>", complaint))


def _word(found: object) -> str:
    if isinstance(found, bool):
        return "bool"
    return "string" if isinstance(found, str) else "array" if isinstance(found, list) else "number"


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The type stays; an immutable Secret keeps its data and stays immutable.

    Source: ValidateSecretUpdate.
    """
    errors: list[FieldError] = []
    if new.get("type") != old.get("type"):
        errors.append(fields.invalid("type", new.get("type", ""), _rules.IMMUTABLE))
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.append(fields.forbidden("immutable", _FROZEN))
        if (new.get("data") or {}) != (old.get("data") or {}):
            errors.append(fields.forbidden("data", _FROZEN))
    return errors + validate(new)


def warn(new: dict, old: dict | None) -> list[str]:
    """A TLS pair that is none. Source: pkg/registry/core/secret/strategy.go, Go's crypto/tls (X509KeyPair)."""
    if new.get("type") != TLS:
        return []
    for key, name in (("tls.crt", "certificate"), ("tls.key", "key")):
        text = value(new, key)
        if b"-----BEGIN " not in text or b"-----END " not in text:
            return [f"tls: failed to find any PEM data in {name} input"]
    return []


def cells(secret: dict, now_unix_ms: int) -> list:
    """Name, type, number of keys, age."""
    return [secret["metadata"]["name"], secret.get("type", ""), len(secret.get("data") or ()), age(secret, now_unix_ms)]


KIND = Kind(
    kind="Secret", plural="secrets", singular="secret", storage_version_hash="S6u1pOWzb84=",
    columns=(NAME, column("Type", "core.v1.Secret#type"), column("Data", "core.v1.Secret#data"), AGE), cells=cells,
    default=default, prepare_update=prepare_update, validate=validate, validate_update=validate_update, warn=warn,
    selectable={"type": lambda secret: secret.get("type", "")}, icon="key",
    title={"en": "Passwords, keys and certificates, kept apart from image and settings and given to the Pods that name them.",
           "zh": "密码、密钥和证书：与镜像、配置分开保存，交给引用它们的 Pod。"},
)
