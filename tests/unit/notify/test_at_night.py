"""What of groups is told at night, what keeps until the morning, and what is left of the time to answer."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import enrolment
from services.contracts.notify import MessageKind
from services.notify.domain import QuietHours
from services.notify.groups.at_night import told_at
from tests.support.facts import ZONE

HELSINKI = ZoneInfo(ZONE)
QUIET = QuietHours(ZONE, 21, 7)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AT_ELEVEN = datetime(2027, 1, 5, 21, tzinfo=UTC)  # 23 in Helsinki
MORNING = datetime(2027, 1, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "kind",
    [
        MessageKind.OFFER,
        MessageKind.OFFER_OVER,
        MessageKind.GROUP_CHANGE,
        MessageKind.ANNOUNCEMENT,
        MessageKind.HOST_ASKED,
        MessageKind.HOST_REPLACED,
    ],
)
def test_what_nobody_waits_for_keeps_until_the_morning_unless_the_session_is_near(
    kind: MessageKind,
) -> None:
    def told(due_at: datetime, away: timedelta) -> datetime:
        return told_at(kind, due_at, starts_at=due_at + away, quiet=QUIET)

    assert told(AT_ELEVEN, 12 * HOUR + timedelta(seconds=1)) == MORNING
    assert told(AT_ELEVEN, 12 * HOUR) == AT_ELEVEN
    assert told(MORNING, 7 * DAY) == MORNING
    by_day = MORNING + 13 * HOUR + 59 * HOUR / 60
    assert told(by_day, 7 * DAY) == by_day


@pytest.mark.parametrize(
    "kind",
    [MessageKind.CONFIRMATION, MessageKind.HOLD, MessageKind.WAITING, MessageKind.HOST_NOT_FOUND],
)
def test_what_somebody_waits_for_is_told_at_once(kind: MessageKind) -> None:
    assert told_at(kind, AT_ELEVEN, starts_at=AT_ELEVEN + 7 * DAY, quiet=QUIET) == AT_ELEVEN


def test_a_wish_to_be_accepted_keeps_until_the_morning_whenever_the_group_meets() -> None:
    assert told_at(MessageKind.APPLICATION_WAITING, AT_ELEVEN, starts_at=None, quiet=QUIET) == MORNING


def test_nothing_is_kept_until_it_is_of_no_use() -> None:
    all_day = QuietHours(ZONE, 18, 17)
    starts_at = AT_ELEVEN + 13 * HOUR

    assert told_at(MessageKind.OFFER, AT_ELEVEN, starts_at=starts_at, quiet=all_day) == AT_ELEVEN
    assert (
        told_at(MessageKind.OFFER, AT_ELEVEN, starts_at=AT_ELEVEN + DAY, quiet=QUIET, until=MORNING)
        == AT_ELEVEN
    )


NIGHTS = [datetime(2027, *day, 12, tzinfo=UTC) for day in ((2, 2), (3, 27), (10, 30))]


@given(
    night=st.sampled_from(NIGHTS),
    minutes=st.integers(min_value=0, max_value=24 * 60),
    left=st.integers(min_value=26, max_value=4 * 24 * 60),
)
def test_whoever_is_offered_a_place_has_a_fair_time_after_the_mail(
    night: datetime, minutes: int, left: int
) -> None:
    """Booking reckons until when, and notify when it is told; also when the clocks change that night."""
    now = night + timedelta(minutes=minutes)
    starts_at = now + timedelta(minutes=left)
    until = enrolment.offer_until(now=now, starts_at=starts_at, zone=HELSINKI)

    told = told_at(MessageKind.OFFER, now, starts_at=starts_at, quiet=QUIET, until=until)

    assert until - told >= min(12 * HOUR, (starts_at - told) / 4)
    assert until <= starts_at - timedelta(minutes=10)
