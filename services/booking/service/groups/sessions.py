"""Sessions of groups: adding, moving and calling off, by those who lead them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from asyncpg import Record

from services.booking.domain import access
from services.booking.domain.enrolment import SEATED
from services.booking.domain.groups import Member, members_with_room
from services.booking.domain.hours import Stretch
from services.booking.domain.series import Move, Standing
from services.booking.service import news
from services.booking.service.checks import check_length, check_moment
from services.booking.service.deps import Deps
from services.booking.service.enrolment.offers import offer_free_seats
from services.booking.service.groups import calling_off, handing_over
from services.booking.service.groups.groups import check_goes_on
from services.booking.store import bookings as booking_store
from services.booking.store import slots as slot_store
from services.booking.store.bookings import NewBooking
from services.booking.store.directory import people
from services.booking.store.enrolment import enrolments as enrolment_store
from services.booking.store.groups import groups as group_store
from services.booking.store.groups import session_changes as store
from services.booking.store.groups import sessions as session_store
from services.booking.store.groups import sessions_ahead as ahead_store
from services.booking.store.groups.groups import GroupRow
from services.booking.store.slots import SlotRow
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking import slots as slot_words
from services.contracts.booking.events import BookingConfirmed, BookingMoved, SeatOffered
from services.contracts.booking.groups import ManagedSession, MoveSession, Staffing
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.envelope import Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx


async def move_session(tx: Tx, request: MoveSession, call: Call, deps: Deps) -> ManagedSession:
    """Twice is once. Everybody keeps their place and is told; a host who did not do it is asked anew."""
    slot, group = await _locked(tx, request.slot_id, call)
    if slot.state is not SlotState.OPEN:
        raise Refusal(Code.ALREADY_CANCELLED, "This session has been called off.")
    if call.now >= slot.held_from:
        raise Refusal(Code.ALREADY_STARTED, "The session has already begun.")
    if (slot.starts_at, slot.ends_at) != (request.starts_at, request.ends_at):
        to = _stretch(request.starts_at, request.ends_at, deps, call)
        await staffing_store.lock_people(tx, [slot.host.id, _by(call)])
        await _check_free(tx, slot.host.id, to)
        await move(tx, [Move(_standing(slot), to)], call, in_series=False)
        await settle(tx, group.id, [slot.id], call, deps)
    moved = await session_store.managed_one(tx, slot.id)
    assert moved is not None
    return moved


async def add_session(tx: Tx, request: slot_words.AddSlot, call: Call, deps: Deps) -> UUID:
    """One more session of a group, which says what kind it is and how many fit in."""
    assert request.group_id is not None
    await enrolment_store.lock_group(tx, request.group_id)
    group = await group_store.group(tx, request.group_id, now=call.now)
    if group is None:
        raise field_refusal(Code.FIELD_INVALID, "group_id", "There is no such group.")
    access.leads(call.actor, group.leaders)
    check_goes_on(group)
    group = await handing_over.lock_leaders(tx, group, request.host_id)
    host_id = await _host(tx, group, request.host_id, call)
    stretch = _stretch(request.starts_at, request.ends_at, deps, call)
    members = await store.members(tx, group.id, now=call.now)
    await _check_free(tx, host_id, stretch)
    (slot_id,) = await add(tx, group, [stretch], members, call, deps, host_id=host_id, in_series=False)
    await settle(tx, group.id, [slot_id], call, deps)
    return slot_id


async def cancel_session(tx: Tx, slot_id: UUID, reason: str, call: Call, deps: Deps) -> None:
    """Twice is once. Whoever is enrolled in the series keeps its other sessions."""
    slot, group = await _locked(tx, slot_id, call)
    if slot.state is not SlotState.OPEN:
        return
    if call.now >= slot.over_from:
        raise Refusal(Code.ALREADY_STARTED, "The meeting is already over.")
    await calling_off.call_off(tx, [slot.id], reason, call)
    await settle(tx, group.id, [], call, deps)


async def add(
    tx: Tx,
    group: GroupRow,
    stretches: Sequence[Stretch],
    members: Sequence[Record],
    call: Call,
    deps: Deps,
    *,
    host_id: UUID,
    in_series: bool,
) -> list[UUID]:
    """New sessions, into which those come who are enrolled in the series."""
    if not stretches:
        return []
    slot_ids = await store.add(
        tx,
        group.group,
        stretches,
        host_id=host_id,
        staffing=handing_over.promised_by(call.actor, host_id),
        in_series=in_series,
        time_zone=deps.zone.key,
        now=call.now,
    )
    if slot_ids is None:
        raise _overlap()
    await ahead_store.name_co_hosts(tx, slot_ids, group.leaders)
    await _bring_along(tx, group, slot_ids, members, call)
    return slot_ids


async def move(tx: Tx, moves: Sequence[Move], call: Call, *, in_series: bool) -> None:
    """A new time for all of them, and for everybody who comes, waits or applies. Who has been offered a
    place is told by a new offer of it. Whoever asks is locked."""
    if not moves:
        return
    if not await store.move(tx, moves, in_series=in_series, by=_by(call), now=call.now):
        raise _overlap()
    slot_ids = [each.session.slot_id for each in moves]
    moved = await store.move_bookings(tx, slot_ids, by=access.signature(call.actor), now=call.now)
    bookings = await booking_store.several(tx, moved)
    for slot_id in slot_ids:
        theirs = [booking for booking in bookings if booking.slot.id == slot_id]
        told = [booking for booking in theirs if booking.status is not BookingStatus.OFFERED]
        await news.spread(tx, BookingMoved, told, call=call, from_slot_id=slot_id)
    offered = [booking for booking in bookings if booking.status is BookingStatus.OFFERED]
    await news.spread(tx, SeatOffered, offered, call=call)


async def settle(tx: Tx, group_id: UUID, changed: Sequence[UUID], call: Call, deps: Deps) -> None:
    """What follows from any change of a group's sessions."""
    await store.set_bookable(tx, group_id)
    await news.slot_changed(tx, changed, call)
    await offer_free_seats(tx, group_id, call, deps)


