"""Answers that somebody waits for: to an offered place, and to who wishes to be accepted.

And what happens when no answer comes, or no place.
"""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.booking.domain import access
from services.booking.domain import enrolment as rules
from services.booking.service import news
from services.booking.service.deps import Deps
from services.booking.service.enrolment import my_group, offers
from services.booking.service.enrolment.leaving import Entered, enter
from services.booking.service.enrolment.offers import Ending
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow
from services.booking.store.enrolment import enrolments as store
from services.booking.store.groups import groups as group_store
from services.contracts.booking import enrolment as words
from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    OfferEnded,
    PutOnWaitingList,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx

DECLINED = Ending(
    BookingStatus.CANCELLED, "declined", OfferEnded, {"declined": True}, cancelled_by="resident"
)
UNANSWERED = Ending(BookingStatus.EXPIRED, "expired", OfferEnded, {"declined": False})
NOT_ACCEPTED = Ending(
    BookingStatus.CANCELLED, my_group.NOT_ACCEPTED, BookingCancelled, {"by": "host"}, cancelled_by="host"
)


async def answer_offer(tx: Tx, request: words.AnswerOffer, call: Call, deps: Deps) -> words.MyGroup:
    """Declining ends the wait of the whole party."""
    entered = await enter(tx, request.booking_id, call, deps)
    if entered.mine.accompanies is not None:
        raise Refusal(Code.FORBIDDEN, "The one you come with can answer for you.")
    if rules.check_can_answer(
        [booking.status for booking in entered.party if booking.enrolment_id == entered.mine.id],
        offered_until=entered.mine.offered_until,
        accept=request.accept,
        now=call.now,
    ):
        if request.accept:
            await _accept(tx, entered, call)
        else:
            await store.leave(tx, entered.mine.id, now=call.now)
            await offers.release(tx, entered.group.id, _hoping(entered), DECLINED, call, deps)
    return await my_group.my_group(tx, entered.mine.id)


async def _accept(tx: Tx, entered: Entered, call: Call) -> None:
    offered = [booking for booking in entered.party if booking.status is BookingStatus.OFFERED]
    await _seat(tx, offered, call, what="accepted")
    await store.end_empty_offers(tx, entered.group.id)


async def _seat(tx: Tx, bookings: list[BookingRow], call: Call, *, what: str) -> None:
    ids = [booking.id for booking in bookings]
    await store.change(
        tx, ids, BookingStatus.CONFIRMED, what=what, by=access.signature(call.actor), now=call.now
    )
    await news.spread(tx, BookingConfirmed, await booking_store.several(tx, ids), call=call)


def _hoping(entered: Entered) -> list[BookingRow]:
    hopes = {*rules.WITHOUT_SEAT, BookingStatus.OFFERED}
    return [booking for booking in entered.party if booking.status in hopes]


async def expire_offer(tx: Tx, enrolment_id: UUID, call: Call, deps: Deps) -> None:
    """An offer that nobody answered in time: the wait is over, and the next in order is asked."""
    group_id = await store.group_of_enrolment(tx, enrolment_id)
    if group_id is None or await store.lock_group(tx, group_id) is None:
        return
    mine = await store.enrolment(tx, enrolment_id)
    if mine is None or mine.offered_until is None or mine.offered_until > call.now:
        return
    hopes = {*rules.WITHOUT_SEAT, BookingStatus.OFFERED}
    party = [row for row in await booking_store.of_enrolment(tx, mine.id) if row.status in hopes]
    await store.end_empty_offers(tx, group_id)
    await offers.release(tx, group_id, party, UNANSWERED, call, deps)


