"""Enrolling in a group: a place in one session or in all of them, or in the list of those who wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.booking.domain import access, attendees
from services.booking.domain import enrolment as rules
from services.booking.domain.enrolment import Group, Session
from services.booking.service import news
from services.booking.service.appointments.holds import CONFIRMED, Hold, hold
from services.booking.service.appointments.searching import alternatives
from services.booking.service.deps import Deps
from services.booking.service.enrolment import applying
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow, NewBooking
from services.booking.store.enrolment import enrolments as store
from services.booking.store.slots import SlotRow
from services.contracts.booking import events
from services.contracts.booking.appointments import Book, Booked
from services.contracts.booking.enrolment import Enrol, Enrolled
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx

NEWS: dict[BookingStatus, type[events.BookingEvent]] = {
    BookingStatus.APPLIED: events.ApplicationReceived,
    BookingStatus.WAITING: events.PutOnWaitingList,
    BookingStatus.HELD: events.BookingHeld,
    BookingStatus.CONFIRMED: events.BookingConfirmed,
}


async def enrol(tx: Tx, request: Enrol, call: Call, deps: Deps) -> Enrolled:
    """All of it in one transaction with the group locked: the order of the list is that of the locks."""
    order, main = await _enrol(tx, request, call, deps)
    first, before = main[0], None
    if first.status is BookingStatus.WAITING:
        before = await store.before(tx, request.group_id, order, [booking.slot.id for booking in main])
    assert first.enrolment_id is not None
    return Enrolled(
        enrolment_id=first.enrolment_id,
        booking_id=first.id,
        link_version=first.link_version,
        status=first.status,
        starts_at=first.slot.starts_at,
        ends_at=first.slot.ends_at,
        before_you=before,
        held_until=first.held_until,
    )


async def book(tx: Tx, group_id: UUID, request: Book, call: Call, deps: Deps) -> Booked:
    """A session's seat, asked for as one asks for an appointment: without waiting."""
    wish = Enrol(
        group_id=group_id,
        slot_id=request.slot_id,
        display_name=request.display_name,
        email=request.email,
        phone=request.phone,
        language=request.language,
        municipality=request.municipality,
        age_group=request.age_group,
        note=request.note,
        companions=request.companions,
        or_wait=False,
    )
    _, (first, *_) = await _enrol(tx, wish, call, deps)
    return Booked(
        id=first.id,
        status=first.status,
        slot=first.slot.booked,
        link_version=first.link_version,
        held_until=first.held_until,
    )


async def _enrol(tx: Tx, request: Enrol, call: Call, deps: Deps) -> tuple[int, Sequence[BookingRow]]:
    """Where in the order they come, and the person's own bookings, the next session's first."""
    _check(request)
    group = await store.lock_group(tx, request.group_id)
    if group is None:
        raise access.not_found()
    slots = await store.sessions(tx, group.id, now=call.now, only=request.slot_id)
    sessions = rules.wished(
        group,
        [store.as_session(slot) for slot in slots.values()],
        slot_id=request.slot_id,
        walk_in=request.walk_in,
        rooms_open=deps.rooms_open,
        now=call.now,
    )
    rules.check_party(group, sessions, 1 + len(request.companions), now=call.now)
    comes_to, place = await _place(tx, group, sessions, slots, request, call, deps)
    order, added = await _add(tx, request, comes_to, place, call)
    main = sorted((row for row in added if row.accompanies is None), key=lambda row: row.slot.starts_at)
    told = main if place.status is BookingStatus.HELD else added  # those along hear of it when confirmed
    await news.spread(tx, NEWS[place.status], told, call=call)
    if place.status is BookingStatus.APPLIED:
        await applying.tell_who_answers(tx, group.id, call)
    return order, main


async def _place(
    tx: Tx,
    group: Group,
    sessions: Sequence[Session],
    slots: dict[UUID, SlotRow],
    request: Enrol,
    call: Call,
    deps: Deps,
) -> tuple[Sequence[SlotRow], Hold]:
    """What the party gets: seats, which are then taken; a word with the facilitator; or a wait."""
    comes_to = [slots[session.slot_id] for session in sessions]
    if group.by_acceptance:
        return comes_to, Hold(BookingStatus.APPLIED)
    people = 1 + len(request.companions)
    wanted = rules.to_be_had(group, sessions, people, now=call.now)
    if wanted is not None:
        seats = {session.slot_id: people for session in wanted}
        if not await store.take_seats(tx, seats):
            raise AssertionError("seats went while the group was locked")
        until = min(each.starts_at if each.starts_at > call.now else each.over_at for each in wanted)
        place = CONFIRMED if request.walk_in else hold(call, deps, starts_at=until)
        return [slots[slot_id] for slot_id in seats], place
    waits_for = rules.still_offered(group, sessions, now=call.now)
    if not request.or_wait or request.walk_in or not waits_for:
        following = await alternatives(tx, comes_to[0], now=call.now)
        raise Refusal(Code.GROUP_FULL, "The group is full.", next=following)
    return [slots[session.slot_id] for session in waits_for], Hold(BookingStatus.WAITING)


async def _add(
    tx: Tx, request: Enrol, comes_to: Sequence[SlotRow], place: Hold, call: Call
) -> tuple[int, list[BookingRow]]:
    members = list(_members(request))
    order = await store.add(
        tx,
        [member.id for member in members],
        request.group_id,
        whole_series=request.slot_id is None,
        walked_in=request.walk_in,
        now=call.now,
    )
    added = []
    for slot in comes_to:
        main_id = uuid4()
        for member in members:
            new = _booking(member, request, place, main_id=main_id)
            added.append((new, slot))
    return order, await booking_store.add_all(tx, added, by=access.signature(call.actor), now=call.now)


@dataclass(frozen=True)
class _Member:
    """One of those who enrol together: `id` is that of their enrolment."""

    id: UUID
    display_name: str
    email: str | None
    phone: str | None
    comes_as: str | None


def _members(request: Enrol) -> Iterator[_Member]:
    yield _Member(uuid4(), request.display_name.strip(), request.email, request.phone, None)
    for one in request.companions:
        yield _Member(uuid4(), one.display_name.strip(), one.email, one.phone, one.comes_as)


def _booking(member: _Member, request: Enrol, place: Hold, *, main_id: UUID) -> NewBooking:
    main = member.comes_as is None
    return NewBooking(
        id=main_id if main else uuid4(),
        status=place.status,
        seats=1,
        accompanies=None if main else main_id,
        comes_as=member.comes_as,
        display_name=member.display_name,
        email=member.email,
        phone=member.phone,
        language=request.language,
        municipality=request.municipality if main else None,
        age_group=request.age_group if main else None,
        note=request.note if main else None,
        held_until=place.until,
        enrolment_id=member.id,
        walked_in=request.walk_in,
    )


def _check(request: Enrol) -> None:
    attendees.check_party(request, walk_in=request.walk_in)
    if request.walk_in and request.slot_id is None:
        raise field_refusal(Code.FIELD_REQUIRED, "slot_id", "Say which session you would like to come to.")
