"""The calendar, the streams of chance, the latency table, and packing for snapshots."""
from __future__ import annotations

import msgspec
import pytest

from cluster.engine import Engine, latency
from cluster.engine import clock as calendar
from cluster.engine.clock import Clock
from cluster.engine.plain import carried, pack, unpack
from cluster.engine.rng import SUFFIX_ALPHABET, Stream, Streams


@pytest.mark.parametrize(("now_ms", "text", "micro"), [
    (0, "2026-01-01T09:00:00Z", "2026-01-01T09:00:00.000000Z"),
    (999, "2026-01-01T09:00:00Z", "2026-01-01T09:00:00.999000Z"),
    (86_400_000, "2026-01-02T09:00:00Z", "2026-01-02T09:00:00.000000Z"),
])
def test_virtual_time_as_text(now_ms, text, micro):
    clock = Clock()
    assert (clock.text(now_ms), clock.micro_text(now_ms)) == (text, micro)


def test_texts_do_not_depend_on_what_was_asked_before():
    clock = Clock()
    assert [clock.text(ms) for ms in (5000, 0, 5000)] == ["2026-01-01T09:00:05Z", "2026-01-01T09:00:00Z", "2026-01-01T09:00:05Z"]


def test_an_epoch_begins_with_a_whole_second():
    assert Clock(1_767_258_000_777).text(0) == "2026-01-01T09:00:00Z"


@pytest.mark.parametrize("now_ms", [0, 1, 999, 12_345, 10**10])
def test_a_time_can_be_read_back(now_ms):
    clock = Clock()
    assert clock.parse_ms(clock.micro_text(now_ms)) == now_ms and clock.parse_ms(clock.text(now_ms)) == now_ms - now_ms % 1000


def test_a_text_that_is_no_time_is_refused():
    with pytest.raises(ValueError):
        Clock().parse_ms("yesterday")


@pytest.mark.parametrize(("zone", "text"), [
    ("", "2026-01-01T09:00:00Z"), ("UTC", "2026-01-01T09:00:00Z"), ("Europe/London", "2026-01-01T09:00:00Z"),
    ("Asia/Kolkata", "2026-01-01T14:30:00+05:30"), ("America/New_York", "2026-01-01T04:00:00-05:00"), ("No/Where", "2026-01-01T09:00:00Z"),
])
def test_a_time_in_a_zone_says_how_far_it_is_from_utc(zone, text):
    assert calendar.rfc3339(calendar.DEFAULT_EPOCH_MS // 1000, zone) == text
    assert calendar.unix_ms(text) == calendar.DEFAULT_EPOCH_MS


def test_a_time_as_in_mail_is_in_english():
    assert calendar.rfc1123(calendar.DEFAULT_EPOCH_MS // 1000) == "Thu, 01 Jan 2026 09:00:00 +0000"


def test_streams_go_by_seed_and_name_alone():
    one, two = Streams(1), Streams(1)
    two("other").random()
    assert [one("x").next64() for _ in range(3)] == [two("x").next64() for _ in range(3)]
    assert Streams(1)("x").next64() != Streams(2)("x").next64() != Streams(2)("y").next64()


def test_the_generator_is_splitmix64():
    stream = Stream(1234567)
    assert [stream.next64() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_streams_restored_go_on():
    streams = Streams(1)
    streams("x").random()
    other = Streams(1)
    other.restore(msgspec.json.decode(msgspec.json.encode(streams.snapshot())))
    assert other("x").random() == streams("x").random()


def test_draws_keep_to_their_ranges():
    stream = Stream(5)
    assert {stream.below(3) for _ in range(100)} == {0, 1, 2} and {stream.between(4, 6) for _ in range(100)} == {4, 5, 6}
    assert all(0 <= stream.random() < 1 for _ in range(100))
    assert len(stream.suffix()) == 5 and not set(stream.suffix(200)) - set(SUFFIX_ALPHABET)
    assert len(stream.hex(7)) == 7


def test_a_uuid_is_one_of_version_4():
    text = Stream(5).uuid()
    assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12] and text[14] == "4" and text[19] in "89ab"


def test_endings_and_uuids_are_made_of_the_same_bits_as_plain_draws():
    made, plain = Stream(5), Stream(5)
    for _ in range(50):
        assert made.suffix() == "".join(SUFFIX_ALPHABET[plain.next64() % 27] for _ in range(5))
        text = f"{plain.next64():016x}{plain.next64():016x}"
        kind = "89ab"[int(text[16], 16) & 3]
        assert made.uuid() == f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{kind}{text[17:20]}-{text[20:]}"
    assert made.position == plain.position


@pytest.mark.parametrize("name", sorted(latency.TABLE))
def test_latencies_lie_within_their_span_and_about_the_typical(name):
    (low, typical, high), engine = latency.TABLE[name], Engine(seed=1)
    drawn = sorted(engine.latency(name) for _ in range(300))
    assert low <= typical <= high and low <= drawn[0] and drawn[-1] <= high
    assert abs(drawn[150] - typical) <= max(1, (high - low) / 3)


def test_a_span_without_width_is_its_value_and_draws_nothing():
    engine = Engine()
    engine.latency_table["store"] = (7, 7, 7)
    before = engine.rng("latency/store").position
    assert engine.latency("store") == 7 and engine.rng("latency/store").position == before


@carried
class Parcel(msgspec.Struct):
    content: object = None


def test_arguments_of_events_survive_packing():
    value = [{"a": Parcel([1, b"\x00\xff", {"b": Parcel("x")}])}, None, 1.5]
    assert unpack(msgspec.json.decode(msgspec.json.encode(pack(value)))) == value


def test_the_latencies_of_a_name_go_by_its_own_stream_and_the_entry_that_holds_now():
    engine, other = Engine(seed=7), Engine(seed=7)
    drawn = [other.latency("store") for _ in range(20)]
    assert [(engine.latency("request"), engine.latency("store"))[1] for _ in range(20)] == drawn and len(set(drawn)) > 1
    engine.latency_table["store"] = (9, 9, 9)
    assert engine.latency("store") == 9
