"""Residents whose page said that they wait, and whether that page is still there.

A page with script keeps its stream of news open; one without loads itself again
now and then. When neither has happened for a while, rooms is told that they wait
no more, so that no host opens the door to somebody who closed the browser long
ago. A page that is only loaded again is never away for that long.

Of several copies of the gateway, the one that saw a page last looks after it:
each says now and then which pages it has seen.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from services.contracts.envelope import Resident, Told
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import Leave
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.clock import Clock

GRACE = timedelta(seconds=60)
WITHIN = timedelta(seconds=5)
SEEN = "gateway.v1.live.pages_seen"
AT_ONCE = 1000


class PagesSeen(msgspec.Struct, frozen=True):
    """Of which bookings one copy has seen the page, and when. Said to the other copies alone."""

    by: UUID
    at: dict[UUID, datetime]


@dataclass(frozen=True)
class Seen:
    who: Resident
    at: datetime
    request_id: str


class WaitingPages:
    """Those whom this copy looks after."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._me = uuid4()
        self._unsaid: dict[UUID, datetime] = {}
        self._seen: dict[UUID, Seen] = {}
        self._streams: Counter[UUID] = Counter()
        self.closing = False

    async def start(self) -> None:
        await self._bus.listen(SEEN, self._hear)

    def seen(self, who: Resident, request_id: str) -> None:
        """Their page is there now, and they wait."""
        now = self._clock.now()
        self._seen[who.booking_id] = Seen(who, now, request_id)
        self._unsaid[who.booking_id] = now

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
        await self._say_seen()
        now = self._clock.now()
        for booking_id, last in list(self._seen.items()):
            if self.closing or booking_id in self._streams or now - last.at < GRACE:
                continue
            if await self._left(last) and self._seen.get(booking_id) is last:
                del self._seen[booking_id]

    async def _say_seen(self) -> None:
        """What cannot be said is forgotten: a page that stays is seen again."""
        unsaid, self._unsaid = list(self._unsaid.items()), {}
        with suppress(Unavailable):
            for first in range(0, len(unsaid), AT_ONCE):
                await self._bus.say(SEEN, PagesSeen(self._me, dict(unsaid[first : first + AT_ONCE])))

    async def _hear(self, _: str, told: Told) -> None:
        """Another copy has the page now, and will say when it is gone."""
        pages = msgspec.json.decode(told.body, type=PagesSeen)
        if pages.by == self._me:
            return
        for booking_id, at in pages.at.items():
            mine = self._seen.get(booking_id)
            if mine is not None and mine.at < at:
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
