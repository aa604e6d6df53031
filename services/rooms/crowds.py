"""Residents who come into one room at one moment: one transaction for all of them.

`joining.join` stays the rule. Whoever is refused something here asks alone, and hears there why.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from services.contracts.envelope import Resident
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import Join, Joined
from services.rooms import joining, names
from services.rooms.domain import Seat, Wish, given_numbers
from services.rooms.service import Means, NotYetKnown, own_seat
from services.rooms.store import crowds as store
from services.rooms.store import places
from services.rooms.store.crowds import Entry
from services.rooms.store.people import Arrival, Came
from services.runtime import outbox
from services.runtime.batching import Batches
from services.runtime.call import Call
from services.runtime.db import Database, Tx, is_stuck

log = structlog.get_logger()

LARGEST = 64

Asked = tuple[Join, Call]
Alone = Callable[[Join, Call], Awaitable[Joined]]


class Crowds:
    """Lets residents in room by room, at most `LARGEST` in a transaction and one transaction at a time."""

    def __init__(self, db: Database, means: Means, alone: Alone) -> None:
        self._db = db
        self._means = means
        self._alone = alone
        self._doors: WeakValueDictionary[UUID, Batches[Asked, Joined | None]] = WeakValueDictionary()

    async def join(self, slot_id: UUID, request: Join, call: Call) -> Joined:
        door = self._doors.get(slot_id)
        if door is None:
            door = self._doors[slot_id] = Batches(partial(self._serve, slot_id), largest=LARGEST)
        return await door.put((request, call)) or await self._alone(request, call)

    async def _serve(self, slot_id: UUID, asked: Sequence[Asked]) -> Sequence[Joined | None]:
        if len(asked) == 1:
            return [await self._alone(*asked[0])]
        try:
            return await self._db.transact(lambda tx: let_in(tx, slot_id, asked, self._means))
        except Unavailable as error:
            if not is_stuck(error):
                raise
            log.info("crowd.parted", reason="stuck")  # for one of them only, perhaps
        except Exception as error:
            log.info("crowd.parted", reason=type(error).__name__)  # each alone will hear what it is
        return [None] * len(asked)


@dataclass(frozen=True)
class Coming:
    """Somebody who may come in; `place` is theirs among those who asked."""

    place: int
    seat: Seat
    name: str
    arrival: Arrival


async def let_in(tx: Tx, slot_id: UUID, asked: Sequence[Asked], means: Means) -> list[Joined | None]:
    """What comes of each; None for those of whom this cannot be told here."""
    ids = {_link(call).booking_id for _, call in asked}
    await places.hold_all_shared(tx, slot_id, ids)
    coming = _who_comes(slot_id, asked, await places.seats(tx, ids), means)
    came = await _enter(tx, slot_id, coming)
    answers: list[Joined | None] = [None] * len(asked)
    told = []
    for each, entered in zip(coming, came, strict=True):
        request, call = asked[each.place]
        answers[each.place] = joining.arrived(each.seat, entered, each.name, request, call, means)
        if entered.changed:
            told.append((joining.news_of(each.seat, call), call))
    await outbox.add_each(tx, told)
    return answers


def _who_comes(
    slot_id: UUID, asked: Sequence[Asked], seats: Mapping[UUID, Seat], means: Means
) -> list[Coming]:
    """In the order of asking, each bearer once, and nobody who has moved elsewhere meanwhile."""
    coming: dict[UUID, Coming] = {}
    for place, (request, call) in enumerate(asked):
        link = _link(call)
        try:
            seat = own_seat(seats.get(link.booking_id), link.booking_id, link.link_version)
            name = names.display_name(request.display_name)
            arrival = joining.arrival(seat, name, call, means)
        except (Refusal, NotYetKnown):
            continue
        if arrival.slot_id == slot_id:
            coming.setdefault(arrival.who_id, Coming(place, seat, name, arrival))
    return list(coming.values())


async def _enter(tx: Tx, slot_id: UUID, coming: Sequence[Coming]) -> list[Came]:
    arrivals = [each.arrival for each in coming]
    taken = await store.taken(tx, slot_id, {arrival.name.digest for arrival in arrivals})
    wishes = [Wish(each.arrival.who_id, each.seat.name, each.arrival.name) for each in coming]
    numbers = given_numbers(wishes, taken)
    entries = [
        Entry(each.arrival, numbers[each.arrival.who_id], each.seat.presence is not each.arrival.presence)
        for each in coming
    ]
    came = await store.enter_all(tx, slot_id, entries)
    return [came[arrival.who_id] for arrival in arrivals]


def _link(call: Call) -> Resident:
    assert isinstance(call.actor, Resident)
    return call.actor
