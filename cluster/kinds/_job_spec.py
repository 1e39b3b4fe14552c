"""The spec of a Job, as it stands in Jobs and in CronJobs' templates.

Source: pkg/apis/batch/validation/validation.go (validateJobSpec), pkg/api/job/warnings.go.
"""
from __future__ import annotations

from itertools import pairwise

from cluster.kinds import _goshape, _pod_defaults, _pod_validation, _pod_warnings, _portions, _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, gotext

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
MODES = (NON_INDEXED, INDEXED)
MOST_INDEXES, SOFT_LIMIT, HIGH_LIMIT = 100_000, 100_000, 10_000
MOST_RULES, MOST_EXIT_CODES, MOST_PATTERNS, MANAGED_BY_LIMIT = 20, 255, 20, 63
INDEXES_LIMIT_BYTES = 64 * 1024
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")
REPLACEMENT = ("Failed", "TerminatingOrFailed")
_COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
           "backoffLimitPerIndex", "maxFailedIndexes")
_HIGH = f"must be less than or equal to {HIGH_LIMIT} when completions are above {SOFT_LIMIT} and used with backoff limit per index"


def default_parts(spec: dict) -> None:
    """What the spec's parts get wherever it stands: the template, and the status of a condition pattern."""
    template = spec["template"] = spec.get("template") or {}
    _pod_defaults.template(template)
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def is_indexed(spec: dict) -> bool:
    """Its Pods have indexes of their own."""
    return spec.get("completionMode") == INDEXED


