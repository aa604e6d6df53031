"""Taking, keeping and giving back a seat: the reasons behind what the database enforces."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal

LIVE = frozenset(
    {BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ATTENDED, BookingStatus.NO_SHOW}
)
"""The states in which a booking holds its seat."""

COMING = frozenset({BookingStatus.HELD, BookingStatus.CONFIRMED})


@dataclass(frozen=True)
class SlotFacts:
    """What decides whether a seat can be had."""

    slot_id: UUID
    kind: str
    open: bool
    starts_at: datetime
    bookable_until: datetime
    capacity: int
    taken: int


def why_not(slot: SlotFacts | None, *, now: datetime) -> Refusal:
    """The reason why a seat was not given; the guard in the database has already said no."""
    if slot is None:
        return Refusal(Code.NOT_FOUND, "This time is not to be found. It may have been taken back.")
    if not slot.open or now >= slot.bookable_until:
        return Refusal(Code.SLOT_CLOSED, "This time can no longer be booked. Choose another one.")
    if slot.capacity > 1:
        return Refusal(Code.GROUP_FULL, "The group is full.")
    return taken()


def taken() -> Refusal:
    return Refusal(Code.SLOT_TAKEN, "This time has just been taken. Nothing has been booked.")


def check_can_change(status: BookingStatus, *, starts_at: datetime, now: datetime) -> None:
    """Cancelling and moving are possible until the meeting starts."""
    if status in (BookingStatus.CANCELLED, BookingStatus.EXPIRED):
        raise Refusal(Code.ALREADY_CANCELLED, "This booking has been cancelled.")
    if now >= starts_at or status not in COMING:
        raise Refusal(Code.ALREADY_STARTED, "The meeting has already started.")


def check_can_confirm(status: BookingStatus, *, held_until: datetime | None, now: datetime) -> None:
    if status is BookingStatus.CANCELLED:
        raise Refusal(Code.ALREADY_CANCELLED, "This booking has been cancelled.")
    if status is BookingStatus.EXPIRED or (held_until is not None and now >= held_until):
        raise Refusal(Code.HOLD_EXPIRED, "The time was kept for you for a while and is now free again.")


def held_until(*, now: datetime, starts_at: datetime, hold: timedelta) -> datetime:
    """A hold never outlasts the start."""
    return min(now + hold, starts_at)


def check_feedback(
    status: BookingStatus, *, held_from: datetime, others_until: datetime | None, now: datetime
) -> None:
    """How it was is asked of those who had a seat, once all is over: of a group after the last of one's
    sessions.
    """
    if status not in LIVE or status is BookingStatus.HELD:
        raise Refusal(Code.ALREADY_CANCELLED, "There was no seat under this link.")
    if now < held_from:
        raise Refusal(Code.NOT_STARTED, "The meeting has not been held yet.")
    if others_until is not None and now < others_until:
        raise Refusal(Code.NOT_STARTED, "Not all of your sessions have been held yet.")


def check_outcome(
    status: BookingStatus, *, now_is: BookingStatus, starts_at: datetime, now: datetime
) -> None:
    """Outcomes are attended and no_show, from the start on, for a booking that was not cancelled."""
    if status not in (BookingStatus.ATTENDED, BookingStatus.NO_SHOW):
        raise Refusal(Code.FIELD_INVALID, "An outcome is attended or no_show.")
    if now < starts_at:
        raise Refusal(Code.NOT_STARTED, "The meeting has not started yet.")
    if now_is not in LIVE or now_is is BookingStatus.HELD:
        raise Refusal(Code.ALREADY_CANCELLED, "This booking was cancelled.")
