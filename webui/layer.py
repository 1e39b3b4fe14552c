"""The channel layer of one process: Channels' own in memory, without what only matters between processes or strangers.

Every message here is made of texts, numbers and bytes that nobody changes, so it is handed on as it is instead of copied;
names are the project's own, so they are not held against a pattern each time; and what nobody fetches is looked for now and
then instead of before every message.
"""

from __future__ import annotations

import asyncio
import time

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

CLEAN_EVERY_S = 5.0


class LocalLayer(InMemoryChannelLayer):
    """The same layer, for a few hundred messages a second."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.channel_capacity = self.compile_capacities(self.channel_capacity)
        self.clean_at_s = 0.0

    async def send(self, channel: str, message: dict) -> None:
        """Put a message into a channel; raises ChannelFull where its reader is too slow."""
        queue = self.channels.get(channel)
        if queue is None:
            queue = self.channels[channel] = asyncio.Queue(maxsize=self.get_capacity(channel))
        try:
            queue.put_nowait((time.time() + self.expiry, message))
        except asyncio.QueueFull:
            raise ChannelFull(channel) from None

    def _clean_expired(self) -> None:
        now_s = time.time()
        if now_s >= self.clean_at_s:
            self.clean_at_s = now_s + CLEAN_EVERY_S
            super()._clean_expired()