async def _bring_along(
    tx: Tx, group: GroupRow, slot_ids: Sequence[UUID], members: Sequence[Record], call: Call
) -> None:
    by_enrolment = {row["id"]: row for row in members}
    coming = members_with_room(map(_member, members), group.group.capacity)
    if not coming:
        return
    slots = await enrolment_store.these_sessions(tx, slot_ids)
    added: list[tuple[NewBooking, SlotRow]] = []
    for slot in slots.values():
        ids = {member.enrolment_id: uuid4() for member in coming}
        added += [(_booking(member, by_enrolment[member.enrolment_id], ids), slot) for member in coming]
    seats = sum(member.status in SEATED for member in coming)
    if seats and not await enrolment_store.take_seats(tx, dict.fromkeys(slots, seats)):
        raise AssertionError("seats went while the group was locked")
    bookings = await booking_store.add_all(tx, added, by=access.signature(call.actor), now=call.now)
    confirmed = [booking for booking in bookings if booking.status is BookingStatus.CONFIRMED]
    await news.spread(tx, BookingConfirmed, confirmed, call=call)


def _member(row: Record) -> Member:
    """Whoever came to the last session, or did not, is one of those who come to the next."""
    status = BookingStatus(row["status"])
    past = status in (BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
    return Member(row["id"], row["accompanies"], BookingStatus.CONFIRMED if past else status)


def _booking(member: Member, row: Record, ids: Mapping[UUID, UUID]) -> NewBooking:
    """As their other bookings, at its own place and with a link of its own."""
    return NewBooking(
        id=ids[member.enrolment_id],
        status=member.status,
        seats=1,
        display_name=row["display_name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        accompanies=ids[member.accompanies] if member.accompanies else None,
        comes_as=row["comes_as"],
        municipality=row["municipality"],
        age_group=row["age_group"],
        note=row["note"],
        held_until=row["held_until"],
        enrolment_id=member.enrolment_id,
    )


async def _locked(tx: Tx, slot_id: UUID, call: Call) -> tuple[SlotRow, GroupRow]:
    """A session and its group, for its host unless they gave it up, one who leads the group, or a
    coordinator."""
    group_id = await slot_store.group_of(tx, slot_id)
    if group_id is None:
        raise access.not_found()
    await enrolment_store.lock_group(tx, group_id)
    await slot_store.lock(tx, slot_id)
    slot = await slot_store.slot(tx, slot_id)
    session = await staffing_store.session(tx, slot_id)
    group = await group_store.group(tx, group_id, now=call.now)
    assert slot is not None
    assert session is not None
    assert group is not None
    hosts = [] if session.staffing is Staffing.NEEDS_HOST else [session.host_id]
    access.leads(call.actor, {*hosts, *group.leaders})
    return slot, group


async def _host(tx: Tx, group: GroupRow, named: UUID | None, call: Call) -> UUID:
    """The first who leads the group, or whoever is named: of others than those only by a coordinator."""
    if named is None:
        return handing_over.first_leader(group)
    if named not in group.leaders:
        access.coordinator(call.actor)
        person = await people.person(tx, named)
        if person is None or person.disabled:
            raise access.not_found()
    return named


async def _check_free(tx: Tx, host_id: UUID, stretch: Stretch) -> None:
    """What they, locked, have promised to co-host; their own open times slot_no_overlap looks after."""
    if await staffing_store.co_hosts_then(tx, host_id, stretch.starts_at, stretch.ends_at):
        raise _overlap()


def _by(call: Call) -> UUID | None:
    return call.actor.person_id if isinstance(call.actor, Staff) else None


def _stretch(starts_at: datetime, ends_at: datetime, deps: Deps, call: Call) -> Stretch:
    check_moment(starts_at, now=call.now)
    check_length(starts_at, ends_at)
    return Stretch(starts_at, ends_at, starts_at.astimezone(deps.zone).replace(tzinfo=None))


def _standing(slot: SlotRow) -> Standing:
    return Standing(
        slot_id=slot.id,
        host_id=slot.host.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        series_start=None,
        taken=slot.taken,
        awaited=slot.taken > 0,
        begun=False,
    )


def _overlap() -> Refusal:
    return Refusal(Code.OVERLAP, "There is another open time then.")
