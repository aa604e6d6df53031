"""What rooms and notify ask: the facts of this moment, for their own decisions."""

from uuid import uuid4

from services.booking.domain import access
from services.booking.domain.seats import LIVE
from services.booking.service.deps import Deps
from services.booking.store import bookings as store
from services.booking.store import slots as slot_store
from services.booking.store.bookings import BookingRow
from services.booking.store.groups import sessions
from services.booking.store.slots import SlotRow
from services.contracts.booking import appointments as words
from services.contracts.booking.events import LinksRequested
from services.contracts.booking.slots import SlotState
from services.contracts.envelope import Nothing, Resident
from services.contracts.refusals import Code, field_refusal
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

MOST_MESSAGES = 64


async def describe_place(tx: Tx, request: words.DescribePlace, _: Call, __: Deps) -> words.Place:
    if request.booking_id is not None:
        booking = await store.booking(tx, request.booking_id)
        if booking is None:
            raise access.not_found()
        return await _place(tx, booking.slot, booking)
    slot = await slot_store.slot(tx, request.slot_id) if request.slot_id is not None else None
    if slot is None:
        raise access.not_found()
    return await _place(tx, slot, None)


async def _place(tx: Tx, slot: SlotRow, booking: BookingRow | None) -> words.Place:
    """Only those who have promised may open a session."""
    (session,) = await sessions.as_they_are(tx, [slot.id]) or (None,)
    return words.Place(
        slot_id=slot.id,
        kind=slot.kind,
        host_id=slot.host.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        live=slot.state is SlotState.OPEN,
        booking_id=booking.id if booking else None,
        booking_live=booking is not None and booking.status in LIVE,
        link_version=booking.link_version if booking else 0,
        version=booking.version if booking else 0,
        hosts=session.hosts if session else None,
        room_limit=session.room_limit if session else None,
        slot_version=session.version if session else 0,
    )


async def describe_message(tx: Tx, request: words.DescribeMessage, _: Call, __: Deps) -> words.MessageFacts:
    booking = await store.booking(tx, request.booking_id)
    if booking is None or booking.forgotten:
        raise access.not_found()
    return _message_facts(booking)


async def describe_messages(
    tx: Tx, request: words.DescribeMessages, _: Call, __: Deps
) -> words.SeveralMessageFacts:
    if len(request.booking_ids) > MOST_MESSAGES:
        raise field_refusal(Code.FIELD_INVALID, "booking_ids", f"Ask for at most {MOST_MESSAGES} at once.")
    bookings = await store.several(tx, request.booking_ids)
    return words.SeveralMessageFacts([_message_facts(item) for item in bookings if not item.forgotten])


async def request_links(tx: Tx, request: words.RequestLinks, call: Call, _: Deps) -> Nothing:
    """Writes the same down for everybody; who is known is found out when the mail is written.

    By a link that no longer answers one may ask for a new one, so its version is not held
    against it here: the answer goes to the contact on file and to nobody else.
    """
    asked_by = call.actor.booking_id if isinstance(call.actor, Resident) else None
    if asked_by is None and not request.email and not request.phone:
        raise field_refusal(
            Code.CONTACT_REQUIRED, "email", "An e-mail address or a phone number is needed."
        )
    request_id = uuid4()
    await store.add_link_request(
        tx,
        request_id,
        email=None if asked_by else request.email,
        phone=None if asked_by else request.phone,
        booking_id=asked_by,
        now=call.now,
    )
    await outbox.add(tx, LinksRequested(link_request_id=request_id), call)
    return Nothing()


async def describe_links(tx: Tx, request: words.DescribeLinks, call: Call, _: Deps) -> words.LinkFacts:
    asked = await store.link_request(tx, request.link_request_id)
    if asked is None:
        return words.LinkFacts(bookings=[])
    bookings = await store.live_by_contact(tx, email=asked["email"], phone=asked["phone"], now=call.now)
    return words.LinkFacts(bookings=[_message_facts(item) for item in bookings])


def _message_facts(booking: BookingRow) -> words.MessageFacts:
    return words.MessageFacts(
        booking_id=booking.id,
        status=booking.status,
        slot=booking.slot.booked,
        display_name=booking.display_name,
        language=booking.language,
        link_version=booking.link_version,
        sequence=booking.sequence,
        email=booking.email,
        phone=booking.phone,
        cancelled_by=booking.cancelled_by,
        cancel_reason=booking.cancel_reason,
        held_until=booking.held_until,
        enrolment_id=booking.enrolment_id,
    )
