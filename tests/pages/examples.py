"""What neighbours answer in these tests: one expert, three free times, one booked meeting."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.contracts import links
from services.contracts.booking.appointments import BookedSlot, Booking
from services.contracts.booking.catalogue import (
    FreeSlot,
    Host,
    Organisation,
    Organisations,
    SlotKind,
    Theme,
    Themes,
    Words,
)
from services.contracts.booking.people import Person
from services.contracts.booking.slots import Attendee, BookingStatus, HostSlot, SlotState
from services.contracts.envelope import Role
from services.contracts.links import Link, Purpose
from services.contracts.rooms import Joined, RoomState, RoomView, Video
from tests.support.system import LINK_KEYS

STARTS = datetime(2027, 1, 12, 11, 0, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=45)
ZONE = "Europe/Helsinki"
HOST = Host(UUID(int=1), "Aino Asiantuntija", "Savon Arkiapu ry", UUID(int=2))
BOOKING_ID = UUID(int=10)
THEME = "digineuvonta"

THEMES = Themes(
    [
        Theme(THEME, Words("Digineuvonta", "Digital rådgivning", "Help with phones and computers")),
        Theme("talousneuvonta", Words("Talousneuvonta", "Ekonomisk rådgivning", "Money and debt advice")),
    ]
)
ORGANISATIONS = Organisations([Organisation(UUID(int=2), "Savon Arkiapu ry")])


def free_slot(number: int, starts_at: datetime) -> FreeSlot:
    return FreeSlot(
        id=UUID(int=100 + number),
        kind=SlotKind.APPOINTMENT,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        time_zone=ZONE,
        host=HOST,
        theme=THEME,
        languages=["fi", "en"],
        capacity=1,
        seats_left=1,
    )


FREE = [free_slot(number, STARTS + timedelta(hours=number * 20)) for number in range(3)]


def booked_slot(**differs: Any) -> BookedSlot:
    slot = BookedSlot(
        id=UUID(int=100),
        kind=SlotKind.APPOINTMENT,
        starts_at=STARTS,
        ends_at=ENDS,
        time_zone=ZONE,
        host=HOST,
        theme=THEME,
    )
    return msgspec.structs.replace(slot, **differs)


def booking(**differs: Any) -> Booking:
    booked = Booking(
        id=BOOKING_ID,
        status=BookingStatus.CONFIRMED,
        display_name="Kielo",
        language="fi",
        slot=booked_slot(),
        link_version=1,
        sequence=0,
        link_expires_at=ENDS + timedelta(days=1),
    )
    return msgspec.structs.replace(booked, **differs)


def view(state: RoomState = RoomState.BEFORE, **differs: Any) -> RoomView:
    seen = RoomView(
        slot_id=UUID(int=100),
        state=state,
        starts_at=STARTS,
        ends_at=ENDS,
        opens_at=STARTS - timedelta(minutes=15),
        closes_at=ENDS + timedelta(minutes=30),
        host_present=state == RoomState.OPEN,
    )
    return msgspec.structs.replace(seen, **differs)


def joined(domain: str = "", **differs: Any) -> Joined:
    video = Video(
        domain=domain,
        room="huone-1",
        jwt="a.pass.here",
        expires_at=STARTS + timedelta(minutes=5),
        url=f"https://{domain}/huone-1?jwt=a.pass.here#config.disableProfile=true" if domain else "",
        script=f"https://{domain}/external_api.js" if domain else "",
    )
    answer = Joined(state=RoomState.OPEN, view=view(RoomState.OPEN), video=video)
    return msgspec.structs.replace(answer, **differs)


def link(version: int = 1) -> str:
    """The path of the booking's link."""
    made = links.make(links.parse_keys(LINK_KEYS), Link(Purpose.BOOKING, BOOKING_ID, version))
    return f"/t/{made}"


EXPERT = Person(
    id=HOST.id,
    role=Role.EXPERT,
    display_name=HOST.display_name,
    email="aino@jarjesto.example",
    languages=["fi"],
    organisation_id=HOST.organisation_id,
)


def host_slot(**differs: Any) -> HostSlot:
    attendee = Attendee(
        booking_id=BOOKING_ID,
        display_name="Kielo",
        language="fi",
        status=BookingStatus.CONFIRMED,
        note="Verkkopankki ei aukea.",
    )
    slot = HostSlot(
        id=UUID(int=100),
        kind=SlotKind.APPOINTMENT,
        state=SlotState.OPEN,
        starts_at=STARTS,
        ends_at=ENDS,
        time_zone=ZONE,
        host=HOST,
        theme=THEME,
        languages=["fi"],
        capacity=1,
        seats_left=0,
        bookings=[attendee],
    )
    return msgspec.structs.replace(slot, **differs)
