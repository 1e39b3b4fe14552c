"""Any bytes as text, and back."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.runtime.octets import bytes_of, text_of


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_bytes_come_back_whole_and_in_pieces(pieces):
    text = "".join(text_of(piece) for piece in pieces)
    assert bytes_of(text) == b"".join(pieces)
    assert json.loads(json.dumps(text, ensure_ascii=False).encode()) == text


@pytest.mark.parametrize("data", ["\U0010ff80".encode(), "a\U0010ffffb".encode() + b"\xff", "你好".encode()[:4]])
def test_signs_of_the_private_plane_and_halves_come_back_too(data):
    assert bytes_of(text_of(data)) == data


def test_text_stays_readable():
    assert text_of("你好, é".encode()) == "你好, é"
