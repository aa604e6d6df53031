"""Who looked at or changed what, in words, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from aiohttp import web
from msgspec import Meta

from services.contracts.refusals import Refusal
from services.gateway import audit, forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.own_data import Reason
from services.gateway.pages.asking import everybody
from services.gateway.pages.coordinator.erasing import WHY
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_
from services.runtime.paging import page_of, read_cursor

PATH = "/coordinator/audit"
AT_ONCE = 50
RowId = Annotated[int, Meta(ge=1, le=2**63 - 1)]

WORDS: Mapping[str, str] = {
    Action.CONTACT_READ: N_("looked at contact details"),
    Action.MESSAGES_READ: N_("looked at the messages of a booking"),
    Action.MESSAGE_RESENT: N_("had a link sent again"),
    Action.MESSAGE_SETTLED: N_("took care of a failed message"),
    Action.MESSAGE_RETRIED: N_("had a failed message tried again"),
    Action.LETTERS_REDRIVEN: N_("had news between the parts of the service tried again"),
    Action.BOOKING_READ: N_("opened a booking"),
    Action.BOOKING_REFUSED: N_("was not let at a booking"),
    Action.BOOKING_MADE: N_("booked a time for somebody"),
    Action.BOOKING_CANCELLED: N_("cancelled a booking"),
    Action.BOOKING_MOVED: N_("moved a booking"),
    Action.BOOKINGS_LISTED: N_("looked through the list of bookings"),
    Action.LINK_RENEWED: N_("replaced a link"),
    Action.CARD_MADE: N_("made a card with a code"),
    Action.DATA_READ: N_("looked at all that is known of somebody"),
    Action.RESIDENT_ERASED: N_("erased all that is known of somebody"),
    Action.OUTCOME_RECORDED: N_("noted what came of a meeting"),
    Action.SLOT_CANCELLED: N_("called off a time"),
    Action.PERSON_ADDED: N_("invited somebody to serve"),
    Action.PERSON_CHANGED: N_("changed somebody's details"),
    Action.PERSON_DISABLED: N_("shut somebody out"),
    Action.PERSON_ENABLED: N_("let somebody in again"),
    Action.PERSON_INVITED: N_("sent somebody a sign-in link"),
    Action.ORGANISATION_ADDED: N_("added an organisation"),
    Action.ORGANISATION_CHANGED: N_("renamed an organisation"),
    Action.THEME_ADDED: N_("added a theme"),
    Action.THEME_CHANGED: N_("changed a theme"),
    Action.PROFILE_CHANGED: N_("changed their own profile"),
    Action.CALENDAR_RENEWED: N_("made a new address for their calendar"),
    Action.GROUP_ADDED: N_("set up a group"),
    Action.GROUP_CHANGED: N_("changed a group"),
    Action.GROUP_ENDED: N_("ended a group"),
    Action.SERIES_SET: N_("set the times of a group"),
    Action.SESSION_ADDED: N_("added a time to a group"),
    Action.SESSION_MOVED: N_("moved a time of a group"),
    Action.ANNOUNCEMENT_SENT: N_("sent a message to a group"),
    Action.APPLICATION_ANSWERED: N_("answered somebody who wished to join a group"),
    Action.ENROLMENT_ENDED: N_("ended somebody's enrolment in a group"),
    Action.PARTICIPANT_REMOVED: N_("sent somebody out of a session"),
    Action.PARTICIPANT_LET_BACK: N_("let somebody back into a session"),
    Action.DUTY_ACCEPTED: N_("promised to lead a session"),
    Action.DUTY_GIVEN_UP: N_("said that they cannot lead a session"),
    Action.STAND_IN_ASKED: N_("asked for a stand-in, or took that back"),
    Action.HOST_ASSIGNED: N_("named somebody to lead a session"),
    Action.CO_HOST_REMOVED: N_("took a co-leader out of a session"),
    Action.ROOM_ENTERED: N_("came into a meeting"),
    Action.ROOM_CLOSED: N_("ended a meeting for everybody"),
}
SOMETHING = N_("did something")


@dataclass(frozen=True)
class Row:
    """One row in words. `about` is the name of the person it was about, if it was about one; `why` the
    reason that was given."""

    row: audit.Row
    who: str
    what: str
    about: str
    why: str


async def trail(request: web.Request) -> web.Response:
    say = say_for(request)
    person, booking = (_id(request.query.get(name, "")) for name in ("person", "booking"))
    people = await everybody(request)
    names = {known.id: known.display_name for known in people}
    rows, more = await _rows(request, person, booking)
    return render(
        request,
        "coordinator/trail.html",
        form=forms.Form.of(person=str(person or "")),
        rows=[
            Row(
                row=row,
                who=names.get(row.actor_id, say("somebody who is no longer here")),
                what=say(WORDS.get(row.action, SOMETHING)),
                about=names.get(row.person_id, "") if row.person_id else "",
                why=say(WHY[Reason(row.reason)]) if row.reason in WHY else "",
            )
            for row in rows
        ],
        more=more,
        person=person,
        person_name=names.get(person, "") if person else "",
        booking=booking,
        is_first="after" not in request.query,
        person_options=[
            ("", say("Everybody")),
            *((str(known.id), known.display_name) for known in people),
        ],
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    person = _id(form.value("person"))
    return see_other(f"{PATH}?person={person}" if person else PATH)


async def _rows(
    request: web.Request, person: UUID | None, booking: UUID | None
) -> tuple[list[audit.Row], str | None]:
    try:
        (before,) = read_cursor(request.query.get("after"), RowId)
    except Refusal:
        before = None
    found = await audit.latest(
        door_of(request), before=before, limit=AT_ONCE + 1, person_id=person, booking_id=booking
    )
    rows, more = page_of(found, AT_ONCE, lambda row: (row.id,))
    return list(rows), more


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
