"""What may still be said, by what the owner says at the moment of sending."""

from datetime import datetime, timedelta

import pytest

from services.contracts.booking.slots import BookingStatus
from services.contracts.notify import MessageKind
from services.notify.domain import no_longer_true
from tests.support.facts import NOW, STARTS, a_slot, some_facts

ENDS = STARTS + timedelta(minutes=45)
OF_A_BOOKING = [
    MessageKind.HOLD,
    MessageKind.CONFIRMATION,
    MessageKind.CHANGE,
    MessageKind.CANCELLATION,
    MessageKind.REMINDER_DAY,
    MessageKind.REMINDER_HOUR,
    MessageKind.FEEDBACK,
    MessageKind.LINKS,
]


def why_not(kind: MessageKind, status: BookingStatus, *, now: datetime = NOW) -> str | None:
    return no_longer_true(kind, STARTS, some_facts(status=status), now=now)


@pytest.mark.parametrize("kind", OF_A_BOOKING)
def test_a_cancelled_booking_gets_nothing_but_the_cancellation(kind: MessageKind) -> None:
    reason = why_not(kind, BookingStatus.CANCELLED, now=ENDS if kind is MessageKind.FEEDBACK else NOW)

    assert reason == (None if kind is MessageKind.CANCELLATION else "cancelled")


@pytest.mark.parametrize("kind", OF_A_BOOKING)
def test_an_expired_hold_gets_nothing(kind: MessageKind) -> None:
    assert why_not(kind, BookingStatus.EXPIRED) == "expired"


def test_a_live_booking_gets_no_cancellation() -> None:
    assert why_not(MessageKind.CANCELLATION, BookingStatus.CONFIRMED) == "confirmed"


def test_nobody_who_did_not_come_is_asked_how_it_was() -> None:
    assert why_not(MessageKind.FEEDBACK, BookingStatus.NO_SHOW, now=ENDS) == "no_show"
    assert why_not(MessageKind.FEEDBACK, BookingStatus.ATTENDED, now=ENDS) is None


@pytest.mark.parametrize(
    "kind",
    [kind for kind in OF_A_BOOKING if kind not in (MessageKind.CANCELLATION, MessageKind.HOLD)],
)
def test_what_was_planned_for_another_time_is_not_said(kind: MessageKind) -> None:
    moved = some_facts(slot=a_slot(STARTS + timedelta(days=1)))

    assert no_longer_true(kind, STARTS, moved, now=NOW) == "moved"


@pytest.mark.parametrize("kind", [MessageKind.REMINDER_DAY, MessageKind.REMINDER_HOUR])
def test_no_reminder_after_the_start(kind: MessageKind) -> None:
    assert why_not(kind, BookingStatus.CONFIRMED, now=STARTS) == "over"
    assert why_not(kind, BookingStatus.CONFIRMED, now=STARTS - timedelta(seconds=1)) is None


@pytest.mark.parametrize("kind", [MessageKind.CONFIRMATION, MessageKind.CHANGE])
def test_a_late_confirmation_or_change_may_go_until_the_end(kind: MessageKind) -> None:
    assert why_not(kind, BookingStatus.CONFIRMED, now=STARTS) is None
    assert why_not(kind, BookingStatus.CONFIRMED, now=ENDS) == "over"


def test_a_hold_that_was_confirmed_needs_no_confirming() -> None:
    assert why_not(MessageKind.HOLD, BookingStatus.CONFIRMED) == "confirmed"


def test_a_link_is_sent_after_the_meeting_too() -> None:
    """It still leads to the questions about how it was."""
    for status in (BookingStatus.CONFIRMED, BookingStatus.ATTENDED):
        assert why_not(MessageKind.LINKS, status, now=ENDS + timedelta(days=3)) is None
