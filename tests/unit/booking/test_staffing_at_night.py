"""A session that loses its host in the evening: who is asked at night, and whom it waits for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.booking.domain import staffing as rules
from services.booking.domain.night import heard_at
from services.booking.domain.staffing import Session
from services.contracts.booking.groups import Staffing

HELSINKI = ZoneInfo("Europe/Helsinki")
HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def at(time: str) -> datetime:
    """In the evening, or in the night and on the day after it."""
    hour, minute = map(int, time.split(":"))
    return datetime(2027, 3, 2, hour, minute, tzinfo=HELSINKI).astimezone(UTC)


def in_the_evening(time: str) -> datetime:
    return at(time) - 24 * HOURS


def lost(starts: datetime, asked: datetime) -> Session:
    """Nobody has promised to open it, and at that moment the first five were asked."""
    return Session(
        slot_id=uuid4(),
        open=True,
        starts_at=starts,
        over_at=starts + HOURS,
        zone=HELSINKI,
        host_id=uuid4(),
        staffing=Staffing.NEEDS_HOST,
        asked_at=asked,
    )


def rounds(session: Session) -> list[datetime]:
    """When five are asked from then on, as long as nobody answers."""
    assert session.asked_at is not None
    asked = [session.asked_at]
    while True:
        due = rules.moments(replace(session, asked_at=asked[-1]), now=asked[-1]).ask_stand_ins
        assert due is not None
        if due >= session.starts_at:
            return asked
        asked.append(due)


@pytest.mark.parametrize(
    ("starts", "need", "following"),
    [
        ("9:00", "20:00", ["22:00", "0:00"]),
        ("9:00", "21:05", ["23:05", "1:05"]),
        ("9:00", "21:35", ["23:35", "1:35"]),
        ("9:00", "22:30", ["0:30", "2:30"]),
        ("9:30", "20:00", ["22:00", "0:00"]),
        ("9:30", "21:05", ["23:30", "1:30"]),
        ("9:30", "21:35", ["23:35", "1:35"]),
        ("9:30", "22:30", ["0:30", "2:30"]),
        ("11:00", "20:00", ["22:00", "1:00"]),
        ("11:00", "21:05", ["1:00", "3:00"]),
        ("11:00", "21:35", ["1:00", "3:00"]),
        ("11:00", "22:30", ["1:00", "3:00"]),
        ("12:00", "20:00", ["22:00", "2:00"]),
        ("12:00", "21:05", ["2:00", "4:00"]),
        ("12:00", "21:35", ["2:00", "4:00"]),
        ("12:00", "22:30", ["2:00", "4:00"]),
        ("18:00", "20:00", ["22:00", "10:00"]),
        ("18:00", "21:05", ["10:00", "12:00"]),
        ("18:00", "21:35", ["10:00", "12:00"]),
        ("18:00", "22:30", ["10:00", "12:00"]),
    ],
)
def test_for_a_morning_session_others_are_asked_at_night_and_for_an_evening_one_in_the_morning(
    starts: str, need: str, following: list[str]
) -> None:
    asked = rounds(lost(at(starts), in_the_evening(need)))[1:3]

    assert [f"{each.hour}:{each:%M}" for each in (each.astimezone(HELSINKI) for each in asked)] == following


@pytest.mark.parametrize("starts", ["8:30", "9:00", "9:30", "11:00", "12:00", "13:30"])
def test_who_loses_the_host_of_a_morning_session_sooner_is_searched_for_no_less(starts: str) -> None:
    """At any hour as many have been asked at least as if it had been lost five minutes later."""
    needs = [in_the_evening("20:00") + minutes * MINUTES for minutes in range(0, 4 * 60, 5)]
    searches = [rounds(lost(at(starts), need)) for need in needs]

    for sooner, later in pairwise(searches):
        assert len(sooner) >= len(later)
        assert all(one <= other for one, other in zip(sooner, later, strict=False))


@pytest.mark.parametrize(
    ("starts", "need", "coordinator", "participants"),
    [
        ("20:00", "22:00", "10:00", "17:00"),
        ("18:00", "21:05", "10:00", "15:00"),
        ("16:00", "22:00", "10:00", "13:00"),
        ("15:00", "22:00", "9:00", "12:00"),
        ("14:00", "22:00", "8:00", "11:00"),
    ],
)
def test_nobody_hears_that_nobody_comes_while_those_who_were_asked_are_asleep(
    starts: str, need: str, coordinator: str, participants: str
) -> None:
    asked = in_the_evening(need)
    moments = rules.moments(lost(at(starts), asked), now=asked)

    assert (moments.alert, moments.tell_missing) == (at(coordinator), at(participants))


def test_who_was_asked_in_the_night_before_the_day_before_has_the_same_while() -> None:
    """The day before begins at half past nine in the evening, when they cannot have read it."""
    starts, asked = at("21:30"), in_the_evening("21:10")

    assert rules.moments(lost(starts, asked), now=asked).alert == at("10:00")


@pytest.mark.parametrize(
    ("need", "told"),
    [
        ("21:05", in_the_evening("23:30")),
        ("21:35", in_the_evening("23:35")),
        ("22:30", at("0:30")),
    ],
)
def test_where_the_morning_is_too_late_the_coordinator_is_told_in_the_night(
    need: str, told: datetime
) -> None:
    asked = in_the_evening(need)
    moments = rules.moments(lost(at("9:30"), asked), now=asked)

    assert (moments.alert, moments.tell_missing) == (told, at("6:30"))


def test_no_night_moves_the_last_marks_six_and_three_hours_before() -> None:
    """Whatever the hour of the start and of the asking."""
    for half_hours in range(48):
        starts = at("0:00") + half_hours * 30 * MINUTES
        for minutes in range(4 * 60, 48 * 60, 11):
            asked = starts - minutes * MINUTES
            session = lost(starts, asked)
            moments = rules.moments(session, now=asked)
            once = rules.moments(replace(session, alerted_at=asked - MINUTES), now=asked)
            assert moments.alert is not None
            assert moments.tell_missing == once.tell_missing == starts - 3 * HOURS
            if minutes > 12 * 60:
                assert moments.alert <= starts - 6 * HOURS
                assert once.alert == starts - 6 * HOURS
            reads = heard_at(asked, starts_at=starts, zone=HELSINKI)
            if reads <= starts - 6 * HOURS:
                assert moments.alert > reads or moments.alert == starts - 6 * HOURS
