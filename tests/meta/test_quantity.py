"""Quantities: upstream's canonical form, its roundings and its words."""
import pytest

from cluster.meta import quantity

CANONICAL = [
    ("100m", "100m"), ("0.5", "500m"), ("0.1", "100m"), ("1000m", "1"), ("1500m", "1500m"), ("1.5", "1500m"),
    ("1.5Gi", "1536Mi"), ("1024Mi", "1Gi"), ("1024Ki", "1Mi"), ("0.5Ki", "512"), ("1.1Ki", "1126400m"), ("1Ei", "1Ei"),
    ("1000", "1k"), ("100000", "100k"), ("1000k", "1M"), ("1025", "1025"), ("1e3", "1e3"), ("5e2", "500"),
    ("129e6", "129e6"), ("0.0001", "100u"), ("0.1n", "1n"), ("10Ei", "9223372036854775807"), ("0Mi", "0"), (" 1 ", "1"),
    ("00012", "00012"), ("1.500", "1.500"), ("+5Mi", "+5Mi"),  # upstream keeps these as they were written
    ("Gi", "0"), (".", "0"), ("-1", "-1"), ("-0.5", "-500m"), (2, "2"), (0.5, "500m"),
]


@pytest.mark.parametrize(("text", "wanted"), CANONICAL)
def test_it_prints_canonically(text, wanted):
    assert quantity.canonical(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("", quantity.WRONG_FORMAT), ("many", quantity.WRONG_FORMAT), ("1 Gi", quantity.WRONG_FORMAT),
    ("1x", quantity.WRONG_FORMAT), ("1.5.5", quantity.WRONG_FORMAT), ("e-10", quantity.WRONG_NUMBER),
    ("1mm", quantity.WRONG_SUFFIX), ("1ki", quantity.WRONG_SUFFIX), ("1e", quantity.WRONG_SUFFIX), (True, quantity.WRONG_FORMAT),
])
def test_it_refuses_in_upstreams_words(text, wanted):
    with pytest.raises(quantity.QuantityError) as refused:
        quantity.canonical(text)
    assert str(refused.value) == wanted


@pytest.mark.parametrize(("text", "value", "millis"), [
    ("100m", 1, 100), ("1100m", 2, 1100), ("-1100m", -2, -1100), ("2", 2, 2000), ("64Mi", 67108864, 67108864000), ("1u", 1, 1),
])
def test_values_round_away_from_zero(text, value, millis):
    assert (quantity.value(text), quantity.millis(text)) == (value, millis)


def test_equal_amounts_compare_equal_however_written():
    assert quantity.equal("1", "1000m")
    assert quantity.equal("1Gi", "1024Mi")
    assert not quantity.equal("1G", "1Gi")
    assert [quantity.compare("1", other) for other in ("2", "1000m", "0.5")] == [-1, 0, 1]


def test_a_sum_keeps_the_first_format_unless_that_is_zero():
    assert str(quantity.parse("1Gi").plus(quantity.parse("1024Mi"))) == "2Gi"
    assert str(quantity.parse("0").plus(quantity.parse("1Gi"))) == "1Gi"
    assert str(quantity.parse("2").minus(quantity.parse("500m"))) == "1500m"


def test_a_huge_exponent_is_cheap():
    assert quantity.parse("1e999999999").nano > 10**300


@pytest.mark.parametrize(("text", "message"), [
    ("9" * 5_000, quantity.WRONG_NUMBER), ("1." + "0" * 5_000 + "1", quantity.WRONG_NUMBER), ("1e" + "9" * 5_000, quantity.WRONG_SUFFIX),
    ("9" * 100_000 + "%", quantity.WRONG_FORMAT),
])
def test_thousands_of_digits_are_refused_at_once(text, message):
    with pytest.raises(quantity.QuantityError) as refusal:
        quantity.parse(text)
    assert str(refusal.value) == message


def test_a_number_of_many_digits_is_still_printed():
    text = "9" * 3_000
    assert quantity.parse(text).text == text


def test_of_an_exponent_the_lower_32_bits_count():
    assert quantity.parse("1e4294967297").nano == quantity.parse("1e1").nano
