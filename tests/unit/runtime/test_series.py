"""A series in a calendar: one object, whatever became of its days."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from services.runtime.calendar import CalendarEntry, Method
from services.runtime.series import Occurrence, Series, sequence_of, weeks_apart

HELSINKI = ZoneInfo("Europe/Helsinki")
HOUR = timedelta(hours=1)


def at(month: int, day: int, hour: int = 18) -> datetime:
    return datetime(2027, month, day, hour, tzinfo=HELSINKI).astimezone(UTC)


def meeting(starts: datetime, *, planned: datetime | None = None, off: bool = False) -> Occurrence:
    return Occurrence(planned or starts, starts, starts + HOUR, off)


def written(occurrences: list[Occurrence], method: Method = Method.REQUEST) -> Any:
    entry = CalendarEntry(
        uid="1@example.org",
        sequence=3,
        method=method,
        made_at=at(1, 1),
        starts_at=at(1, 1),
        ends_at=at(1, 1),
        summary="Group",
        url="https://example.org/t/x",
    )
    series = Series(entry=entry, time_zone="Europe/Helsinki", occurrences=occurrences)
    return icalendar.Calendar.from_ical(series.to_bytes())


def wall(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H}"


def walls(events: list[Any], name: str = "DTSTART") -> list[str]:
    return [wall(event.decoded(name)) for event in events]


def test_a_weekly_series_is_one_event_with_a_rule() -> None:
    (event,) = written([meeting(at(3, 18)), meeting(at(3, 25)), meeting(at(4, 1))]).events

    assert event["RRULE"] == {"FREQ": ["WEEKLY"], "INTERVAL": [1], "COUNT": [3]}
    assert "EXDATE" not in event


def test_the_hour_on_the_wall_stays_when_the_clocks_change() -> None:
    """Between the two lies the night of 28 March 2027."""
    calendar = written([meeting(at(3, 25)), meeting(at(4, 1))])

    (event,) = calendar.events
    assert event["DTSTART"].params["TZID"] == "Europe/Helsinki"
    assert wall(event.decoded("DTSTART")) == "2027-03-25 18"
    assert [str(zone["TZID"]) for zone in calendar.timezones] == ["Europe/Helsinki"]


def test_a_week_left_out_and_an_evening_called_off_are_exceptions_of_the_rule() -> None:
    (event,) = written(
        [meeting(at(1, 7)), meeting(at(1, 14), off=True), meeting(at(1, 28)), meeting(at(2, 4))]
    ).events

    assert event["RRULE"] == {"FREQ": ["WEEKLY"], "INTERVAL": [1], "COUNT": [5]}
    excepted = [wall(day.dt) for day in event["EXDATE"].dts]
    assert excepted == ["2027-01-14 18", "2027-01-21 18"]


def test_a_moved_evening_says_which_one_it_was() -> None:
    master, moved = written(
        [meeting(at(1, 7)), meeting(at(1, 15, 17), planned=at(1, 14)), meeting(at(1, 21))]
    ).events

    assert walls([master, moved]) == ["2027-01-07 18", "2027-01-15 17"]
    assert walls([moved], "RECURRENCE-ID") == ["2027-01-14 18"]
    assert master["UID"] == moved["UID"]


def test_days_without_a_rule_are_named_one_by_one() -> None:
    (event,) = written([meeting(at(1, 7)), meeting(at(1, 12)), meeting(at(1, 29), off=True)]).events

    assert "RRULE" not in event
    assert [wall(day.dt) for day in event["RDATE"].dts] == ["2027-01-12 18"]


def test_a_series_does_not_begin_with_an_exception() -> None:
    (event,) = written([meeting(at(1, 7), off=True), meeting(at(1, 14)), meeting(at(1, 21))]).events

    assert walls([event]) == ["2027-01-14 18"]
    assert event["RRULE"]["COUNT"] == [2]


@pytest.mark.parametrize("method", [Method.REQUEST, Method.CANCEL])
def test_with_nothing_left_there_is_no_rule_any_more(method: Method) -> None:
    (event,) = written([meeting(at(1, 7), off=True), meeting(at(1, 14), off=True)], method).events

    assert "RRULE" not in event


@pytest.mark.parametrize(
    ("days", "weeks"),
    [
        ([at(1, 7), at(1, 14)], 1),
        ([at(1, 7), at(1, 21), at(2, 4)], 2),
        ([at(1, 7), at(1, 21), at(1, 28)], 1),
        ([at(1, 7), at(1, 14, 17)], None),
        ([at(1, 7), at(1, 13)], None),
        ([at(1, 7), at(1, 21), at(2, 11)], None),
    ],
)
def test_the_rule_is_found_in_the_days(days: list[datetime], weeks: int | None) -> None:
    assert weeks_apart([day.astimezone(HELSINKI) for day in days]) == weeks


def test_every_change_and_every_new_day_raises_the_sequence() -> None:
    before = sequence_of([0, 0, 1])

    assert sequence_of([0, 1, 1]) > before
    assert sequence_of([0, 0, 1, 0]) > before


def test_an_evening_that_was_called_off_and_came_back_is_in_the_calendar() -> None:
    """Two sessions were put at one hour by the rule, and one of them is off."""
    evenings = [meeting(at(1, 7)), meeting(at(1, 14), off=True), meeting(at(1, 14)), meeting(at(1, 21))]

    (event,) = written(evenings).events

    assert event["RRULE"] == {"FREQ": ["WEEKLY"], "INTERVAL": [1], "COUNT": [3]}
    assert "EXDATE" not in event
