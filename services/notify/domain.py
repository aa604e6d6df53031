"""When each message is due, how long it is worth sending, and whether it still holds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.events import BookingEvent
from services.contracts.booking.slots import BookingStatus
from services.contracts.notify import MessageKind

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

LAST_TRY_BEFORE_START = 10 * MINUTE
TRY_FOR_AT_MOST = DAY
# Soon at first: most failures are of a moment, and a reminder is of use for an hour. Seven tries in a row
# have come to nothing before one is five minutes late.
RETRY_AFTER = tuple(minutes * MINUTE for minutes in (0.25, 0.25, 0.5, 0.5, 0.5, 1, 2, 5, 10, 20, 40))
# No schedule comes near this many: only a message that ends its worker each time does.
MOST_ATTEMPTS = 60
NO_HOUR_REMINDER_WITHIN = 75 * MINUTE
BEFORE_QUIET = 15 * MINUTE
SIGN_IN_WORTH_SENDING = 30 * MINUTE
FEEDBACK_WORTH_ASKING = 3 * DAY

# What an alert is about when it is not a failed message: news that nobody here could take in.
UNREAD_NEWS = UUID("6e657773-0000-4000-8000-756e72656164")

FOLLOW_UPS = (MessageKind.REMINDER_DAY, MessageKind.REMINDER_HOUR, MessageKind.FEEDBACK)
CAN_WAIT = frozenset({MessageKind.REMINDER_DAY, MessageKind.FEEDBACK})

_STATUS_NEEDED = {
    MessageKind.HOLD: {BookingStatus.HELD},
    MessageKind.CONFIRMATION: {BookingStatus.CONFIRMED, BookingStatus.ATTENDED},
    MessageKind.CHANGE: {BookingStatus.CONFIRMED, BookingStatus.ATTENDED},
    MessageKind.CANCELLATION: {BookingStatus.CANCELLED},
    MessageKind.REMINDER_DAY: {BookingStatus.CONFIRMED},
    MessageKind.REMINDER_HOUR: {BookingStatus.CONFIRMED},
    MessageKind.FEEDBACK: {BookingStatus.CONFIRMED, BookingStatus.ATTENDED},
    MessageKind.ANNOUNCEMENT: {BookingStatus.CONFIRMED, BookingStatus.ATTENDED},
    MessageKind.HOST_MISSING: {BookingStatus.CONFIRMED},
    MessageKind.HOST_FOUND: {BookingStatus.CONFIRMED},
    MessageKind.LINKS: {
        BookingStatus.APPLIED,
        BookingStatus.WAITING,
        BookingStatus.OFFERED,
        BookingStatus.HELD,
        BookingStatus.CONFIRMED,
        BookingStatus.ATTENDED,
        BookingStatus.NO_SHOW,
    },
}


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A booking's time, as far as notify keeps it."""

    booking_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    sequence: int

    @classmethod
    def of(cls, event: BookingEvent) -> "Meeting":
        return cls(
            booking_id=event.booking_id,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            time_zone=event.time_zone,
            sequence=event.sequence,
        )


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A message to be sent once: `kind`, `about` and `occasion` together are unique.

    `about` is the booking, or the link request, the sign-in, the failed message or UNREAD_NEWS; for a
    group the enrolment, the session, or the one who is asked to host it.
    After `give_up_at` nothing is tried again; after `not_after` nothing is sent. `since` when what a
    change tells of has happened.
    """

    kind: MessageKind
    about: UUID
    due_at: datetime
    not_after: datetime
    give_up_at: datetime
    occasion: int = 0
    booking_id: UUID | None = None
    starts_at: datetime | None = None
    enrolment_id: UUID | None = None
    since: datetime | None = None
    announcement_id: UUID | None = None
    slot_id: UUID | None = None


@dataclass(frozen=True)
class QuietHours:
    """The stretch of every day, by the wall clock of `zone`, in which what can wait waits."""

    zone: str
    from_hour: int
    until_hour: int

    def cover(self, at: datetime) -> bool:
        hour = self._wall(at).hour
        if self.from_hour <= self.until_hour:
            return self.from_hour <= hour < self.until_hour
        return hour >= self.from_hour or hour < self.until_hour

    def began(self, at: datetime) -> datetime:
        """The beginning of the stretch that covers `at`."""
        wall = self._wall(at)
        day = wall - DAY if wall.hour < self.from_hour else wall
        return self._at(day, self.from_hour)

    def end(self, at: datetime) -> datetime:
        wall = self._wall(at)
        day = wall + DAY if wall.hour >= self.until_hour else wall
        return self._at(day, self.until_hour)

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def _at(self, day: datetime, hour: int) -> datetime:
        return day.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def at_once(kind: MessageKind, meeting: Meeting, *, occasion: int, now: datetime) -> Owed:
    """What a change of the booking makes due now. It may go until the meeting is over.

    A link is of use after that too: it is worth sending for a day after it was made.
    """
    not_after = now + TRY_FOR_AT_MOST if kind is MessageKind.LINKS else meeting.ends_at
    return _about(meeting, kind, occasion=occasion, due_at=now, not_after=not_after)


def asked_for(kind: MessageKind, about: UUID, *, now: datetime, booking_id: UUID | None = None) -> Owed:
    """What somebody waits for, or must be told, whatever the time: links, a sign-in, an alert."""
    soon = kind in (MessageKind.SIGN_IN, MessageKind.OWN_DATA)
    until = now + (SIGN_IN_WORTH_SENDING if soon else TRY_FOR_AT_MOST)
    return Owed(
        kind=kind, about=about, booking_id=booking_id, due_at=now, not_after=until, give_up_at=until
    )


def news_unread(*, now: datetime) -> Owed:
    """The coordinators' alert about it, in any hour the same one: one mail, however much is not read."""
    alert = asked_for(MessageKind.ALERT, UNREAD_NEWS, now=now)
    return replace(alert, occasion=int(now.timestamp()) // 3600)


def said_again(
    kind: MessageKind,
    booking_id: UUID,
    *,
    enrolment_id: UUID | None,
    occasion: int,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Owed:
    """What a coordinator wants to be said once more, as long as it would have been said the first time."""
    return Owed(
        kind=kind,
        about=enrolment_id or booking_id,
        occasion=occasion,
        booking_id=booking_id,
        enrolment_id=enrolment_id,
        starts_at=starts_at,
        due_at=now,
        not_after=ends_at,
        give_up_at=give_up_at(starts_at, due_at=now, not_after=ends_at),
    )


def follow_ups(meeting: Meeting, *, quiet: QuietHours, now: datetime) -> Iterator[Owed]:
    """The reminders and the question afterwards, as far as their moments are still ahead."""
    if day := _day_reminder_due(meeting, quiet, now):
        yield _about(
            meeting,
            MessageKind.REMINDER_DAY,
            occasion=meeting.sequence,
            due_at=day,
            not_after=meeting.starts_at - NO_HOUR_REMINDER_WITHIN,
        )
    if meeting.starts_at - now >= NO_HOUR_REMINDER_WITHIN:
        yield _about(
            meeting,
            MessageKind.REMINDER_HOUR,
            occasion=meeting.sequence,
            due_at=meeting.starts_at - HOUR,
            not_after=meeting.starts_at,
        )
    asked = meeting.ends_at + HOUR
    asked = quiet.end(asked) if quiet.cover(asked) else asked
    if asked > now:
        yield _about(
            meeting,
            MessageKind.FEEDBACK,
            occasion=meeting.sequence,
            due_at=asked,
            not_after=asked + FEEDBACK_WORTH_ASKING,
        )


def day_before(at: datetime, zone: str) -> datetime:
    """The same wall time a day earlier: 23 or 25 hours when the clocks change in between."""
    return (at.astimezone(ZoneInfo(zone)) - DAY).astimezone(UTC)


def _day_reminder_due(meeting: Meeting, quiet: QuietHours, now: datetime) -> datetime | None:
    due = day_before(meeting.starts_at, meeting.time_zone)
    if due <= now:
        return None
    if quiet.cover(due):
        evening = quiet.began(due) - BEFORE_QUIET
        due = evening if evening > now else quiet.end(due)
    return due if due < meeting.starts_at else None


def _about(
    meeting: Meeting, kind: MessageKind, *, occasion: int, due_at: datetime, not_after: datetime
) -> Owed:
    return Owed(
        kind=kind,
        about=meeting.booking_id,
        occasion=occasion,
        booking_id=meeting.booking_id,
        starts_at=meeting.starts_at,
        due_at=due_at,
        not_after=not_after,
        give_up_at=give_up_at(meeting.starts_at, due_at=due_at, not_after=not_after),
    )


def give_up_at(starts_at: datetime | None, *, due_at: datetime, not_after: datetime) -> datetime:
    """A day is enough; and before a meeting there must be time left for a coordinator."""
    until = min(due_at + TRY_FOR_AT_MOST, not_after)
    if starts_at is not None and due_at < starts_at:
        until = min(until, starts_at - LAST_TRY_BEFORE_START)
    return until


def last_try_at(*, give_up_at: datetime, not_after: datetime) -> datetime:
    """While it may still be sent: what is claimed at the very end comes too late."""
    return min(give_up_at, not_after - MINUTE)


def retry_at(attempts: int, *, now: datetime, last: datetime, jitter: float) -> datetime | None:
    """When to try again after `attempts` have failed: at `last` at the latest, and never after it.

    `jitter` around 1 keeps a crowd apart.
    """
    if now >= last:
        return None
    return min(now + RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1] * jitter, last)


def no_longer_true(
    kind: MessageKind, planned_start: datetime | None, facts: MessageFacts, *, now: datetime
) -> str | None:
    """Why a message about a booking must not be sent, or None. What the owner says now decides."""
    if facts.status not in _STATUS_NEEDED[kind]:
        return str(facts.status)
    if kind is not MessageKind.CANCELLATION and planned_start not in (None, facts.slot.starts_at):
        return "moved"
    match kind:
        case MessageKind.FEEDBACK:
            return "not_over" if now < facts.slot.ends_at else None
        case MessageKind.LINKS:
            return None
        case MessageKind.REMINDER_DAY | MessageKind.REMINDER_HOUR:
            return "over" if now >= facts.slot.starts_at else None
        case _:
            return "over" if now >= facts.slot.ends_at else None
