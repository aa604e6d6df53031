"""What a calendar program finds behind the link of one session of a group."""

from typing import Any

import icalendar
import pytest

from services.contracts.booking.slots import BookingStatus
from services.gateway.enrolments import calendar_of
from services.runtime.calendar import CalendarEntry, Method
from tests.support.facts import NOW, STARTS
from tests.support.groups import LONG, a_group, a_session


def written(*statuses: BookingStatus, behind: int = 0) -> Any:
    """The calendar of one with these places, fetched by the link of one of them."""
    sessions = [a_session(number, status=status) for number, status in enumerate(statuses)]
    entry = CalendarEntry(
        uid="1@example.org",
        sequence=0,
        method=Method.PUBLISH,
        made_at=NOW,
        starts_at=STARTS,
        ends_at=STARTS + LONG,
        summary="Appointment",
        url="https://hall.example/t/x",
        cancelled=sessions[behind].status is BookingStatus.CANCELLED,
    )
    return icalendar.Calendar.from_ical(calendar_of(a_group(*sessions), entry)).events[0]


def test_the_link_of_a_session_that_was_left_does_not_call_the_others_off() -> None:
    event = written(BookingStatus.CANCELLED, BookingStatus.CONFIRMED, BookingStatus.CONFIRMED)

    assert (event["STATUS"], event["RRULE"]["COUNT"]) == ("CONFIRMED", [2])


@pytest.mark.parametrize("status", [BookingStatus.WAITING, BookingStatus.OFFERED, BookingStatus.APPLIED])
def test_who_has_no_place_yet_finds_nothing_confirmed(status: BookingStatus) -> None:
    assert written(status, status)["STATUS"] == "CANCELLED"