async def answer_application(
    tx: Tx, request: words.AnswerApplication, call: Call, deps: Deps
) -> words.MyGroup:
    """By those who lead the group: who hosts one session of it does not choose its members.

    Accepted without a free place, the party waits from the place where it came.
    """
    group_id = await store.group_of_booking(tx, request.booking_id)
    group = await group_store.group(tx, group_id, now=call.now) if group_id is not None else None
    if group_id is None or group is None:
        raise access.not_found()
    access.leads(call.actor, group.leaders)
    entered = await enter(tx, request.booking_id, call, deps)
    party = await booking_store.of_enrolment(tx, entered.mine.main_id)
    applied = [row for row in party if row.status is BookingStatus.APPLIED]
    if not applied:
        _check_answered(entered, accept=request.accept)
    elif not request.accept:
        await offers.release(tx, group_id, applied, NOT_ACCEPTED, call, deps)
    else:
        await _admit(tx, entered, applied, call)
    return await my_group.my_group(tx, entered.mine.id)


def _check_answered(entered: Entered, *, accept: bool) -> None:
    ended = entered.booking.status in rules.ENDED
    if accept and ended:
        raise Refusal(Code.ALREADY_CANCELLED, "They do not wish to come any more, or it is too late.")
    if not accept and not ended:
        raise Refusal(Code.FORBIDDEN, "They have been accepted already.")


async def _admit(tx: Tx, entered: Entered, applied: list[BookingRow], call: Call) -> None:
    slots = await store.these_sessions(tx, list({row.slot.id for row in applied}))
    sessions = {
        session.slot_id: session
        for session in map(store.as_session, slots.values())
        if rules.may_still_come(entered.group, session, now=call.now)
    }
    coming = [row for row in applied if row.slot.id in sessions]
    if not coming:
        raise Refusal(Code.ALREADY_STARTED, "It is too late for them to come.")
    people = max(Counter(row.slot.id for row in coming).values())
    wanted = rules.to_be_had(entered.group, list(sessions.values()), people, now=call.now)
    if wanted is not None:
        seated = [row for row in coming if row.slot.id in {session.slot_id for session in wanted}]
        if not await store.take_seats(tx, Counter(row.slot.id for row in seated)):
            raise AssertionError("seats went while the group was locked")
        await _seat(tx, seated, call, what="admitted")
        return
    if not rules.still_offered(entered.group, sessions.values(), now=call.now):
        raise Refusal(Code.GROUP_FULL, "The group is full, and it is too late to wait for a place.")
    ids = [row.id for row in coming]
    by = access.signature(call.actor)
    await store.change(tx, ids, BookingStatus.WAITING, what="admitted", by=by, now=call.now)
    await news.spread(tx, PutOnWaitingList, await booking_store.several(tx, ids), call=call)


async def end_waits(tx: Tx, group_id: UUID, call: Call, deps: Deps) -> None:
    """Of those for whom no place can come free in time any more.

    One who waits for a series waits on for the sessions after the one that is about to begin: they hear
    nothing of it, and may fit into what is left.
    """
    group = await store.lock_group(tx, group_id)
    if group is None:
        return
    rows = await store.without_seat(tx, group_id)
    slots = await store.these_sessions(tx, list({row["slot_id"] for row in rows}))
    sessions = {slot_id: store.as_session(slot) for slot_id, slot in slots.items()}
    offered = {session.slot_id for session in rules.still_offered(group, sessions.values(), now=call.now)}
    over = [
        row["id"]
        for row in rows
        if not (
            row["slot_id"] in offered
            if row["status"] == BookingStatus.WAITING
            else rules.may_still_come(group, sessions[row["slot_id"]], now=call.now)
        )
    ]
    if over:
        await _end(tx, group_id, await booking_store.several(tx, over), call, deps)


async def _end(tx: Tx, group_id: UUID, bookings: Sequence[BookingRow], call: Call, deps: Deps) -> None:
    ended = await offers.end(tx, bookings, UNANSWERED, call)
    going_on = await store.going_on(tx, [row.enrolment_id for row in ended if row.enrolment_id])
    told = [row for row in ended if row.enrolment_id not in going_on]
    await news.spread(tx, OfferEnded, told, call=call, declined=False)
    await offers.offer_free_seats(tx, group_id, call, deps)
