"""What booking and rooms tell those who lead: a group, its sessions, duties, who is here."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.enrolment import Attendees, ListAttendees
from services.contracts.booking.groups import (
    GetGroup,
    GetManagedGroup,
    Group,
    ListManagedGroups,
    ManagedGroup,
    ManagedGroups,
    ManagedSession,
    Series,
    Staffing,
)
from services.contracts.booking.people import Person
from services.contracts.booking.slots import Attendee, BookingStatus, SlotState
from services.contracts.booking.staffing import Duties, Duty, DutyScope, GetDuty, ListDuties
from services.contracts.envelope import Role
from services.contracts.rooms import Here, ListPresence, Look, RoomPresence, RoomState
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN, WEEK
from tests.support.neighbours import Neighbours

SLOT = UUID(int=100)
OTHER = Host(UUID(int=3), "Olli Ohjaaja", "Savon Arkiapu ry", UUID(int=2))
VOLUNTEER = Person(
    id=examples.HOST.id,
    role=Role.VOLUNTEER,
    display_name=examples.HOST.display_name,
    email="aino@jarjesto.example",
    languages=["fi"],
    trained=True,
)
UNTRAINED = Person(
    id=UUID(int=4),
    role=Role.VOLUNTEER,
    display_name="Ulla Uusi",
    email="ulla@jarjesto.example",
    languages=["fi"],
)


def session(number: int = 0, **differs: Any) -> ManagedSession:
    starts_at = examples.STARTS + number * WEEK
    made = ManagedSession(
        slot_id=UUID(int=100 + number),
        state=SlotState.OPEN,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        time_zone=examples.ZONE,
        capacity=12,
        taken=5,
        waiting=0,
        applied=0,
        staffing=Staffing.ACCEPTED,
        host=examples.HOST,
        co_hosts=[],
        series_start=starts_at,
    )
    return msgspec.structs.replace(made, **differs)


def managed(group: Group = OPEN, count: int = 3, **differs: Any) -> ManagedGroup:
    made = ManagedGroup(
        group=group,
        organisation_id=UUID(int=2),
        room_limit=None,
        facilitators=[examples.HOST],
        series=Series(starts=time(13), ends=time(14, 30), first_on=examples.STARTS.date(), until=None),
        sessions=[session(number) for number in range(count)],
    )
    return msgspec.structs.replace(made, **differs)


def duty(number: int = 0, **differs: Any) -> Duty:
    starts_at = examples.STARTS + number * WEEK
    made = Duty(
        slot_id=UUID(int=100 + number),
        group_id=OPEN.id,
        name=OPEN.name,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        time_zone=examples.ZONE,
        theme=examples.THEME,
        languages=["fi"],
        staffing=Staffing.ACCEPTED,
        host=examples.HOST,
        co_hosts=[],
        taken=5,
        capacity=12,
        hosting=True,
        co_hosting=False,
        accepted=True,
        may_take=False,
    )
    return msgspec.structs.replace(made, **differs)


def asked(number: int = 1, **differs: Any) -> Duty:
    return duty(number, staffing=Staffing.ASKED, accepted=False, **differs)


def wanted(number: int = 2, **differs: Any) -> Duty:
    facts: dict[str, Any] = {
        "staffing": Staffing.NEEDS_HOST,
        "host": OTHER,
        "hosting": False,
        "accepted": False,
        "may_take": True,
    }
    return duty(number, **facts | differs)


def attendee(number: int = 0, name: str = "Kielo", **differs: Any) -> Attendee:
    made = Attendee(
        booking_id=UUID(int=examples.BOOKING_ID.int + number),
        display_name=name,
        language="fi",
        status=BookingStatus.CONFIRMED,
    )
    return msgspec.structs.replace(made, **differs)


def here(number: int = 0, presence: str = "joined", **differs: Any) -> Here:
    made = Here(
        who_id=UUID(int=examples.BOOKING_ID.int + number),
        hosts=False,
        presence=presence,
        since=examples.STARTS - timedelta(minutes=3),
    )
    return msgspec.structs.replace(made, **differs)


PEOPLE = [
    attendee(0, "Kielo", note="Kuuntelen mieluummin."),
    attendee(1, "Ruusu"),
    attendee(2, "Orvokki"),
    attendee(3, "Lumme", status=BookingStatus.WAITING),
]


def prepare(tables: Neighbours) -> None:
    """An open group with sessions; of its people one is here, one before the door, one not yet."""
    tables.answers(ListManagedGroups, ManagedGroups([managed(sessions=[])]))
    tables.answers(GetManagedGroup, managed())
    tables.answers(GetGroup, group_examples.page(OPEN))
    tables.answers(ListAttendees, Attendees(PEOPLE))
    tables.answers(GetDuty, duty())
    tables.answers(ListDuties, lambda question, _: Duties(DUTIES.get(question.scope, [])))
    tables.answers(Look, examples.view(RoomState.OPEN, waiting=1))
    tables.answers(ListPresence, RoomPresence([here(0), here(1, "waiting")]))
    slot = examples.booked_slot(kind=SlotKind.GROUP, group_id=OPEN.id)
    tables.answers(DescribeBooking, msgspec.structs.replace(group_examples.booking(), slot=slot))


DUTIES = {
    DutyScope.MINE: [duty(), asked()],
    DutyScope.WANTED: [wanted()],
    DutyScope.ALL: [duty(), asked(host=OTHER, hosting=False), wanted()],
    DutyScope.UNSTAFFED: [asked(host=OTHER, hosting=False), wanted()],
}
SERIES = msgspec.structs.replace(CLOSED, id=UUID(int=301))
