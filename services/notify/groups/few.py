"""Which messages are news that can wait, how many a person gets in a day, and how long one waits."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.contracts.notify import TOLD_AT_NIGHT_WITHIN, MessageKind
from services.notify.domain import BEFORE_QUIET, TRY_FOR_AT_MOST, QuietHours

MOST_A_DAY = 3
"""A constraint of the database holds to it too."""

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
_OF_USE_UNTIL_ITS_HOUR = frozenset(
    {MessageKind.ANNOUNCEMENT, MessageKind.HOST_ASKED, MessageKind.HOST_REPLACED}
)


def day_of(now: datetime, zone: str) -> date:
    """The day by the wall clock, from midnight to midnight."""
    return now.astimezone(ZoneInfo(zone)).date()


def held_until(starts_at: datetime | None, *, now: datetime, quiet: QuietHours) -> datetime | None:
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
