"""Whether NATS still hears us: asked again and again, since a client's own word is no proof of life."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from nats.aio.client import Client

from services.contracts.refusals import Unavailable

log = structlog.get_logger()

PING_SECONDS = 0.5
LONGEST_ROUND_TRIP = 3600
WATCH_SECONDS = 0.25
SILENT_AFTER_PINGS = 2
LEAVE_AFTER_PINGS = 4
DEAF_AFTER_PINGS = 60


class Line:
    """One client's line to its server. `connections` counts those it has had, this one included."""

    def __init__(self, client: Client, *, on_silence: Callable[[], None]) -> None:
        self.connections = 1
        self.has_choice = False  # of another server
        self.silent = False
        self._client = client
        self._on_silence = on_silence
        self._trip: tuple[int, asyncio.Task[float] | None] = (0, None)

    async def ping(self) -> None:
        """A real round trip, or Unavailable.

        A round trip that takes too long is left to itself. Were it cancelled, the
        answer that still comes would meet a cancelled future and end the client's
        read loop, for good and without a word.
        """
        if not self._client.is_connected:
            raise Unavailable("NATS is not connected")
        trip = self._round_trip()
        await asyncio.wait({trip}, timeout=PING_SECONDS)
        if not trip.done() or trip.cancelled():
            raise Unavailable("NATS does not answer")
        if error := trip.exception():
            raise Unavailable("NATS does not answer") from error

    def _round_trip(self) -> "asyncio.Task[float]":
        """The one under way, or a new one. A new connection has forgotten those of the last."""
        of, trip = self._trip
        if trip is None or trip.done() or of != self.connections:
            if trip is not None:
                trip.cancel()
            trip = asyncio.create_task(self._client.rtt(timeout=LONGEST_ROUND_TRIP))
            trip.add_done_callback(take_note)
            self._trip = (self.connections, trip)
        return trip

    async def watch(self) -> None:
        """Keep asking whether NATS still hears us, as long as the service lives.

        A server that hangs leaves its connections open: after two unanswered
        pings whoever waits is told, and whoever asks is told at once, until it
        answers again. Where there is another server, the silent one is left for it.
        A client that stays unheard while it believes itself connected has lost
        its read loop for good: then this returns, which ends the process.
        """
        unheard = 0
        while unheard < DEAF_AFTER_PINGS:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.ping()
                unheard = 0
            except Unavailable:
                unheard = unheard + 1 if self._client.is_connected else 0
            self.silent = unheard >= SILENT_AFTER_PINGS
            if self.silent:
                self._on_silence()
            if self.has_choice and unheard and unheard % LEAVE_AFTER_PINGS == 0:
                self._hang_up()
        log.error("nats.deaf")

    def _hang_up(self) -> None:
        """Break the connection as if the server had: the client then takes the next one that answers.

        Closing it would wait for a server that hangs to take what was sent to it.
        """
        log.warning("nats.left")
        transport = self._client._transport  # there is no public way to do this
        writer = getattr(transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    def close(self) -> None:
        if trip := self._trip[1]:
            trip.cancel()


def take_note(future: "asyncio.Future[Any]") -> None:
    """Of an error that nobody may be left to wait for; asyncio would log it as forgotten."""
    if future.done() and not future.cancelled():
        future.exception()
