"""What those who serve ask about themselves: their profile, their calendar, and what they still owe."""

from datetime import timedelta

from services.booking.domain import access
from services.booking.service.checks import check_languages
from services.booking.service.deps import Deps
from services.booking.store import slots
from services.booking.store.directory import own as store
from services.booking.store.directory import people
from services.contracts.booking import own as words
from services.contracts.booking.people import Person
from services.contracts.booking.slots import HostSlots
from services.contracts.envelope import Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit

LONGEST_NAME = 80
CALENDAR_REACHES_BACK = timedelta(days=31)
MOST_ENTRIES = 3000
REMEMBERED = timedelta(days=90)
MESSAGE_LANGUAGES = ("fi", "sv", "en")


async def change_profile(tx: Tx, request: words.ChangeProfile, call: Call, _: Deps) -> Person:
    person = await _oneself(tx, call)
    name = request.display_name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise field_refusal(
            Code.NAME_INVALID, "display_name", f"A name has 1 to {LONGEST_NAME} characters."
        )
    check_languages(request.languages)
    await store.change_profile(tx, person.id, name, request.languages)
    return await _oneself(tx, call)


async def describe_calendar(tx: Tx, request: words.DescribeCalendar, call: Call, _: Deps) -> words.Calendar:
    version = await store.calendar_version(tx, request.person_id)
    if version is None or version != request.version:
        raise Refusal(Code.LINK_EXPIRED, "This calendar's address is no longer in use.")
    person = await people.person(tx, request.person_id)
    spoken = person.languages if person else []
    since = call.now - CALENDAR_REACHES_BACK
    rows = await store.calendar_entries(tx, request.person_id, since=since, limit=MOST_ENTRIES)
    return words.Calendar(
        language=next((code for code in spoken if code in MESSAGE_LANGUAGES), MESSAGE_LANGUAGES[0]),
        entries=[
            words.CalendarEntry(
                slot_id=row["id"], starts_at=row["starts_at"], ends_at=row["ends_at"], booked=row["booked"]
            )
            for row in rows
        ],
    )


async def find_calendar(tx: Tx, _: words.FindCalendar, call: Call, __: Deps) -> words.CalendarAddress:
    version = await store.calendar_version(tx, (await _oneself(tx, call)).id)
    return _address(version)


async def renew_calendar(tx: Tx, _: words.RenewCalendar, call: Call, __: Deps) -> words.CalendarAddress:
    version = await store.renew_calendar(tx, (await _oneself(tx, call)).id)
    return _address(version)


async def list_open_outcomes(tx: Tx, request: words.ListOpenOutcomes, call: Call, _: Deps) -> HostSlots:
    host_id = access.publisher(call.actor, None)
    rows = await store.open_outcomes(
        tx, host_id, since=call.now - REMEMBERED, now=call.now, limit=check_limit(request.limit)
    )
    attendees = await slots.attendees(tx, [slot.id for slot in rows])
    return HostSlots(items=[slot.for_host(attendees[slot.id]) for slot in rows])


async def _oneself(tx: Tx, call: Call) -> Person:
    if not isinstance(call.actor, Staff):
        raise Refusal(Code.FORBIDDEN, "Only those who serve have a profile.")
    person = await people.person(tx, call.actor.person_id)
    if person is None or person.disabled:
        raise access.not_found()
    return person


def _address(version: int | None) -> words.CalendarAddress:
    if version is None:
        raise access.not_found()
    return words.CalendarAddress(version=version)
