"""What a calendar program makes of an entry."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.calendar import CalendarEntry, Method, uid_of

BOOKING = UUID("0190a3c2-0000-7000-8000-000000000001")
ENTRY = CalendarEntry(
    uid=uid_of(BOOKING, "https://hall.example:8443/"),
    sequence=2,
    method=Method.REQUEST,
    made_at=datetime(2027, 1, 5, 9, tzinfo=UTC),
    starts_at=datetime(2027, 1, 12, 13, tzinfo=ZoneInfo("Europe/Helsinki")),
    ends_at=datetime(2027, 1, 12, 13, 45, tzinfo=ZoneInfo("Europe/Helsinki")),
    summary="Varattu aika",
    url="https://hall.example/t/abc",
    organizer="hall@hall.example",
    attendee="anna@example.org",
)
IN_ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Helsinki"), ZoneInfo("America/St_Johns")])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=IN_ZONES)  # noqa: DTZ001
WORDS = st.text("aZ0@.:/_+=?&%~-^,;'\"\\ äå€🙂", min_size=1, max_size=200)
ENTRIES = st.builds(
    CalendarEntry,
    uid=WORDS,
    sequence=st.integers(0, 2000),
    method=st.sampled_from(Method),
    made_at=MOMENTS,
    starts_at=MOMENTS,
    ends_at=MOMENTS,
    summary=WORDS,
    url=st.text("az/0.:-_", min_size=1, max_size=200) | WORDS,
    organizer=st.none() | WORDS,
    attendee=st.none() | st.text("a.-+@", max_size=200) | WORDS,
    cancelled=st.booleans(),
    tentative=st.booleans(),
)


def test_an_entry_says_when_and_where_to_go_in_utc() -> None:
    calendar, event = read(ENTRY)

    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == f"{BOOKING}@hall.example"
    assert event["SEQUENCE"] == 2
    assert event["DTSTART"].to_ical() == b"20270112T110000Z"
    assert event["DTEND"].to_ical() == b"20270112T114500Z"
    assert event["URL"] == "https://hall.example/t/abc"
    assert event["STATUS"] == "CONFIRMED"


def test_only_the_receiver_attends_and_need_not_answer() -> None:
    _, event = read(ENTRY)

    assert event["ATTENDEE"] == "mailto:anna@example.org"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert "CN" not in event["ATTENDEE"].params


def test_a_cancelled_entry_says_so() -> None:
    calendar, event = read(replace(ENTRY, method=Method.CANCEL, sequence=3))

    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)


def test_a_published_entry_needs_no_people() -> None:
    _, event = read(replace(ENTRY, method=Method.PUBLISH, organizer=None, attendee=None))

    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event


def test_a_summary_cannot_bring_in_an_attendee() -> None:
    _, event = read(replace(ENTRY, summary="Aika\r\nATTENDEE:mailto:evil@example.org"))

    assert event["ATTENDEE"] == "mailto:anna@example.org"


def test_an_address_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        replace(ENTRY, attendee="a@example.org\r\nX:y").to_bytes()


@given(ENTRIES)
def test_what_an_entry_is_written_as_is_what_the_library_writes(entry: CalendarEntry) -> None:
    assert entry.to_bytes() == entry.by_library()


@given(st.text("az/0.:-_+=?&%~", min_size=1, max_size=300))
def test_however_long_a_plain_value_is_it_is_folded_as_the_library_folds(url: str) -> None:
    entry = replace(ENTRY, url=url, attendee=f"a@{url}")

    assert entry.to_bytes() == entry.by_library()


def read(entry: CalendarEntry) -> tuple[Any, Any]:
    calendar = icalendar.Calendar.from_ical(entry.to_bytes())
    (event,) = calendar.walk("VEVENT")
    return calendar, event
