"""Remote groups, for anyone, and for who has enrolled in one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.booking import groups
from services.contracts.booking.appointments import Companion
from services.contracts.booking.enrolment import (
    AnswerOffer,
    DescribeEnrolment,
    Enrol,
    Enrolled,
    LeaveGroup,
    MyGroup,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, field_refusal
from services.gateway import enrolling, enrolments
from services.gateway.api.bookings import CompanionBody, contact_needed
from services.gateway.api.catalogue import SpokenLanguage, ThemeId
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note
from services.gateway.enrolments import OwnGroup
from services.gateway.fields import Email, Language, Line, Name, Note, Phone
from services.gateway.public_groups import PublicGroup, public

MOST_COMPANIONS = 2


class GroupsQuery(Page, frozen=True, kw_only=True):
    theme: ThemeId | None = None
    language: SpokenLanguage | None = None
    organisation: UUID | None = None


class EnrolmentBody(Struct, frozen=True, kw_only=True):
    """Without a `slot_id` it is for the whole series. A nickname and one way to be reached are enough;
    `walk_in`, into an open group's session that is going on or about to, needs the nickname alone.
    """

    slot_id: UUID | None = None
    display_name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "fi"
    municipality: Line | None = None
    age_group: Line | None = None
    note: Note | None = None
    companions: Annotated[list[CompanionBody], Meta(max_length=MOST_COMPANIONS)] = []
    walk_in: bool = False
    or_wait: bool = True
    consent: bool = False

    def check(self) -> None:
        if self.walk_in:
            return
        contact_needed(self.email, self.phone)
        for companion in self.companions:
            contact_needed(companion.email, companion.phone)
        if not self.consent:
            raise field_refusal(
                Code.CONSENT_REQUIRED,
                "consent",
                "You can be enrolled only if you agree to what we keep of you.",
            )


class EnrolmentMade(Struct, frozen=True, kw_only=True):
    """`status` is confirmed, held, applied or waiting; `before_you`: how many wait before this one.

    `manage_url` is the link for everything that comes after; the same goes out in the message.
    """

    enrolment_id: UUID
    booking_id: UUID
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    before_you: int | None
    held_until: datetime | None
    manage_url: str


class OfferBody(Struct, frozen=True, kw_only=True):
    accept: bool


async def browse(asking: Asking[GroupsQuery]) -> groups.Groups:
    query = asking.body
    return await asking.ask(
        groups.ListGroups(
            theme=query.theme,
            language=query.language,
            organisation=query.organisation,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


async def describe(asking: Asking[NoBody]) -> PublicGroup:
    return public(await asking.ask(groups.GetGroup(group_id=asking.ids["group_id"])))


async def enrol(asking: Asking[EnrolmentBody]) -> EnrolmentMade:
    """The reply is made of the owner's answer alone, so a repetition gets the same bytes."""
    said = asking.body
    group_id = asking.ids["group_id"]
    await note(asking.door, asking.call, Action.BOOKING_MADE, slot_id=said.slot_id, group_id=group_id)
    enrolled = await enrolling.enrol(
        asking.request,
        Enrol(
            group_id=group_id,
            slot_id=said.slot_id,
            display_name=said.display_name,
            email=said.email,
            phone=said.phone,
            language=said.language,
            municipality=said.municipality,
            age_group=said.age_group,
            note=said.note,
            companions=[
                Companion(
                    display_name=companion.display_name,
                    email=companion.email,
                    phone=companion.phone,
                    comes_as=companion.comes_as,
                )
                for companion in said.companions
            ],
            walk_in=said.walk_in,
            or_wait=said.or_wait,
        ),
        asking.call,
    )
    return _made(asking, enrolled)


def _made(asking: Asking[EnrolmentBody], enrolled: Enrolled) -> EnrolmentMade:
    path = enrolments.path_of(asking.door, enrolled.booking_id, enrolled.link_version)
    return EnrolmentMade(
        enrolment_id=enrolled.enrolment_id,
        booking_id=enrolled.booking_id,
        status=enrolled.status,
        starts_at=enrolled.starts_at,
        ends_at=enrolled.ends_at,
        before_you=enrolled.before_you,
        held_until=enrolled.held_until,
        manage_url=f"{asking.door.settings.origin}{path}",
    )


async def mine(asking: Asking[NoBody]) -> OwnGroup:
    return _own(asking, await asking.ask(DescribeEnrolment(booking_id=asking.link.subject_id)))


async def answer_offer(asking: Asking[OfferBody]) -> OwnGroup:
    answer = AnswerOffer(booking_id=asking.link.subject_id, accept=asking.body.accept)
    return enrolments.own_group(asking.door, await asking.ask(answer), now=asking.call.now)


async def leave(asking: Asking[NoBody]) -> OwnGroup:
    return _own(asking, await asking.ask(LeaveGroup(booking_id=asking.link.subject_id)))


def _own(asking: Asking[NoBody], found: MyGroup) -> OwnGroup:
    return enrolments.own_group(asking.door, found, now=asking.call.now)
