"""One's own: profile, calendar, and the meetings of which nothing has been said yet."""

from typing import Annotated

from msgspec import Meta, Struct

from services.contracts.booking.own import ChangeProfile, ListOpenOutcomes
from services.contracts.booking.people import Person
from services.contracts.booking.slots import HostSlot
from services.gateway import calendars
from services.gateway.api.serving import Asking, NoBody
from services.gateway.api.signing_in import Me
from services.gateway.api.slots import LanguageCode
from services.gateway.audit import Action, note
from services.gateway.fields import Name


class ProfileBody(Struct, frozen=True, kw_only=True):
    """The first of fi, sv and en among the languages is that of one's messages."""

    display_name: Name
    languages: Annotated[list[LanguageCode], Meta(min_length=1, max_length=10)]


class CalendarUrl(Struct, frozen=True, kw_only=True):
    """Whoever has the address sees the times, so it is to be kept like a key."""

    url: str


class OpenOutcomes(Struct, frozen=True, kw_only=True):
    """The oldest first, at most a hundred."""

    items: list[HostSlot]


async def change(asking: Asking[ProfileBody]) -> Me:
    said = asking.body
    await note(asking.door, asking.call, Action.PROFILE_CHANGED, person_id=asking.staff.person_id)
    person = await asking.ask(ChangeProfile(display_name=said.display_name, languages=said.languages))
    return _me(asking, person)


async def calendar(asking: Asking[NoBody]) -> CalendarUrl:
    return CalendarUrl(url=await calendars.address(asking.door, asking.call, asking.staff.person_id))


async def renew_calendar(asking: Asking[NoBody]) -> CalendarUrl:
    return CalendarUrl(url=await calendars.renew(asking.door, asking.call, asking.staff.person_id))


async def open_outcomes(asking: Asking[NoBody]) -> OpenOutcomes:
    return OpenOutcomes(items=(await asking.ask(ListOpenOutcomes(limit=100))).items)


def _me(asking: Asking[ProfileBody], person: Person) -> Me:
    assert asking.caller.csrf is not None
    return Me(
        id=person.id,
        role=person.role,
        display_name=person.display_name,
        organisation_id=person.organisation_id,
        languages=person.languages,
        csrf_token=asking.caller.csrf,
    )
