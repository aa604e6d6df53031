"""A coordinator at the pages, and what their neighbours know."""

from datetime import timedelta
from uuid import UUID

import msgspec

from services.contracts.booking.appointments import Contact, ReadContact
from services.contracts.booking.coordination import (
    BookingLine,
    Change,
    DescribeHistory,
    FoundBookings,
    FoundSlots,
    History,
    SearchBookings,
    SearchSlots,
)
from services.contracts.booking.people import (
    FindPersonByEmail,
    GetPerson,
    Identify,
    ListPeople,
    People,
    Person,
)
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.envelope import Role
from services.contracts.letters import (
    DeadLetters,
    ListBookingDeadLetters,
    ListNotifyDeadLetters,
    ListRoomsDeadLetters,
)
from services.contracts.notify import FailedMessages, ListFailedMessages, ListMessages, Messages
from services.contracts.rooms import LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.support.neighbours import Neighbours

COORDINATOR = Person(
    id=UUID(int=7),
    role=Role.COORDINATOR,
    display_name="Kirsi Koordinaattori",
    email="kirsi@jarjesto.example",
    languages=["fi"],
)
BOOKING = f"/bookings/{examples.BOOKING_ID}"
PERSON = f"/coordinator/people/{examples.EXPERT.id}"
FREE_SLOT = examples.host_slot(id=UUID(int=101), bookings=[], seats_left=1)
OFF_SLOT = examples.host_slot(id=UUID(int=102), bookings=[], state=SlotState.CANCELLED)
LINE = BookingLine(
    id=examples.BOOKING_ID,
    status=BookingStatus.CONFIRMED,
    display_name="Kielo",
    language="fi",
    slot=examples.booked_slot(),
)
HISTORY = History(
    [
        Change(at=examples.STARTS - timedelta(days=3), what="booked", by="system"),
        Change(
            at=examples.STARTS - timedelta(days=2),
            what="moved",
            by="coordinator",
            person_id=COORDINATOR.id,
            person_name=COORDINATOR.display_name,
            from_starts_at=examples.STARTS - timedelta(days=1),
        ),
    ]
)


def prepare(tables: Neighbours) -> None:
    """One expert, one booking, one free time, one called off; everything has got through."""
    tables.answers(FindPersonByEmail, COORDINATOR)
    tables.answers(Identify, COORDINATOR)
    tables.answers(ListPeople, People([COORDINATOR, examples.EXPERT]))
    tables.answers(GetPerson, examples.EXPERT)
    tables.answers(
        SearchSlots, FoundSlots(items=[examples.host_slot(), FREE_SLOT, OFF_SLOT], total=3, next=None)
    )
    tables.answers(SearchBookings, FoundBookings(items=[LINE], total=1))
    tables.answers(DescribeHistory, HISTORY)
    tables.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING, waiting=1)]))
    tables.answers(ListFailedMessages, FailedMessages([]))
    for kind in (ListBookingDeadLetters, ListRoomsDeadLetters, ListNotifyDeadLetters):
        tables.answers(kind, DeadLetters(items=[], count=0))
    tables.answers(ListMessages, Messages([]))
    tables.answers(
        ReadContact,
        Contact(booking_id=examples.BOOKING_ID, display_name="Kielo", phone="+358401234567"),
    )


def gone(person: Person) -> Person:
    return msgspec.structs.replace(person, disabled=True)
