"""Custom resources between the versions of their definition: by apiVersion alone, or by the definition's webhook.

Like a look, a conversion changes nothing: the call takes no time, and leaves neither a step nor a draw of chance.
Source: k8s.io/apiextensions-apiserver pkg/apiserver/conversion/{converter,nop_converter,webhook_converter}.go.
"""
from __future__ import annotations

import hashlib
from collections.abc import Callable

from cluster.meta import fields, status
from cluster.meta.gotext import quote
from cluster.meta.objectmeta import validate_annotations, validate_labels
from cluster.meta.objects import draft

from ..webhooks import Failed

TIMEOUT_S = 30
GROUP = "apiextensions.k8s.io"
REVIEWS = ("v1", "v1beta1")
SAME = (("name", "name"), ("namespace", "namespace"), ("uid", "UID"))
Post = Callable[[dict, dict, int], dict]     # (client configuration, review, seconds) -> the review that came back; raises Failed


def by_name(obj: dict, wanted: str) -> dict:
    """The object in another version where only the version's name differs."""
    return obj if obj.get("apiVersion") == wanted else {**obj, "apiVersion": wanted}


def by_webhook(obj: dict, wanted: str, webhook: dict, post: Post) -> dict:
    """The object in another version, as the webhook makes it. Raises upstream's refusal, a plain 500."""
    if obj.get("apiVersion") == wanted:
        return obj
    lead = f"conversion webhook for {obj['apiVersion']}, Kind={obj['kind']}"
    review = _review(obj, wanted, webhook["conversionReviewVersions"])
    try:
        found = _objects(post(webhook["clientConfig"], review, TIMEOUT_S), review)
    except Failed as failure:
        raise _refusal(f"{lead} failed: {failure}") from None
    if len(found) != 1:
        raise _refusal(f"{lead} returned {len(found)} objects, expected 1")
    return _checked(obj, found[0], wanted, lead)


def _review(obj: dict, wanted: str, versions: list[str]) -> dict:
    version = next((each for each in versions if each in REVIEWS), None)
    if version is None:
        raise _refusal("no supported conversion review versions")
    meta = obj["metadata"]
    digest = hashlib.sha256(f"{meta.get('uid')}/{meta.get('resourceVersion')}/{wanted}".encode()).hexdigest()
    uid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    return {"kind": "ConversionReview", "apiVersion": f"{GROUP}/{version}",
            "request": {"uid": uid, "desiredAPIVersion": wanted, "objects": [obj]}}


def _objects(review: dict, asked: dict) -> list[dict]:
    """The converted objects of a review that came back. Source: getConvertedObjectsFromResponse."""
    response = review.get("response")
    is_first = asked["apiVersion"].endswith("/v1")
    if is_first and (review.get("apiVersion"), review.get("kind")) != (asked["apiVersion"], "ConversionReview"):
        raise Failed(f"expected webhook response of {GROUP}/v1, Kind=ConversionReview, got {review.get('apiVersion', '')}, "
                     f"Kind={review.get('kind', '')}")
    if not isinstance(response, dict):
        raise Failed("no response provided")
    if is_first and response.get("uid") != asked["request"]["uid"]:
        raise Failed(f"expected response.uid={quote(asked['request']['uid'])}, got {quote(str(response.get('uid') or ''))}")
    result = response.get("result") or {}
    if result.get("status") != "Success":
        raise Failed(result.get("message") or f"response.result.status was '{result.get('status', '')}', not 'Success'")
    return response.get("convertedObjects") or []


def _checked(obj: dict, made: dict, wanted: str, lead: str) -> dict:
    """What came back, if it is the object still; its metadata is the old one but for labels and annotations."""
    for name, expected in (("apiVersion", wanted), ("kind", obj["kind"])):
        if made.get(name) != expected:
            word = "groupVersion" if name == "apiVersion" else name
            raise _refusal(f"{lead} returned invalid object at index 0: invalid {word} (expected {expected}, received {made.get(name, '')})")
    meta = made.get("metadata")
    if not isinstance(meta, dict):
        why = "missing metadata in converted object" if "metadata" not in made else "invalid metadata in converted object"
        raise _refusal(f"{lead} returned invalid metadata: {why}")
    for name, shown in SAME:
        before, after = obj["metadata"].get(name) or "", meta.get(name) or ""
        if before != after:
            raise _refusal(f"{lead} returned invalid object: must have the same {shown}: {before} != {after}")
    return {**made, "metadata": _restored(obj["metadata"], meta, lead)}


def _restored(before: dict, given: dict, lead: str) -> dict:
    """Source: restoreObjectMeta."""
    meta = draft(before)
    for name, validate, path in (("labels", validate_labels, "metadata.labels"), ("annotations", validate_annotations, "metadata.annotation")):
        found = given.get(name)
        if found is None:
            meta.pop(name, None)
            continue
        wrong = not isinstance(found, dict) or any(not isinstance(value, str) for value in found.values())
        if wrong:
            raise _refusal(f"{lead} returned invalid metadata: invalid metadata.{name} in converted object")
        errors = validate(found, path) if found != meta.get(name) else []
        if errors:
            raise _refusal(f"{lead} returned invalid metadata: {fields.aggregate(errors)}")
        meta[name] = found
    return meta


def _refusal(words: str) -> status.StatusError:
    return status.failure(500, "", words)
