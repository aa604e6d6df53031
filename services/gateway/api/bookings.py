"""Bookings: made by anyone, seen and closed by those who serve."""

from typing import Annotated, Literal, TypeVar
from uuid import UUID

from msgspec import Meta, Struct, field

from services.contracts import links
from services.contracts.booking.appointments import (
    Book,
    BookedSlot,
    Booking,
    Companion,
    CompanionKind,
    Contact,
    DescribeBooking,
    ReadContact,
    RecordOutcome,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Nothing, Request
from services.contracts.links import Link, Purpose
from services.contracts.notify import ListMessages, Messages
from services.contracts.refusals import Code, Refusal, field_refusal
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note
from services.gateway.fields import Email, Language, Line, Name, Note, Phone

R = TypeVar("R")
B = TypeVar("B")

MOST_COMPANIONS = 5


def contact_needed(email: str | None, phone: str | None) -> None:
    if email is None and phone is None:
        raise field_refusal(Code.CONTACT_REQUIRED, "email", "Give an e-mail address or a phone number.")


class CompanionBody(Struct, frozen=True, kw_only=True):
    display_name: Name
    email: Email | None = None
    phone: Phone | None = None
    comes_as: CompanionKind = field(name="as")


class BookingBody(Struct, frozen=True, kw_only=True):
    """An e-mail address or a phone number is enough; a nickname does."""

    slot_id: UUID
    display_name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "fi"
    municipality: Line | None = None
    age_group: Line | None = None
    note: Note | None = None
    companions: Annotated[list[CompanionBody], Meta(max_length=MOST_COMPANIONS)] = []
    consent: bool = False

    def check(self) -> None:
        contact_needed(self.email, self.phone)
        for companion in self.companions:
            contact_needed(companion.email, companion.phone)
        if not self.consent:
            raise field_refusal(
                Code.CONSENT_REQUIRED,
                "consent",
                "The time can be kept only if you agree to what we keep of you.",
            )


class BookingMade(Struct, frozen=True, kw_only=True):
    """`manage_url` is the link for everything that comes after; the same goes out in the message."""

    id: UUID
    status: BookingStatus
    slot: BookedSlot
    manage_url: str


class OutcomeBody(Struct, frozen=True, kw_only=True):
    status: Literal["attended", "no_show"]
    guided_to: list[Line] = []


async def book(asking: Asking[BookingBody]) -> BookingMade:
    """The reply is made of the owner's answer alone, so a repetition gets the same bytes."""
    said = asking.body
    await note(asking.door, asking.call, Action.BOOKING_MADE, slot_id=said.slot_id)
    booked = await asking.ask(
        Book(
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
        )
    )
    link = Link(purpose=Purpose.BOOKING, subject_id=booked.id, version=booked.link_version)
    token = links.make(asking.door.link_keys, link)
    return BookingMade(
        id=booked.id,
        status=booked.status,
        slot=booked.slot,
        manage_url=f"{asking.door.settings.origin}/t/{token}",
    )


async def describe(asking: Asking[NoBody]) -> Booking:
    return await _looked(asking, Action.BOOKING_READ, DescribeBooking(booking_id=asking.ids["booking_id"]))


async def contact(asking: Asking[NoBody]) -> Contact:
    return await _looked(asking, Action.CONTACT_READ, ReadContact(booking_id=asking.ids["booking_id"]))


async def messages(asking: Asking[NoBody]) -> Messages:
    return await _looked(asking, Action.MESSAGES_READ, ListMessages(booking_id=asking.ids["booking_id"]))


async def record_outcome(asking: Asking[OutcomeBody]) -> Nothing:
    outcome = RecordOutcome(
        booking_id=asking.ids["booking_id"],
        status=BookingStatus(asking.body.status),
        guided_to=asking.body.guided_to,
    )
    return await _looked(asking, Action.OUTCOME_RECORDED, outcome)


async def _looked(asking: Asking[B], action: Action, request: Request[R]) -> R:
    """Written down first, then asked; a look that the owner refuses leaves a second row."""
    booking_id = asking.ids["booking_id"]
    await note(asking.door, asking.call, action, booking_id=booking_id)
    try:
        return await asking.ask(request)
    except Refusal as refusal:
        if refusal.code in (Code.NOT_FOUND, Code.FORBIDDEN):
            await note(asking.door, asking.call, Action.BOOKING_REFUSED, booking_id=booking_id)
        raise
