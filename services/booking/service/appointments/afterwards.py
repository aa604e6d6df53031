"""After the meeting: what came of it, and how it was."""

from services.booking.domain import access, seats
from services.booking.service import news
from services.booking.service.appointments.changing import visible
from services.booking.service.deps import Deps
from services.booking.service.staffing.leaders import check_leads, check_may_reach
from services.booking.store import bookings as store
from services.contracts.booking import appointments as words
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx

LONGEST_WORDS = 2000
MOST_SERVICES = 10
STATEMENTS = {str(number) for number in range(1, 11)}


async def record_outcome(tx: Tx, request: words.RecordOutcome, call: Call, deps: Deps) -> Nothing:
    await store.lock(tx, request.booking_id)
    booking = await visible(tx, request.booking_id, call, deps)
    actor = await check_leads(tx, booking.slot, call)
    seats.check_outcome(
        request.status,
        now_is=booking.status,
        starts_at=booking.slot.held_from,
        now=call.now,
    )
    guided_to = [service.strip() for service in request.guided_to]
    if len(guided_to) > MOST_SERVICES or not all(1 <= len(service) <= 120 for service in guided_to):
        raise field_refusal(
            Code.FIELD_INVALID, "guided_to", "At most ten services of 1 to 120 characters each."
        )
    kept = [] if booking.forgotten else guided_to
    await store.set_outcome(tx, booking.id, request.status, kept, now=call.now)
    await store.note_change(tx, booking.id, request.status, by=access.signature(actor), now=call.now)
    await news.outcome(tx, await store.present(tx, booking.id), call=call)
    return Nothing()


async def give_feedback(tx: Tx, request: words.GiveFeedback, call: Call, deps: Deps) -> Nothing:
    """The answers keep the day, the theme and the organisation; never the booking."""
    _check(request)
    booking = await visible(tx, request.booking_id, call, deps)
    seats.check_feedback(
        booking.status,
        held_from=booking.slot.held_from,
        others_until=booking.others_until,
        now=call.now,
    )
    today = call.now.astimezone(deps.zone).date()
    await store.give_feedback(tx, request, booking.slot, on=today, now=call.now)
    return Nothing()


async def read_contact(tx: Tx, request: words.ReadContact, call: Call, deps: Deps) -> words.Contact:
    booking = await visible(tx, request.booking_id, call, deps)
    await check_may_reach(tx, booking.slot, call)
    return words.Contact(
        booking_id=booking.id,
        display_name=booking.display_name,
        email=booking.email,
        phone=booking.phone,
    )


def _check(given: words.GiveFeedback) -> None:
    answers = {
        "useful": given.useful,
        "easier_to_find": given.easier_to_find,
        "part_of_community": given.part_of_community,
        **{f"inclusion.{number}": answer for number, answer in given.inclusion.items()},
    }
    for field, answer in answers.items():
        if answer is not None and not 1 <= answer <= 5:
            raise field_refusal(Code.FIELD_INVALID, field, "Answers are from 1 to 5.")
    if not set(given.inclusion) <= STATEMENTS:
        raise field_refusal(Code.FIELD_INVALID, "inclusion", "Statements are numbered from 1 to 10.")
    if given.words is not None and len(given.words) > LONGEST_WORDS:
        raise field_refusal(Code.FIELD_INVALID, "words", f"At most {LONGEST_WORDS} characters.")
