"""What booking answers of groups in these tests: an open one, a closed series, and one's place in it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.contracts.booking.appointments import Booking
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.enrolment import Enrolled, EnrolledSession, MyGroup
from services.contracts.booking.groups import Group, GroupPage, GroupSession
from services.contracts.booking.slots import BookingStatus, SlotState
from tests.pages import examples

WEEK = timedelta(days=7)
OPEN_ID, CLOSED_ID, ENROLMENT_ID = UUID(int=300), UUID(int=301), UUID(int=500)

OPEN = Group(
    id=OPEN_ID,
    name=Words("Avoin omaishoitajien ilta", "Öppen kväll för närståendevårdare", "Carers' open evening"),
    description=Words(
        "Puhumme siitä, mitä arki läheisen rinnalla on. Voit vain kuunnella.",
        "Vi talar om vardagen vid sidan av en närstående. Det går bra att bara lyssna.",
        "We talk about everyday life beside somebody close. You may just listen.",
    ),
    open=True,
    theme="digineuvonta",
    organisation="Savon Arkiapu ry",
    languages=["fi", "sv"],
    capacity=12,
    next_starts_at=examples.STARTS,
)
CLOSED = Group(
    id=CLOSED_ID,
    name=Words("Surun jälkeen", "Efter sorgen", "After a loss"),
    description=Words("Kahdeksan iltaa läheisen menettäneille.", "Åtta kvällar.", "Eight evenings."),
    open=False,
    theme="digineuvonta",
    organisation="Savon Arkiapu ry",
    languages=["fi"],
    capacity=6,
    next_starts_at=examples.STARTS,
    whole_series=True,
)
EVENT = msgspec.structs.replace(
    OPEN,
    id=UUID(int=302),
    kind=SlotKind.EVENT,
    capacity=600,
    name=Words("Uni ja jaksaminen", "Sömn", "Sleep"),
)


def session(number: int = 0, **differs: Any) -> GroupSession:
    starts_at = examples.STARTS + number * WEEK
    made = GroupSession(
        slot_id=UUID(int=100 + number),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        time_zone=examples.ZONE,
        capacity=12,
        seats_left=4,
        staffed=True,
        host=examples.HOST,
    )
    return msgspec.structs.replace(made, **differs)


def page(group: Group = OPEN, count: int = 3, **differs: Any) -> GroupPage:
    made = GroupPage(
        group=group,
        facilitators=[examples.HOST],
        sessions=[session(number, capacity=group.capacity) for number in range(count)],
        waiting=0,
        enrolling=True,
    )
    return msgspec.structs.replace(made, **differs)


def full(group: Group, waiting: int) -> GroupPage:
    sessions = [session(number, seats_left=0) for number in range(3)]
    return page(group, sessions=sessions, waiting=waiting)


def enrolled(status: BookingStatus = BookingStatus.CONFIRMED, **differs: Any) -> Enrolled:
    made = Enrolled(
        enrolment_id=ENROLMENT_ID,
        booking_id=examples.BOOKING_ID,
        link_version=1,
        status=status,
        starts_at=examples.STARTS,
        ends_at=examples.ENDS,
    )
    return msgspec.structs.replace(made, **differs)


def own_session(number: int = 0, **differs: Any) -> EnrolledSession:
    starts_at = examples.STARTS + number * WEEK
    made = EnrolledSession(
        booking_id=UUID(int=examples.BOOKING_ID.int + number),
        link_version=1,
        slot_id=UUID(int=100 + number),
        state=SlotState.OPEN,
        status=BookingStatus.CONFIRMED,
        starts_at=starts_at,
        ends_at=starts_at + (examples.ENDS - examples.STARTS),
        time_zone=examples.ZONE,
        host=examples.HOST,
        staffed=True,
        sequence=0,
        series_start=starts_at,
    )
    return msgspec.structs.replace(made, **differs)


def my_group(status: BookingStatus = BookingStatus.CONFIRMED, count: int = 3, **differs: Any) -> MyGroup:
    made = MyGroup(
        enrolment_id=ENROLMENT_ID,
        group_id=CLOSED_ID,
        name=CLOSED.name,
        open=False,
        whole_series=True,
        status=status,
        places=1,
        sessions=[own_session(number, status=status) for number in range(count)],
    )
    return msgspec.structs.replace(made, **differs)


def booking(status: BookingStatus = BookingStatus.CONFIRMED, **differs: Any) -> Booking:
    """This session's booking, behind the link of the examples."""
    return examples.booking(
        status=status,
        enrolment_id=ENROLMENT_ID,
        slot=examples.booked_slot(kind=SlotKind.GROUP, group_id=CLOSED_ID),
        **differs,
    )
