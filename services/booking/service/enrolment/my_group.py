"""An enrolment as its person sees it, and who comes to a session as those who lead it see them."""

from datetime import datetime
from uuid import UUID

from services.booking.domain import access
from services.booking.domain import enrolment as rules
from services.booking.service.appointments.changing import visible
from services.booking.service.deps import Deps
from services.booking.service.staffing.leaders import check_leads
from services.booking.store import slots as slot_store
from services.booking.store.bookings import BookingRow
from services.booking.store.enrolment import attendees as attendee_store
from services.booking.store.enrolment import enrolments as store
from services.booking.store.enrolment import my_group as view_store
from services.booking.store.enrolment.enrolments import Enrolment
from services.contracts.booking import enrolment as words
from services.contracts.booking.slots import Attendee, BookingStatus
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

NOT_ACCEPTED = view_store.NOT_ACCEPTED


async def enrolment_of(tx: Tx, booking: BookingRow) -> Enrolment:
    if booking.enrolment_id is None:
        raise access.not_found()
    mine = await store.enrolment(tx, booking.enrolment_id)
    assert mine is not None
    return mine


async def describe_enrolment(
    tx: Tx, request: words.DescribeEnrolment, call: Call, deps: Deps
) -> words.MyGroup:
    booking = await visible(tx, request.booking_id, call, deps)
    return await my_group(tx, (await enrolment_of(tx, booking)).id)


async def describe_group_message(
    tx: Tx, request: words.DescribeGroupMessage, _: Call, __: Deps
) -> words.GroupMessageFacts:
    if await store.enrolment(tx, request.enrolment_id) is None:
        raise access.not_found()
    reached = await view_store.reached_by(tx, request.enrolment_id)
    if reached["forgotten_at"] is not None:
        raise access.not_found()
    return words.GroupMessageFacts(
        language=reached["language"],
        email=reached["email"],
        phone=reached["phone"],
        group=await my_group(tx, request.enrolment_id),
    )


async def my_group(tx: Tx, enrolment_id: UUID) -> words.MyGroup:
    """Nobody else is in it, but the number of those who come along."""
    mine = await store.enrolment(tx, enrolment_id)
    assert mine is not None
    facts = await view_store.facts(tx, mine.id)
    sessions = await view_store.sessions(tx, mine.id)
    status = rules.overall([session.status for session in sessions], left=mine.left)
    waited_for = [session.slot_id for session in sessions if session.status is BookingStatus.WAITING]
    return words.MyGroup(
        enrolment_id=mine.id,
        group_id=mine.group_id,
        name=facts.name,
        open=facts.open,
        whole_series=mine.whole_series,
        status=status,
        places=facts.places,
        sessions=sessions,
        accompanies=mine.accompanies is not None,
        before_you=await store.before(tx, mine.group_id, mine.party_place, waited_for)
        if status is BookingStatus.WAITING
        else None,
        offered_until=mine.offered_until if status is BookingStatus.OFFERED else None,
        held_until=facts.held_until,
        not_accepted=facts.not_accepted,
        member=mine.whole_series
        and not (mine.left or facts.ended)
        and rules.goes_on([session.status for session in sessions]),
    )


async def list_attendees(tx: Tx, request: words.ListAttendees, call: Call, _: Deps) -> words.Attendees:
    slot = await slot_store.slot(tx, request.slot_id)
    if slot is None:
        raise access.not_found()
    await check_leads(tx, slot, call)
    limit = check_limit(request.limit)
    after = read_cursor(request.cursor, int, datetime, UUID)
    rows = await attendee_store.attendees(tx, request.slot_id, after=after, limit=limit + 1)
    listed, following = page_of(rows, limit, lambda row: (row["place"], row["created_at"], row["id"]))
    return words.Attendees(
        items=[
            Attendee(
                booking_id=row["id"],
                display_name=row["display_name"],
                language=row["language"],
                status=BookingStatus(row["status"]),
                note=row["note"],
                accompanies=row["accompanies"],
                comes_as=row["comes_as"],
                joined=row["joined_at"] is not None,
                guided_to=row["guided_to"],
            )
            for row in listed
        ],
        next=following,
    )
