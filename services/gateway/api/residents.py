"""What a resident can do by their link. Every answer to a change is the meeting as it stands after it."""

from typing import Annotated
from uuid import UUID

from aiohttp import web
from msgspec import Meta, Struct

from services.contracts.booking.appointments import (
    CancelBooking,
    ConfirmBooking,
    DescribeBooking,
    GiveFeedback,
    MoveBooking,
    RenewLink,
    RequestLinks,
)
from services.contracts.booking.enrolment import DescribeEnrolment
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.contracts.rooms import Joined, Leave, RoomState, RoomView, Video
from services.gateway import enrolments, helping, joining, meetings
from services.gateway.api.serving import Answer, Asking, NoBody
from services.gateway.fields import Email, Language, LongWords, Nickname, Phone, Rating
from services.gateway.limits import Limit
from services.gateway.meetings import GONE, Meeting
from services.runtime.calendar import CalendarEntry, Method, uid_of

SUMMARY = {"fi": "Varattu aika", "sv": "Bokad tid", "en": "Appointment"}


class JoinBody(Struct, frozen=True, kw_only=True):
    display_name: Nickname | None = None
    language: Language | None = None


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`open` with the way in, or `waiting` until the host is there.

    `display_name`: as the others see it, told apart from somebody's who has the same. `quiet`: one comes in
    with microphone and camera off.
    """

    state: RoomState
    video: Video | None = None
    view: RoomView | None = None
    display_name: str | None = None
    quiet: bool = False


class Help(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens now. `may_ring`: the resident left a number; `phone`: one that they can ring."""

    host_told: bool = True
    may_ring: bool | None = None
    phone: str | None = None


class Renewed(Struct, frozen=True, kw_only=True):
    sent: bool = True


class MoveBody(Struct, frozen=True, kw_only=True):
    slot_id: UUID


class FeedbackBody(Struct, frozen=True, kw_only=True):
    """`inclusion` has THL's statements by their number, "1" to "10". Nothing tells who answered."""

    useful: Rating | None = None
    easier_to_find: Rating | None = None
    part_of_community: Rating | None = None
    inclusion: Annotated[dict[str, Rating], Meta(max_length=10)] = {}
    words: LongWords | None = None

    def check(self) -> None:
        answers = (self.useful, self.easier_to_find, self.part_of_community, self.words)
        if not self.inclusion and all(answer is None for answer in answers):
            raise field_refusal(Code.FIELD_REQUIRED, "useful", "Answer at least one question.")


class LinksBody(Struct, frozen=True, kw_only=True):
    email: Email | None = None
    phone: Phone | None = None

    def check(self) -> None:
        if (self.email is None) == (self.phone is None):
            raise field_refusal(
                Code.CONTACT_REQUIRED,
                "email",
                "Give the e-mail address or the phone number of the booking.",
            )


async def look(asking: Asking[NoBody]) -> Meeting:
    return await meetings.look(asking.door, asking.call)


async def join(asking: Asking[JoinBody]) -> Answer[Entry]:
    said = asking.body
    joined = await joining.as_resident(
        asking.door, asking.call, name=said.display_name, language=said.language
    )
    return entry(joined)


def entry(joined: Joined) -> Answer[Entry]:
    """200 with the way in, 202 for those who wait."""
    body = Entry(
        state=RoomState.WAITING if joined.video is None else RoomState.OPEN,
        video=joined.video,
        view=joined.view,
        display_name=joined.display_name,
        quiet=joined.quiet,
    )
    return Answer(202 if joined.video is None else 200, body)


async def leave(asking: Asking[NoBody]) -> Nothing:
    return await asking.ask(Leave())


async def ask_for_help(asking: Asking[NoBody]) -> Help:
    may_ring = await helping.ask(asking.door, asking.call)
    return Help(host_told=True, may_ring=may_ring, phone=asking.door.settings.phone or None)


async def confirm(asking: Asking[NoBody]) -> Meeting:
    booking = await asking.ask(ConfirmBooking(booking_id=asking.link.subject_id))
    return await meetings.after(asking.door, asking.call, booking)


async def cancel(asking: Asking[NoBody]) -> Meeting:
    booking = await asking.ask(CancelBooking(booking_id=asking.link.subject_id))
    return await meetings.after(asking.door, asking.call, booking)


async def move(asking: Asking[MoveBody]) -> Meeting:
    booking = await asking.ask(MoveBooking(booking_id=asking.link.subject_id, slot_id=asking.body.slot_id))
    return await meetings.after(asking.door, asking.call, booking)


async def renew(asking: Asking[NoBody]) -> Renewed:
    """The link used for this is useless from now on; the new one goes to the contact on file alone."""
    await asking.ask(RenewLink(booking_id=asking.link.subject_id))
    return Renewed()


async def send_again(asking: Asking[NoBody]) -> None:
    """Works with an old link too: the mail goes to the contact on file, not to whoever asks."""
    await asking.ask(RequestLinks(booking_id=asking.link.subject_id))


async def request_links(asking: Asking[LinksBody]) -> None:
    said = asking.body
    await asking.door.limits.spend_contact(Limit.LINKS, asking.request, said.email or said.phone or "")
    await asking.ask(RequestLinks(email=said.email, phone=said.phone))


async def feedback(asking: Asking[FeedbackBody]) -> Nothing:
    said = asking.body
    return await asking.ask(
        GiveFeedback(
            booking_id=asking.link.subject_id,
            useful=said.useful,
            easier_to_find=said.easier_to_find,
            part_of_community=said.part_of_community,
            inclusion=dict(said.inclusion),
            words=said.words,
        )
    )


async def calendar(asking: Asking[NoBody]) -> web.Response:
    """For any calendar program. Says neither who nor what about: calendars are shared and seen."""
    booking = await asking.ask(DescribeBooking(booking_id=asking.link.subject_id))
    settings = asking.door.settings
    entry = CalendarEntry(
        uid=uid_of(booking.enrolment_id or booking.id, settings.public_url),
        sequence=booking.sequence,
        method=Method.PUBLISH,
        made_at=asking.call.now,
        starts_at=booking.slot.starts_at,
        ends_at=booking.slot.ends_at,
        summary=SUMMARY.get(booking.language, SUMMARY["fi"]),
        url=f"{settings.origin}/t/{asking.request.match_info['token']}",
        cancelled=booking.status in GONE,
    )
    body = entry.to_bytes()
    if booking.enrolment_id is not None:
        mine = await asking.ask(DescribeEnrolment(booking_id=booking.id))
        body = enrolments.calendar_of(mine, entry)
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="digiaula.ics"'},
    )
