"""Owns the word that a write waits: the endpoint sees whose request it is, and the terminal says why nothing comes."""

from __future__ import annotations

import asyncio

from webui.door import WorkerSilent, door

from .session import SESSIONS

AFTER_S = 0.35  # an answer that comes sooner needs no word


async def tell_if_held(token: str, session_id: str, method: str) -> None:
    """Tell a terminal that its write waits for a step, if it does. Cancelled when the answer comes."""
    await asyncio.sleep(AFTER_S)
    session = SESSIONS.get(session_id)
    if session is None:
        return
    try:
        head = await door().ask({"do": "head", "token": token})
    except WorkerSilent:
        return
    if head.get("mode") == "held":
        await session.waits(method)
