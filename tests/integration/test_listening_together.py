"""What rooms and notify make of news does not depend on how much of it came at one moment."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingHeld,
    BookingMoved,
    LinkRenewed,
    SlotChanged,
)
from services.contracts.envelope import Event, Told, encode, raw
from services.notify.domain import QuietHours
from services.notify.subscribers import subscriptions
from services.rooms.subscribers import BOOKING as ROOMS
from services.runtime import db as database
from services.runtime.hearing import Hearing, News, Subscription
from services.runtime.measures import Measures
from tests.support.system import System

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KINDS: dict[type[Event], int] = {
    BookingConfirmed: 10,
    BookingHeld: 1,
    BookingMoved: 1,
    LinkRenewed: 1,
    BookingCancelled: 1,
    SlotChanged: 1,
}
STATES = {
    "rooms": [
        "SELECT slot_id, host_id, kind, starts_at, ends_at, known_at, hosts, slot_version, closed_at"
        " FROM rooms.room ORDER BY slot_id",
        "SELECT * FROM rooms.place ORDER BY booking_id",
        "SELECT event_id FROM rooms.inbox ORDER BY event_id",
    ],
    "notify": [
        "SELECT * FROM notify.meeting ORDER BY booking_id",
        "SELECT kind, about, occasion, booking_id, starts_at, due_at, not_after, give_up_at, state,"
        " next_try_at, last_error, enrolment_id FROM notify.message ORDER BY kind, about, occasion",
        "SELECT event_id FROM notify.inbox ORDER BY event_id",
    ],
}
EMPTY = {
    "rooms": "TRUNCATE rooms.room, rooms.place, rooms.inbox, rooms.called_off CASCADE",
    "notify": "TRUNCATE notify.meeting, notify.message, notify.inbox CASCADE",
}


class Newsroom:
    """Makes news of a few bookings in a few slots, some of it late and some of it twice."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._slots = [UUID(int=self._dice.getrandbits(128), version=4) for _ in range(4)]
        self._bookings = [UUID(int=self._dice.getrandbits(128), version=4) for _ in range(8)]

    def news(self, count: int) -> list[News]:
        told = [self._told(self._event()) for _ in range(count)]
        return [self._dice.choice(told) if self._dice.random() < 0.1 else each for each in told]

    def batches(self, news: Sequence[News]) -> list[list[News]]:
        found, rest = [], list(news)
        while rest:
            size = self._dice.randint(1, 20)
            found.append(rest[:size])
            rest = rest[size:]
        return found

    def _told(self, event: Event) -> News:
        at = NOW + timedelta(microseconds=self._dice.getrandbits(24))  # never the same twice
        event_id = UUID(int=self._dice.getrandbits(128), version=4)
        return News(event.subject, encode(Told(event_id=event_id, at=at, body=raw(event))))

    def _event(self) -> Event:
        slot = self._dice.choice(self._slots)
        starts_at = NOW + timedelta(days=3 + self._slots.index(slot), hours=self._dice.randint(0, 1))
        times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
        common: dict[str, Any] = {"slot_id": slot, "host_id": slot, "kind": SlotKind.APPOINTMENT, **times}
        version = self._dice.randint(1, 4)
        (kind,) = self._dice.choices(list(KINDS), list(KINDS.values()))
        if kind is SlotChanged:
            return SlotChanged(**common, hosts=[slot], room_limit=9, version=version)
        said: dict[type[Event], dict[str, Any]] = {
            BookingHeld: {"held_until": NOW + timedelta(hours=1)},
            BookingMoved: {"from_slot_id": slot},
            BookingCancelled: {"by": "resident"},
        }
        return kind(
            **common,
            booking_id=self._dice.choice(self._bookings),
            time_zone="Europe/Helsinki",
            version=version,
            link_version=version,
            sequence=version,
            **said.get(kind, {}),
        )


class Standing:
    moved_by = timedelta()

    def now(self) -> datetime:
        return NOW


def _listens(service: str) -> Subscription:
    if service == "rooms":
        return ROOMS
    return subscriptions(clock=Standing(), quiet=QuietHours("Europe/Helsinki", 21, 8), wake=lambda: None)[0]


@pytest.mark.parametrize("service", ["rooms", "notify"])
async def test_many_at_once_come_to_the_same_as_one_after_the_other(system: System, service: str) -> None:
    db = await database.connect(system.database_url(service), schema=service)
    listens = _listens(service)
    hearing = Hearing(listens, db=db, measures=Measures())
    differed = []
    for seed in range(12):
        room = Newsroom(seed)
        news = room.news(40)
        came = []
        for batches in ([[each] for each in news], room.batches(news)):
            await system.sql(EMPTY[service])
            for batch in batches:
                assert set(await hearing.together(batch)) == {None}
            came.append([await system.sql(state) for state in STATES[service]])
        differed += [
            (seed, one, other)
            for alone, together in zip(*came, strict=True)
            for one, other in zip_longest(map(dict, alone), map(dict, together))
            if one != other
        ]
        assert came[0][0], "nothing came of it"
    await db.close()
    assert differed == []