def validate(errors: Errors, spec: dict, path: str) -> None:
    """All but the selector, which CronJobs may not set."""
    for field in _COUNTS:
        _rules.not_negative(errors, f"{path}.{field}", spec.get(field))
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.append(fields.required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if spec.get("managedBy") is not None:
        _portions.domain_prefixed_path(errors, f"{path}.managedBy", spec["managedBy"])
        if len(spec["managedBy"].encode()) > MANAGED_BY_LIMIT:
            errors.append(fields.too_long(f"{path}.managedBy", MANAGED_BY_LIMIT))
    _mode(errors, spec, path)
    if spec.get("podFailurePolicy") is not None:
        _failure_policy(errors, spec, f"{path}.podFailurePolicy.rules")
    if spec.get("successPolicy") is not None:
        _success_policy(errors, spec, f"{path}.successPolicy")
    _replacement(errors, spec, f"{path}.podReplacementPolicy")
    _pod_validation.template(errors, spec["template"], f"{path}.template")
    _restart_policy(errors, spec, f"{path}.template.spec.restartPolicy")


def _mode(errors: Errors, spec: dict, path: str) -> None:
    mode = spec.get("completionMode")
    if mode is not None and mode not in MODES:
        errors.append(fields.not_supported(f"{path}.completionMode", mode, MODES))
    if mode == INDEXED:
        _indexed(errors, spec, path)
    elif mode in (None, NON_INDEXED):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(field) is not None:
                errors.append(fields.invalid(f"{path}.{field}", spec[field], "requires indexed completion mode"))


def _indexed(errors: Errors, spec: dict, path: str) -> None:
    completions, parallelism, failed = spec.get("completions"), spec.get("parallelism") or 0, spec.get("maxFailedIndexes")
    if completions is None:
        errors.append(fields.required(f"{path}.completions", f"when completion mode is {INDEXED}"))
    if parallelism > MOST_INDEXES:
        errors.append(fields.invalid(f"{path}.parallelism", parallelism,
                                     f"must be less than or equal to {MOST_INDEXES} when completion mode is {INDEXED}"))
    if completions is not None and failed is not None and failed > completions:
        errors.append(fields.invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions"))
    if failed is not None and failed > MOST_INDEXES:
        errors.append(fields.invalid(f"{path}.maxFailedIndexes", failed, f"must be less than or equal to {MOST_INDEXES}"))
    if completions is not None and completions > SOFT_LIMIT and spec.get("backoffLimitPerIndex") is not None:
        _many_indexes(errors, path, parallelism, failed)


def _many_indexes(errors: Errors, path: str, parallelism: int, failed: int | None) -> None:
    if failed is None:
        errors.append(fields.required(f"{path}.maxFailedIndexes",
                                      f"must be specified when completions is above {SOFT_LIMIT}"))
    if parallelism > HIGH_LIMIT:
        errors.append(fields.invalid(f"{path}.parallelism", parallelism, _HIGH))
    if failed is not None and failed > HIGH_LIMIT:
        errors.append(fields.invalid(f"{path}.maxFailedIndexes", failed, _HIGH))


def _replacement(errors: Errors, spec: dict, path: str) -> None:
    found = spec.get("podReplacementPolicy")
    if found is None:
        return
    _rules.one_of(errors, path, found, ("Failed",) if spec.get("podFailurePolicy") is not None else REPLACEMENT)


def _restart_policy(errors: Errors, spec: dict, path: str) -> None:
    policy = spec["template"]["spec"].get("restartPolicy")
    if policy in ("Always", "", None):
        errors.append(fields.required(path, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        errors.append(fields.not_supported(path, policy, ("OnFailure", "Never")))
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        errors.append(fields.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))


# -- podFailurePolicy -------------------------------------------------------------------------------------------------


def _valid_values(words: tuple[str, ...]) -> str:
    return "valid values: [" + " ".join(gotext.quote(word) for word in words) + "]"


def _word(errors: Errors, path: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if not value:
        errors.append(fields.required(path, _valid_values(allowed)))
    elif value not in allowed:
        errors.append(fields.not_supported(path, value, allowed))


def _failure_policy(errors: Errors, spec: dict, path: str) -> None:
    rules, pod_spec = spec["podFailurePolicy"].get("rules") or (), spec["template"]["spec"]
    if len(rules) > MOST_RULES:
        errors.append(fields.too_many(path, len(rules), MOST_RULES))
    known = [container.get("name") for field in ("containers", "initContainers") for container in pod_spec.get(field) or ()]
    for index, rule in enumerate(rules):
        _failure_rule(errors, spec, rule, f"{path}[{index}]", known)


def _failure_rule(errors: Errors, spec: dict, rule: dict, path: str, known: list) -> None:
    action, codes, patterns = rule.get("action"), rule.get("onExitCodes"), rule.get("onPodConditions") or ()
    if action == "FailIndex":
        if spec.get("backoffLimitPerIndex") is None:
            errors.append(fields.invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set"))
    else:
        _word(errors, f"{path}.action", action, ACTIONS)
    if codes is not None:
        _exit_codes(errors, codes, f"{path}.onExitCodes", known)
    if patterns:
        _patterns(errors, patterns, f"{path}.onPodConditions")
    if codes is not None and patterns:
        errors.append(fields.invalid(path, fields.OMIT, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not patterns:
        errors.append(fields.invalid(path, fields.OMIT, "specifying one of OnExitCodes and OnPodConditions is required"))


def _patterns(errors: Errors, patterns: list[dict], path: str) -> None:
    if len(patterns) > MOST_PATTERNS:
        errors.append(fields.too_many(path, len(patterns), MOST_PATTERNS))
    for index, pattern in enumerate(patterns):
        _rules.qualified(errors, f"{path}[{index}].type", pattern.get("type") or "")
        _word(errors, f"{path}[{index}].status", pattern.get("status"), STATUSES)


def _exit_codes(errors: Errors, codes: dict, path: str, known: list) -> None:
    sent, name = codes.get("values"), codes.get("containerName")
    values = sent or []
    _word(errors, f"{path}.operator", codes.get("operator"), OPERATORS)
    if name is not None and name not in known:
        errors.append(fields.invalid(f"{path}.containerName", name,
                                     "must be one of the container or initContainer names in the pod template"))
    if not values:
        errors.append(fields.invalid(f"{path}.values", sent, "at least one value is required"))
    elif len(values) > MOST_EXIT_CODES:
        errors.append(fields.too_many(f"{path}.values", len(values), MOST_EXIT_CODES))
    for index, value in enumerate(values):
        if codes.get("operator") == "In" and value == 0:
            errors.append(fields.invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator"))
        if value in values[:index]:
            errors.append(fields.duplicate(f"{path}.values[{index}]", value))
    if any(left > right for left, right in pairwise(values)):
        errors.append(fields.invalid(f"{path}.values", values, "must be ordered"))


# -- successPolicy ----------------------------------------------------------------------------------------------------


def _success_policy(errors: Errors, spec: dict, path: str) -> None:
    rules = spec["successPolicy"].get("rules") or []
    if not is_indexed(spec):
        errors.append(fields.invalid(path, _goshape.of("batch.v1.SuccessPolicy", spec["successPolicy"]), "requires indexed completion mode"))
        return
    if not rules:
        errors.append(fields.required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified"))
    if len(rules) > MOST_RULES:
        errors.append(fields.too_many(f"{path}.rules", len(rules), MOST_RULES))
    for index, rule in enumerate(rules):
        _success_rule(errors, spec, rule, f"{path}.rules[{index}]")


def _success_rule(errors: Errors, spec: dict, rule: dict, path: str) -> None:
    completions, total = spec.get("completions") or 0, 0
    indexes, wanted = rule.get("succeededIndexes"), rule.get("succeededCount")
    if indexes is None and wanted is None:
        errors.append(fields.required(path, "at least one of succeededCount or succeededIndexes must be specified"))
    if indexes is not None:
        if len(indexes.encode()) > INDEXES_LIMIT_BYTES:
            errors.append(fields.too_long(f"{path}.succeededIndexes", INDEXES_LIMIT_BYTES))
        try:
            total = indexes_total(indexes, completions)
        except ValueError as error:
            errors.append(fields.invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}"))
    if wanted is None:
        return
    here = f"{path}.succeededCount"
    _rules.not_negative(errors, here, wanted)
    if wanted > completions:
        errors.append(fields.invalid(here, wanted,
                                     f"must be less than or equal to {completions} (the number of specified completions)"))
    if indexes is not None and wanted > total:
        errors.append(fields.invalid(here, wanted, f"must be less than or equal to {total} (the number of indexes in the "
                                                   "specified succeededIndexes field)"))


# -- lists of indexes: "1,3-5" ----------------------------------------------------------------------------------------


def indexes_total(text: str, completions: int) -> int:
    """How many indexes a list names. Raises ValueError with upstream's words (validateIndexesFormat)."""
    total, last = 0, None
    for part in text.split(",") if text else ():
        first, end = interval(part, completions)
        if last is not None and last >= first:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        total += end - first + 1
        last = end
    return total


def interval(text: str, completions: int) -> tuple[int, int]:
    """(first, last) of one part of a list. Raises ValueError (parseIndexInterval)."""
    parts = text.split("-")
    if len(parts) > 2:
        raise ValueError(f"the fragment {gotext.quote(text)} violates the requirement that an index interval can have at most "
                         "two parts separated by '-'")
    numbers = [_index(part, completions) for part in parts]
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def _index(text: str, completions: int) -> int:
    number = gotext.atoi(text)
    if number is None:
        raise ValueError(f"cannot convert string to integer for index: {gotext.quote(text)}")
    if number >= completions:
        raise ValueError(f"too large index: {gotext.quote(text)}")
    return number


def overlap(completed: str, failed: str, completions: int) -> int | None:
    """The first index that two lists share; parts that cannot be read are passed over."""
    for start, end in _readable(completed, completions):
        for other_start, other_end in _readable(failed, completions):
            if start <= other_end and other_start <= end:
                return max(start, other_start)
    return None


def _readable(text: str, completions: int) -> list[tuple[int, int]]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(interval(part, completions))
        except ValueError:
            continue
    return found


# -- warnings ---------------------------------------------------------------------------------------------------------


def warnings(spec: dict, old: dict | None, path: str) -> list[str]:
    """Source: pkg/api/job/warnings.go (WarningsForJobSpec)."""
    found = []
    if is_indexed(spec) and (spec.get("completions") or 0) > SOFT_LIMIT and (spec.get("parallelism") or 0) > HIGH_LIMIT:
        found.append(f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
                     "Kubernetes might not be able to track completedIndexes when a big number of indexes fail")
    return found + _pod_warnings.template(spec["template"], old and old["template"], f"{path}.template")
