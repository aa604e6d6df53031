"""Which messages are news that can wait, how many a person gets in a day, and how long one waits."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.contracts.notify import TOLD_AT_NIGHT_WITHIN, MessageKind
from services.notify.domain import BEFORE_QUIET, TRY_FOR_AT_MOST, QuietHours
from services.notify.groups import at_night
from services.notify.groups.messages import GATHERED_FOR

MOST_A_DAY = 3
"""A constraint of the database holds to it too."""
ANSWERED_WITHIN = timedelta(hours=48)
"""So long before a session its leader's answer is waited for."""

# Never held back: what somebody has just asked for or has until a certain hour to answer, that nobody opens
# a session or somebody does after all, reminders, and what coordinators must see to.
NEWS = frozenset(
    {
        MessageKind.GROUP_CHANGE,
        MessageKind.OFFER_OVER,
        MessageKind.ANNOUNCEMENT,
        MessageKind.HOST_ASKED,
        MessageKind.HOST_REPLACED,
        MessageKind.APPLICATION_WAITING,
    }
)
# Tells somebody of all there is when it goes out: a second one beside it would say the same.
TELLS_ALL = frozenset({MessageKind.HOST_ASKED, MessageKind.APPLICATION_WAITING})
_OF_USE_UNTIL_ITS_HOUR = frozenset(
    {MessageKind.ANNOUNCEMENT, MessageKind.HOST_ASKED, MessageKind.HOST_REPLACED}
)


def day_of(now: datetime, zone: str) -> date:
    """The day by the wall clock, from midnight to midnight."""
    return now.astimezone(ZoneInfo(zone)).date()


def gathered_until(
    kind: MessageKind,
    starts_at: datetime | None,
    *,
    last_told: datetime | None,
    now: datetime,
    quiet: QuietHours,
) -> datetime | None:
    """When what comes within minutes of another goes with the next; None when it is not to wait."""
    latest = _latest(starts_at, now=now, quiet=quiet)
    if last_told is None or latest is None or now >= last_told + GATHERED_FOR:
        return None
    until = min(last_told + GATHERED_FOR, latest)
    if _is_reckoned_with(kind, starts_at, now=now) and quiet.cover(until):
        return None
    return at_night.told_at(kind, until, starts_at=starts_at, quiet=quiet)


def held_until(
    kind: MessageKind, starts_at: datetime | None, *, now: datetime, quiet: QuietHours
) -> datetime | None:
    """Until when waits what is beyond the day's few; None for what does not."""
    return None if _is_reckoned_with(kind, starts_at, now=now) else _latest(starts_at, now=now, quiet=quiet)


def _is_reckoned_with(kind: MessageKind, starts_at: datetime | None, *, now: datetime) -> bool:
    """Booking takes it that who is asked to lead soon has heard of it: it asks others next, and tells that
    nobody comes."""
    return kind is MessageKind.HOST_ASKED and starts_at is not None and starts_at - now <= ANSWERED_WITHIN


def _latest(starts_at: datetime | None, *, now: datetime, quiet: QuietHours) -> datetime | None:
    """The next morning, or twelve hours before the session if that is sooner; None when there is no time.

    Twelve hours before a morning session is night: then it is told the evening before.
    """
    morning = quiet.end(now)
    if starts_at is None or starts_at - TOLD_AT_NIGHT_WITHIN >= morning:
        return morning
    latest = starts_at - TOLD_AT_NIGHT_WITHIN
    if quiet.cover(latest):
        latest = quiet.began(latest) - BEFORE_QUIET
    return latest if latest > now else None


def worth_sending_until(kind: MessageKind, not_after: datetime, *, until: datetime) -> datetime:
    """What is held back until then is of use for a day more, unless an hour of its own ends it."""
    return not_after if kind in _OF_USE_UNTIL_ITS_HOUR else max(not_after, until + TRY_FOR_AT_MOST)
