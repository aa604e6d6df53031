"""Residents whose page said that they wait, and whether that page is still there.

A page with script keeps its stream of news open; one without loads itself again
now and then. When neither has happened for a while, rooms is told that they wait
no more, so that no host opens the door to somebody who closed the browser long
ago. A page that is only loaded again is never away for that long.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.contracts.envelope import Resident
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import Leave
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.clock import Clock

GRACE = timedelta(seconds=60)
WITHIN = timedelta(seconds=5)


@dataclass(frozen=True)
class Seen:
    who: Resident
    at: datetime
    request_id: str


class WaitingPages:
    """Of this process alone: with several gateways a resident's requests must stay with one of them."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._seen: dict[UUID, Seen] = {}
        self._streams: Counter[UUID] = Counter()
        self.closing = False

    def seen(self, who: Resident, request_id: str) -> None:
        """Their page is there now, and they wait."""
        self._seen[who.booking_id] = Seen(who, self._clock.now(), request_id)

    @contextmanager
    def stream(self, who: Resident) -> Iterator[None]:
        """Their page is there for as long as the block lasts."""
        self._streams[who.booking_id] += 1
        try:
            yield
        finally:
            self._streams[who.booking_id] -= 1
            if not self._streams[who.booking_id]:
                del self._streams[who.booking_id]
            last = self._seen.get(who.booking_id)
            if last is not None:
                self.seen(last.who, last.request_id)

    async def sweep(self) -> None:
        """Tell rooms of those whose page has been gone for the whole grace."""
        now = self._clock.now()
        for booking_id, last in list(self._seen.items()):
            if self.closing or booking_id in self._streams or now - last.at < GRACE:
                continue
            if await self._left(last) and self._seen.get(booking_id) is last:
                del self._seen[booking_id]

    async def _left(self, last: Seen) -> bool:
        """False when rooms did not answer: then it is told again."""
        now = self._clock.now()
        call = Call(actor=last.who, now=now, deadline=now + WITHIN, request_id=last.request_id)
        try:
            await self._bus.call(Leave(only_waiting=True), call)
        except Unavailable:
            return False
        except Refusal:
            pass  # the link or the meeting is gone, and their waiting with it
        return True
