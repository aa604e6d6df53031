"""Taking a seat together with whoever asks at the same moment: one statement and one commit for all.

`booking.book` stays the rule of what a booking is. What is out of the ordinary goes there at once. Those
whose time is another's by now are told so together; whoever else got no seat hears there why.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import structlog

from services.booking.domain import access, attendees, seats
from services.booking.service.appointments.searching import alternatives
from services.booking.service.deps import Deps
from services.booking.store.appointments import together
from services.booking.store.appointments.together import Draft
from services.booking.store.bookings import NewBooking
from services.booking.store.slots import SlotRow
from services.contracts.booking.appointments import Book, Booked
from services.contracts.booking.catalogue import FreeSlot, SlotKind
from services.contracts.booking.events import BookingConfirmed, BookingEvent, BookingHeld
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Anyone, encode
from services.contracts.refusals import Refusal, Unavailable
from services.runtime.batching import Batches
from services.runtime.call import Call, Handler
from services.runtime.commands import claim_of
from services.runtime.db import Database, DatabaseMisused, NotDone
from services.runtime.outbox import row_of

log = structlog.get_logger()

AT_ONCE = 2  # one is written while the next is read
MANY = 2  # who alone of all got no seat costs no less here
Key = tuple[str, str]


def book_together(db: Database, deps: Deps, alone: Handler, *, largest: int) -> Handler:
    """`alone`, except that what can share a transaction shares one, of at most `largest`; 1 is none."""
    if largest <= 1:
        return alone
    batches = Batches(_Counter(db, deps).serve, largest=largest, at_once=AT_ONCE)

    async def handle(request: Book, call: Call) -> Booked:
        if _is_plain(request, call) and (reply := await batches.put((request, call))) is not None:
            if isinstance(reply, Refusal):
                raise reply
            return reply
        answer: Booked = await alone(request, call)
        return answer

    return handle


def _is_plain(request: Book, call: Call) -> bool:
    """Somebody alone, of whom nothing is known and with whom nothing is wrong."""
    if request.companions or not isinstance(call.actor, Anyone):
        return False
    try:
        attendees.check_party(request)
    except Refusal:
        return False
    return True


class _Counter:
    """Serves all who stand at it at one moment. None is the answer to those who must ask alone."""

    def __init__(self, db: Database, deps: Deps) -> None:
        self._db = db
        self._deps = deps
        self._keys: set[Key] = set()

    async def serve(self, asked: Sequence[tuple[Book, Call]]) -> Sequence[Booked | Refusal | None]:
        slots = await together.look(self._db, {request.slot_id for request, _ in asked})
        answers: list[Booked | Refusal | None] = [None] * len(asked)
        numbers, drafts, replies, mine = [], [], [], set[Key]()
        for number, (request, call) in enumerate(asked):
            slot = slots.get(request.slot_id)
            if slot is not None and self._take_key(call, mine):
                draft, reply = _draft(request, call, slot, self._deps)
                numbers.append(number)
                drafts.append(draft)
                replies.append(reply)
        try:
            booked = await self._book(drafts)
            for place in booked:
                answers[numbers[place]] = replies[place]
            others = [place for place in range(len(drafts)) if place not in booked]
            for place, refusal in (await self._refused([drafts[place] for place in others])).items():
                answers[numbers[others[place]]] = refusal
        finally:
            self._keys -= mine
        return answers

    async def _book(self, drafts: Sequence[Draft]) -> set[int]:
        """Whatever the database objects to, each will hear of it alone, and only the one it is about."""
        if not drafts:
            return set()
        try:
            return await together.book(self._db, drafts)
        except (NotDone, DatabaseMisused):
            return set()

    async def _refused(self, drafts: Sequence[Draft]) -> dict[int, Refusal]:
        """By place, those who came too late. When that cannot be found out together, each will hear it
        alone: others of this batch have been booked, and must not be told otherwise.
        """
        if len(drafts) < MANY:
            return {}
        try:
            return await self._came_too_late(drafts)
        except (NotDone, DatabaseMisused, Unavailable) as error:
            log.info("refused.alone", reason=type(error).__name__)
            return {}

    async def _came_too_late(self, drafts: Sequence[Draft]) -> dict[int, Refusal]:
        """An error each, since each is raised. Times of one kind and theme have the same next ones."""
        refusals: dict[int, Refusal] = {}
        following: dict[tuple[str | None, SlotKind], list[FreeSlot]] = {}
        for place in await together.taken(self._db, drafts):
            draft = drafts[place]
            like = (draft.slot.theme, draft.slot.kind)
            if like not in following:
                following[like] = await self._db.glance(
                    partial(alternatives, slot=draft.slot, now=draft.at)
                )
            refusals[place] = seats.taken()
            refusals[place].facts["next"] = following[like]
        return refusals

    def _take_key(self, call: Call, mine: set[Key]) -> bool:
        """False when another with this key is in hand: its answer must be there first."""
        if call.key is None:
            return True
        key = ("anyone", call.key)
        if key in self._keys:
            return False
        self._keys.add(key)
        mine.add(key)
        return True


def _draft(request: Book, call: Call, slot: SlotRow, deps: Deps) -> tuple[Draft, Booked]:
    until = None
    if deps.confirm_first:
        until = seats.held_until(now=call.now, starts_at=slot.starts_at, hold=deps.hold)
    new = NewBooking(
        id=uuid4(),
        status=BookingStatus.CONFIRMED if until is None else BookingStatus.HELD,
        seats=1,
        display_name=request.display_name.strip(),
        email=request.email,
        phone=request.phone,
        language=request.language,
        municipality=request.municipality,
        age_group=request.age_group,
        note=request.note,
        held_until=until,
    )
    reply = Booked(
        id=new.id, status=new.status, slot=slot.booked, link_version=1, held_until=new.held_until
    )
    claim = claim_of(request, call)
    draft = Draft(
        new=new,
        slot=slot,
        by=access.signature(call.actor),
        at=call.now,
        news=row_of(_news(new, slot), call),
        claim=(claim.scope, claim.key, claim.fingerprint) if claim else None,
        reply=encode(reply),
    )
    return draft, reply


def _news(new: NewBooking, slot: SlotRow) -> BookingEvent:
    facts: dict[str, Any] = {
        "booking_id": new.id,
        "slot_id": slot.id,
        "host_id": slot.host.id,
        "kind": slot.kind,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "time_zone": slot.time_zone,
        "version": 1,
        "link_version": 1,
        "sequence": 0,
    }
    if new.held_until is not None:
        return BookingHeld(**facts, held_until=new.held_until)
    return BookingConfirmed(**facts)
