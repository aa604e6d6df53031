"""Enrolments as booking would describe them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.catalogue import Host, Words
from services.contracts.booking.enrolment import EnrolledSession, MyGroup
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import WantedDuty
from tests.support.facts import NOW, STARTS, ZONE

WEEK = timedelta(weeks=1)
LONG = timedelta(minutes=90)
NAME = "Syöpään sairastuneet"


def a_session(number: int = 0, **differently: Any) -> EnrolledSession:
    """The `number`th of weekly sessions from the usual start on, to which somebody comes."""
    starts = differently.pop("starts_at", STARTS + number * WEEK)
    usual: dict[str, Any] = {
        "booking_id": UUID(int=100 + number),
        "link_version": 1,
        "slot_id": UUID(int=200 + number),
        "state": SlotState.OPEN,
        "status": BookingStatus.CONFIRMED,
        "starts_at": starts,
        "ends_at": starts + LONG,
        "time_zone": ZONE,
        "host": Host(UUID(int=3), "Maija Meikäläinen", "Toivo ry"),
        "staffed": True,
        "sequence": 0,
        "series_start": STARTS + number * WEEK,
    }
    return EnrolledSession(**usual | differently)


def a_duty(number: int = 0) -> WantedDuty:
    """The `number`th of weekly sessions, which somebody is asked to open."""
    return WantedDuty(
        slot_id=UUID(int=200 + number),
        name=Words("Vertaisryhmä", "Kamratgrupp", "Peer group"),
        starts_at=STARTS + number * WEEK,
        ends_at=STARTS + number * WEEK + LONG,
        time_zone=ZONE,
        taken=4,
    )


def a_group(*sessions: EnrolledSession, **differently: Any) -> MyGroup:
    """Somebody's place in a closed group of three weekly sessions, unless said otherwise."""
    usual: dict[str, Any] = {
        "enrolment_id": uuid4(),
        "group_id": UUID(int=8),
        "name": Words(NAME, NAME, NAME),
        "open": False,
        "whole_series": True,
        "status": BookingStatus.CONFIRMED,
        "places": 1,
        "sessions": list(sessions or (a_session(0), a_session(1), a_session(2))),
        "offered_until": NOW + timedelta(days=1),
        "before_you": 2,
    }
    return MyGroup(**usual | differently)
