"""Field errors and Go's way of printing."""
import pytest

from cluster.meta import fields, gotext
from cluster.meta.fields import FieldError


@pytest.mark.parametrize(("error", "wanted"), [
    (fields.required("spec.containers[0].name"), "spec.containers[0].name: Required value"),
    (fields.required("a", "name or generateName is required"), "a: Required value: name or generateName is required"),
    (fields.invalid("a", "x\n", "bad"), 'a: Invalid value: "x\\n": bad'),
    (fields.invalid("a", -1, "must be positive"), "a: Invalid value: -1: must be positive"),
    (fields.invalid("a", True), "a: Invalid value: true"),
    (fields.invalid("a", None, "bad"), "a: Invalid value: null: bad"),
    (fields.invalid("a", {"b": ["<c>"]}), 'a: Invalid value: {"b":["\\u003cc\\u003e"]}'),
    (fields.not_supported("a", "x", ("b", "c")), 'a: Unsupported value: "x": supported values: "b", "c"'),
    (fields.duplicate("a", "x"), 'a: Duplicate value: "x"'),
    (fields.forbidden("a", "no"), "a: Forbidden: no"),
    (fields.not_found("a", "x"), 'a: Not found: "x"'),
    (fields.too_long("a", 1), "a: Too long: may not be more than 1 byte"),
    (fields.too_long("a", 262144), "a: Too long: may not be more than 262144 bytes"),
    (fields.too_many("a", 3, 1), "a: Too many: 3: must have at most 1 item"),
    (fields.too_many("a", fields.OMIT, 2), "a: Too many: must have at most 2 items"),
    (FieldError("InternalError", "a", detail="oh"), "a: Internal error: oh"),
])
def test_an_error_reads_as_upstream_prints_it(error, wanted):
    assert str(error) == wanted


def test_a_cause_carries_type_and_path():
    assert fields.required("a").cause() == {"reason": "FieldValueRequired", "message": "Required value", "field": "a"}
    assert FieldError("InternalError", "a").cause()["reason"] == "InternalError"


def test_several_messages_come_in_brackets_without_repeats():
    assert fields.aggregate(["a", "b", "a"]) == "[a, b]"
    assert fields.aggregate(["a", "a"]) == "a"


@pytest.mark.parametrize(("text", "wanted"), [
    ("plain", '"plain"'), ('a"b\\', '"a\\"b\\\\"'), ("\x01\x7f", '"\\x01\\x7f"'), ("é语", '"é语"'), ("\u200b", '"\\u200b"'),
])
def test_strings_are_quoted_as_go_does(text, wanted):
    assert gotext.quote(text) == wanted


@pytest.mark.parametrize(("number", "wanted"), [(1.0, "1"), (1.5, "1.5"), (1e21, "1e+21"), (1e-7, "1e-07")])
def test_floats_print_as_go_does(number, wanted):
    assert gotext.float_text(number) == wanted
