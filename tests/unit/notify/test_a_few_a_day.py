"""Until when news waits that is beyond the day's few, and how several letters become one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.notify import MessageKind
from services.notify.domain import QuietHours
from services.notify.groups import few
from services.notify.groups.together import together
from services.notify.senders.letter import Letter
from tests.support.facts import ZONE
from tests.support.group_letters import WORDING, about

QUIET = QuietHours(ZONE, 21, 7)
NOON = datetime(2027, 1, 5, 10, tzinfo=UTC)  # by the wall clock
MORNING = datetime(2027, 1, 6, 5, tzinfo=UTC)
EVENING = datetime(2027, 1, 5, 18, 45, tzinfo=UTC)  # a quarter before the quiet hours
WRITER = WORDING._writer
CHANGE = MessageKind.GROUP_CHANGE
ASKED = MessageKind.HOST_ASKED


def wall(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, day, hour - 2, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "until"),
    [
        (None, MORNING),
        (wall(20, 18), MORNING),
        (wall(6, 19), MORNING),
        (wall(6, 18, 59), EVENING),
        (wall(6, 16), EVENING),
        (wall(6, 9), EVENING),
        (wall(6, 8), wall(5, 20)),
        (wall(6, 2), wall(5, 14)),
        (wall(5, 23), None),
        (wall(5, 13), None),
    ],
    ids=str,
)
def test_it_waits_for_the_morning_unless_a_session_is_within_twelve_hours_of_it(
    starts_at: datetime | None, until: datetime | None
) -> None:
    assert few.held_until(CHANGE, starts_at, now=NOON, quiet=QUIET) == until


@pytest.mark.parametrize("starts_at", [wall(6, hour) for hour in range(2, 24)], ids=str)
def test_what_has_waited_is_not_told_to_wait_on_once_its_session_is_near(starts_at: datetime) -> None:
    until = few.held_until(CHANGE, starts_at, now=NOON, quiet=QUIET)
    assert until is not None
    later = few.held_until(CHANGE, starts_at, now=until, quiet=QUIET)

    assert later is None or until == MORNING


@pytest.mark.parametrize(("days", "waits"), [(1, False), (2, False), (3, True)])
def test_who_is_asked_to_lead_soon_waits_for_no_place_and_others_do(days: int, waits: bool) -> None:
    starts_at = NOON + timedelta(days=days)

    assert (few.held_until(ASKED, starts_at, now=NOON, quiet=QUIET) is not None) is waits
    assert few.held_until(CHANGE, starts_at, now=NOON, quiet=QUIET) is not None


@pytest.mark.parametrize("kind", [ASKED, CHANGE], ids=str)
@pytest.mark.parametrize(("minutes", "left"), [(0, 5), (4, 1), (5, None), (60, None)])
def test_what_comes_within_minutes_of_another_goes_with_the_next(
    kind: MessageKind, minutes: int, left: int | None
) -> None:
    told = NOON - timedelta(minutes=minutes)
    until = few.gathered_until(kind, NOON + timedelta(days=1), last_told=told, now=NOON, quiet=QUIET)

    assert until == (None if left is None else NOON + timedelta(minutes=left))


@pytest.mark.parametrize(
    ("kind", "days", "until"),
    [
        (ASKED, 1, None),
        (ASKED, 3, MORNING),
        (CHANGE, 1, MORNING),
        (MessageKind.ANNOUNCEMENT, 1, MORNING),
        (MessageKind.APPLICATION_WAITING, 1, MORNING),
    ],
)
def test_minutes_that_end_at_night_end_in_the_morning_and_who_is_asked_to_lead_soon_does_not_wait(
    kind: MessageKind, days: int, until: datetime | None
) -> None:
    late = wall(5, 20, 58)
    starts_at = late + timedelta(days=days)

    assert few.gathered_until(kind, starts_at, last_told=late, now=late, quiet=QUIET) == until


def test_a_day_ends_at_midnight_by_the_wall_clock_also_when_clocks_change() -> None:
    last, first = datetime(2027, 3, 28, 20, 59, tzinfo=UTC), datetime(2027, 3, 28, 21, tzinfo=UTC)

    assert few.day_of(last, ZONE).day == 28
    assert few.day_of(first, ZONE).day == 29
    assert few.held_until(CHANGE, None, now=last - timedelta(hours=24), quiet=QUIET) == datetime(
        2027, 3, 28, 4, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("kind", "longer"), [(MessageKind.GROUP_CHANGE, True), (MessageKind.ANNOUNCEMENT, False)]
)
def test_only_what_has_no_hour_of_its_own_is_of_use_for_longer(kind: MessageKind, longer: bool) -> None:
    kept = few.worth_sending_until(kind, NOON + timedelta(days=1), until=MORNING)

    assert (kept == MORNING + timedelta(days=1)) is longer
    assert kept >= NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("language", "subject", "greeting"),
    [
        ("fi", "Uutisia ryhmistäsi", "Hei!"),
        ("sv", "Nytt om dina grupper", "Hej!"),
        ("en", "News of your groups", "Hello!"),
    ],
)
def test_several_letters_are_one_with_one_greeting_and_all_their_links(
    language: str, subject: str, greeting: str
) -> None:
    first = about(MessageKind.GROUP_CHANGE, language=language)
    second = about(MessageKind.OFFER_OVER, language=language)
    other = uuid4()

    mail = together(WRITER, first, [second], along=[other])

    assert (mail.subject, mail.to, mail.along) == (subject, first.to, (other,))
    assert mail.text.count(greeting) == mail.html.count(greeting) == 1
    for each in (first, second):
        assert f"* {each.subject}\n" in mail.text
        assert f">{each.subject}</h2>" in mail.html
        assert all(paragraph.url is None or paragraph.url in mail.text for paragraph in each.paragraphs)
    assert mail.calendar == first.calendar
    assert mail.more_calendars == ()


@pytest.mark.parametrize("by_phone", [{}, {"email": None, "phone": "+358401234567"}], ids=["mail", "text"])
def test_a_letter_goes_by_what_it_tells_and_by_another_name_with_something_else_along(
    by_phone: dict[str, Any],
) -> None:
    """A receiver takes out what comes again under one id: never what has not come yet."""
    first, second, third = (
        replace(about(MessageKind.GROUP_CHANGE, **by_phone), id=str(UUID(int=number)))
        for number in range(3)
    )

    def told_with(letter: Letter, *others: Letter) -> str:
        return together(WRITER, letter, others, along=[UUID(other.id) for other in others]).id

    sets = [first.id, told_with(first, second), told_with(first, third), told_with(first, second, third)]
    assert len(set(sets)) == len(sets)
    assert told_with(first, second) == told_with(first, second) == told_with(second, first)
    assert told_with(third, second, first) == told_with(first, second, third)


def test_several_text_messages_are_one_that_says_it_all() -> None:
    by_phone: dict[str, Any] = {"email": None, "phone": "+358401234567"}
    first, second = about(MessageKind.GROUP_CHANGE, **by_phone), about(MessageKind.OFFER_OVER, **by_phone)

    assert together(WRITER, first, [second], along=[uuid4()]).text == f"{first.text} {second.text}"
