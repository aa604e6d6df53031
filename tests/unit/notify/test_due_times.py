"""When messages are due: wall clocks, quiet hours, and nothing in the past."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.notify import MessageKind
from services.notify import domain
from services.notify.domain import QuietHours
from tests.support.facts import NOW, STARTS, ZONE, a_meeting

HELSINKI = ZoneInfo(ZONE)
QUIET = QuietHours(ZONE, 21, 7)


def helsinki(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=HELSINKI)


def due(kind: MessageKind, starts_at: datetime, *, now: datetime = NOW) -> datetime | None:
    planned = {
        each.kind: each.due_at for each in domain.follow_ups(a_meeting(starts_at), quiet=QUIET, now=now)
    }
    return planned.get(kind)


def test_a_meeting_far_ahead_gets_two_reminders_and_a_question() -> None:
    planned = [each.kind for each in domain.follow_ups(a_meeting(), quiet=QUIET, now=NOW)]

    assert planned == [MessageKind.REMINDER_DAY, MessageKind.REMINDER_HOUR, MessageKind.FEEDBACK]


@pytest.mark.parametrize(
    ("starts", "a_day_before", "hours"),
    [
        (helsinki(2027, 1, 12, 13), helsinki(2027, 1, 11, 13), 24),
        (helsinki(2027, 3, 28, 12), helsinki(2027, 3, 27, 12), 23),
        (helsinki(2027, 3, 29, 12), helsinki(2027, 3, 28, 12), 24),
        (helsinki(2027, 10, 31, 12), helsinki(2027, 10, 30, 12), 25),
    ],
)
def test_the_day_reminder_keeps_the_wall_time_when_the_clocks_change(
    starts: datetime, a_day_before: datetime, hours: int
) -> None:
    moment = due(MessageKind.REMINDER_DAY, starts.astimezone(UTC))

    assert moment == a_day_before
    assert starts.astimezone(UTC) - a_day_before.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("starts", [helsinki(2027, 3, 28, 4, 30), helsinki(2027, 10, 31, 4, 30)])
def test_the_hour_reminder_is_sixty_minutes_before_also_when_the_clocks_change(starts: datetime) -> None:
    starts = starts.astimezone(UTC)

    assert due(MessageKind.REMINDER_HOUR, starts) == starts - timedelta(hours=1)


@given(minutes=st.integers(min_value=-3 * 60, max_value=27 * 60), autumn=st.booleans())
def test_the_day_reminder_is_a_day_before_round_every_change(minutes: int, autumn: bool) -> None:
    change = datetime(2027, 10, 31, 1, tzinfo=UTC) if autumn else datetime(2027, 3, 28, 1, tzinfo=UTC)
    starts = change + timedelta(minutes=minutes)

    before = domain.day_before(starts, ZONE)

    wall, wall_before = starts.astimezone(HELSINKI), before.astimezone(HELSINKI)
    away = wall.replace(tzinfo=None) - wall_before.replace(tzinfo=None)
    # A wall time that the day before did not have is an hour later on that day.
    assert away in (timedelta(days=1), timedelta(hours=23))
    assert timedelta(hours=22) < starts - before < timedelta(hours=26)


def test_a_day_reminder_in_the_night_comes_the_evening_before() -> None:
    assert due(MessageKind.REMINDER_DAY, helsinki(2027, 1, 12, 22)) == helsinki(2027, 1, 11, 20, 45)
    assert due(MessageKind.REMINDER_DAY, helsinki(2027, 1, 12, 6)) == helsinki(2027, 1, 10, 20, 45)


def test_a_day_reminder_whose_evening_is_past_comes_in_the_morning() -> None:
    booked = helsinki(2027, 1, 10, 21, 30)

    assert due(MessageKind.REMINDER_DAY, helsinki(2027, 1, 12, 6), now=booked) == helsinki(2027, 1, 11, 7)


@given(hours=st.integers(min_value=0, max_value=24 * 14), notice=st.integers(min_value=0, max_value=100))
def test_no_reminder_is_in_the_past_or_after_the_start(hours: int, notice: int) -> None:
    starts = STARTS + timedelta(hours=hours)
    now = starts - timedelta(hours=notice)

    for each in domain.follow_ups(a_meeting(starts), quiet=QUIET, now=now):
        assert each.due_at > now
        if each.kind is not MessageKind.FEEDBACK:
            assert each.due_at < starts
            assert each.not_after <= starts
        if each.kind in domain.CAN_WAIT:
            assert not QUIET.cover(each.due_at)


def test_a_booking_within_a_day_gets_no_day_reminder() -> None:
    assert due(MessageKind.REMINDER_DAY, STARTS, now=STARTS - timedelta(hours=23)) is None


def test_an_hour_reminder_right_after_the_confirmation_is_left_out() -> None:
    assert due(MessageKind.REMINDER_HOUR, STARTS, now=STARTS - timedelta(minutes=74)) is None
    assert due(MessageKind.REMINDER_HOUR, STARTS, now=STARTS - timedelta(minutes=75)) is not None


def test_the_question_afterwards_waits_for_the_morning() -> None:
    assert due(MessageKind.FEEDBACK, helsinki(2027, 1, 12, 13)) == helsinki(2027, 1, 12, 14, 45)
    assert due(MessageKind.FEEDBACK, helsinki(2027, 1, 12, 19, 30)) == helsinki(2027, 1, 13, 7)


@pytest.mark.parametrize(
    ("quiet", "hour", "covered"),
    [
        (QUIET, 21, True),
        (QUIET, 6, True),
        (QUIET, 7, False),
        (QUIET, 20, False),
        (QuietHours(ZONE, 12, 14), 13, True),
        (QuietHours(ZONE, 12, 14), 14, False),
        (QuietHours(ZONE, 0, 0), 3, False),
    ],
)
def test_quiet_hours_are_by_the_wall_clock(quiet: QuietHours, hour: int, covered: bool) -> None:
    assert quiet.cover(helsinki(2027, 7, 1, hour).astimezone(UTC)) is covered


def test_tries_end_ten_minutes_before_the_start_or_after_a_day() -> None:
    soon = domain.at_once(
        MessageKind.CONFIRMATION, a_meeting(), occasion=0, now=STARTS - timedelta(hours=2)
    )
    early = domain.at_once(MessageKind.CONFIRMATION, a_meeting(), occasion=0, now=NOW)

    assert soon.give_up_at == STARTS - timedelta(minutes=10)
    assert early.give_up_at == NOW + timedelta(days=1)
    assert soon.not_after == a_meeting().ends_at


def test_tries_come_further_and_further_apart() -> None:
    tries = [
        domain.retry_at(number, now=NOW, last=NOW + timedelta(days=1), jitter=1) for number in range(1, 14)
    ]

    waits = [at - NOW for at in tries if at is not None]
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [0.25, 0.25, 0.5, 0.5, 0.5, 1, 2, 5, 10, 20, 40, 40, 40]


def test_six_failures_in_a_row_are_over_within_five_minutes() -> None:
    """With some of the patience that a silent server is given, and the lease of a killed worker."""
    at = NOW
    for number in range(1, 7):
        at = domain.retry_at(number, now=at, last=NOW + timedelta(days=1), jitter=1.2) or at

    assert at - NOW < timedelta(minutes=4.5)


def test_the_last_try_uses_the_time_there_is_and_nothing_is_tried_after_it() -> None:
    last = NOW + timedelta(minutes=3)

    assert domain.retry_at(8, now=NOW, last=last, jitter=1) == last
    assert domain.retry_at(3, now=last, last=last, jitter=1) is None


def test_the_last_try_is_made_while_the_message_may_still_be_sent() -> None:
    sign_in = domain.asked_for(MessageKind.SIGN_IN, UUID(int=1), now=NOW)

    last = domain.last_try_at(give_up_at=sign_in.give_up_at, not_after=sign_in.not_after)

    assert NOW + timedelta(minutes=28) < last < sign_in.not_after
