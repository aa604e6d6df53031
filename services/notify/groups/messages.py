"""What is said of an enrolment: when it is due, how changes come together, and whether it still holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from services.contracts.booking.enrolment import EnrolledSession, MyGroup
from services.contracts.booking.events import (
    AnnouncementMade,
    BookingEvent,
    SeatOffered,
)
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.notify import MessageKind
from services.notify.domain import HOUR, MINUTE, TRY_FOR_AT_MOST, Owed, give_up_at

GATHERED_FOR = 5 * MINUTE
GATHERED_FOR_WHEN_NEAR = MINUTE
NEAR = 6 * HOUR
BETWEEN_CHANGES = 3 * HOUR

_STATUS_NEEDED = {
    MessageKind.HOLD: {BookingStatus.HELD},
    MessageKind.APPLICATION: {BookingStatus.APPLIED},
    MessageKind.WAITING: {BookingStatus.WAITING},
    MessageKind.OFFER: {BookingStatus.OFFERED},
    MessageKind.OFFER_OVER: {BookingStatus.EXPIRED, BookingStatus.CANCELLED},
    MessageKind.CONFIRMATION: {BookingStatus.CONFIRMED, BookingStatus.ATTENDED},
}
OF_ONE_SESSION = {
    MessageKind.REMINDER_HOUR,
    MessageKind.FEEDBACK,
    MessageKind.HOST_MISSING,
    MessageKind.HOST_FOUND,
}
"""What is said of a single session, and is so or not by what its group tells of it."""
OPPOSITE = {
    MessageKind.HOST_NOT_FOUND: MessageKind.HOST_FOUND_AFTER_ALL,
    MessageKind.HOST_FOUND_AFTER_ALL: MessageKind.HOST_NOT_FOUND,
}
_COMES = {
    BookingStatus.APPLIED,
    BookingStatus.WAITING,
    BookingStatus.OFFERED,
    BookingStatus.HELD,
    BookingStatus.CONFIRMED,
}


def occasion_of(at: datetime) -> int:
    """Tells what is said once from what is said again: all that happens at one moment is one occasion."""
    return int(at.timestamp())


def of_enrolment(kind: MessageKind, event: BookingEvent, *, at: datetime, due_at: datetime) -> Owed:
    """One message, however many sessions there are: each of their events asks for the same one.

    An offer is of use until it ends. One made again, with the session at another hour, is another occasion.
    """
    assert event.enrolment_id is not None
    occasion, not_after = 0, due_at + TRY_FOR_AT_MOST
    if isinstance(event, SeatOffered):
        occasion, not_after = occasion_of(at), event.offered_until
    return Owed(
        kind=kind,
        about=event.enrolment_id,
        occasion=occasion,
        booking_id=event.booking_id,
        enrolment_id=event.enrolment_id,
        starts_at=event.starts_at,
        since=at,
        due_at=due_at,
        not_after=not_after,
        give_up_at=give_up_at(event.starts_at, due_at=due_at, not_after=not_after),
    )


def change(
    event: BookingEvent,
    *,
    occasion: int,
    nearest_start: datetime,
    at: datetime,
    due_at: datetime,
    enrolment_id: UUID,
) -> Owed:
    """Tells of everything that has happened to the enrolment since `at`."""
    not_after = due_at + TRY_FOR_AT_MOST
    return Owed(
        kind=MessageKind.GROUP_CHANGE,
        about=enrolment_id,
        occasion=occasion,
        booking_id=event.booking_id,
        enrolment_id=enrolment_id,
        starts_at=nearest_start,
        since=at,
        due_at=due_at,
        not_after=not_after,
        give_up_at=give_up_at(nearest_start, due_at=due_at, not_after=not_after),
    )


def change_due(*, now: datetime, nearest_start: datetime, last_told: datetime | None) -> datetime:
    """A little later, for what else may change; not again within hours, unless a session is near."""
    if nearest_start - now < NEAR:
        return now + GATHERED_FOR_WHEN_NEAR
    due = now + GATHERED_FOR
    return max(due, last_told + BETWEEN_CHANGES) if last_told else due


def announcement(event: AnnouncementMade, *, due_at: datetime) -> Owed:
    """Each announcement once for each booking."""
    return Owed(
        kind=MessageKind.ANNOUNCEMENT,
        about=uuid5(event.announcement_id, str(event.booking_id)),
        booking_id=event.booking_id,
        announcement_id=event.announcement_id,
        due_at=due_at,
        not_after=event.ends_at,
        give_up_at=give_up_at(event.starts_at, due_at=due_at, not_after=event.ends_at),
    )


def ahead(group: MyGroup, *, now: datetime) -> list[EnrolledSession]:
    """The sessions that the person still comes to, waits for or applied for; one going on included."""
    return [
        each
        for each in group.sessions
        if each.state is SlotState.OPEN and each.status in _COMES and each.ends_at > now
    ]


def nearest(group: MyGroup, *, now: datetime) -> EnrolledSession:
    """The session by which a person knows which of their groups is meant."""
    left = (each for each in group.sessions if each.ends_at > now)
    return next(iter(ahead(group, now=now)), None) or next(left, group.sessions[-1])


def changed_since(group: MyGroup, since: datetime) -> list[EnrolledSession]:
    return [each for each in group.sessions if each.changed_at is not None and each.changed_at >= since]


def no_longer_true(
    kind: MessageKind, group: MyGroup, *, since: datetime | None, not_after: datetime, now: datetime
) -> str | None:
    """Why a message about an enrolment must not be sent, or None. What the owner says now decides.

    An offer is the same one as long as it ends when the message does.
    """
    if kind is MessageKind.GROUP_CHANGE:
        return _no_change(group, since, now)
    if group.status not in _STATUS_NEEDED[kind]:
        return str(group.status)
    if kind is MessageKind.OFFER:
        until = group.offered_until
        return None if until and until > now and until == not_after else "offer_over"
    if kind is not MessageKind.OFFER_OVER and not ahead(group, now=now):
        return "over"
    return None


def _no_change(group: MyGroup, since: datetime | None, now: datetime) -> str | None:
    if all(each.ends_at <= now for each in group.sessions):
        return "over"
    added = [each for each in ahead(group, now=now) if each.sequence == 0 and not each.changed_at]
    if since is not None and not changed_since(group, since) and not added:
        return "nothing_to_say"
    return None


def not_of_this_session(
    kind: MessageKind, group: MyGroup, booking_id: UUID, *, now: datetime
) -> str | None:
    """Why a reminder of one session, that nobody or somebody leads it, or the question how it was, must not
    be sent; None for any other.

    Within the hour nobody is reminded of what nobody has promised to open: they have been told so. How it
    was is asked once, after the last session, of those who could come to any.
    """
    (this,) = (each for each in group.sessions if each.booking_id == booking_id)
    if kind in (MessageKind.REMINDER_HOUR, MessageKind.HOST_FOUND) and not this.staffed:
        return "no_host"
    if kind is MessageKind.HOST_MISSING and this.staffed:
        return "host_found"
    if kind is not MessageKind.FEEDBACK:
        return None
    if any(each.starts_at > this.starts_at for each in ahead(group, now=now)):
        return "goes_on"
    held = this.staffed or any(each.status is BookingStatus.ATTENDED for each in group.sessions)
    return None if held else "not_held"


@dataclass(frozen=True)
class Before:
    """What had been said of an enrolment. What is no longer known was said long ago, of a place."""

    kinds: frozenset[MessageKind]

    @property
    def had_place(self) -> bool:
        return not self.kinds or MessageKind.CONFIRMATION in self.kinds

    @property
    def only_applied(self) -> bool:
        return MessageKind.APPLICATION in self.kinds and MessageKind.WAITING not in self.kinds
