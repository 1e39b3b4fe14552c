"""What waits for a reader is bounded, and who falls behind is given up wherever it waits."""
from __future__ import annotations

import asyncio

import msgspec
import pytest

from webui import door
from webui.door import Answers


def said(number: int, size: int = 0) -> bytes:
    return msgspec.msgpack.encode({"number": number, "fat": "x" * size})


async def test_answers_come_in_order():
    answers = Answers()
    for number in range(3):
        answers.put(said(number))
    assert [(await answers.get())["number"] for _ in range(3)] == [0, 1, 2]
    assert answers.empty() and answers.size == 0


async def test_one_answer_may_be_longer_than_what_may_wait_together():
    answers = Answers()
    answers.put(said(0, 2 * door.MOST_WAITING_BYTES))
    assert not answers.is_given_up and (await answers.get())["number"] == 0


async def test_too_much_that_waits_is_forgotten_and_so_is_its_reader():
    answers, is_sending = Answers(), asyncio.Event()

    async def read() -> str:
        async with answers.unless_given_up():
            is_sending.set()
            await asyncio.Event().wait()  # a send to a client that does not read
        return "given up"

    reading = asyncio.ensure_future(read())
    await is_sending.wait()
    answers.put(said(0, door.MOST_WAITING_BYTES - 100))
    assert not reading.done() and not answers.is_given_up
    answers.put(said(1, 200))
    assert await asyncio.wait_for(reading, 1) == "given up"
    answers.put(said(2))
    assert answers.is_given_up and answers.empty()


@pytest.mark.slow
async def test_too_many_small_answers_are_too_much_as_well():
    answers = Answers()
    for number in range(door.MOST_ANSWERS + 1):
        answers.put(said(number))
    await asyncio.sleep(2 * door.PATIENCE_S)
    assert answers.is_given_up


@pytest.mark.slow
async def test_much_that_comes_at_once_is_kept_for_a_reader_who_takes_it():
    """A watch's head and all that it begins with arrive together, before its reader can have its turn."""
    answers = Answers()
    answers.put(said(0))
    answers.put(said(1, 2 * door.MOST_WAITING_BYTES))
    for number in range(2, door.MOST_ANSWERS + 10):
        answers.put(said(number))
    seen = [(await answers.get())["number"] for _ in range(door.MOST_ANSWERS + 10)]
    await asyncio.sleep(2 * door.PATIENCE_S)
    assert seen == list(range(door.MOST_ANSWERS + 10)) and not answers.is_given_up


async def test_a_reader_is_judged_by_whether_it_takes_what_is_there():
    answers = Answers()
    for number in range(5):
        answers.put(said(number, door.MOST_WAITING_BYTES))
    before = answers.taken
    await answers.get()
    answers._judge(before)
    assert not answers.is_given_up
    answers._judge(answers.taken)
    assert answers.is_given_up
    answers.forget()


async def test_beyond_all_measure_nobody_is_waited_for():
    answers = Answers()
    for number in range(door.MOST_AT_ONCE_BYTES // door.MOST_WAITING_BYTES + 2):
        answers.put(said(number, door.MOST_WAITING_BYTES))
    assert answers.is_given_up and answers.empty()


async def test_a_wake_lets_the_reader_look_around_without_an_answer():
    answers = Answers()
    asyncio.get_running_loop().call_later(0.01, answers.wake)
    await asyncio.wait_for(answers.changed(), 1)
    assert answers.empty()
