"""What nobody waits for is not told at night: it keeps until the morning, unless its session is near."""

from datetime import datetime

from services.contracts.notify import TOLD_AT_NIGHT_WITHIN, MessageKind
from services.notify.domain import QuietHours

# Whoever enrols, is accepted or loses their host is told at once: they wait for it, or have little time.
UNASKED = frozenset(
    {
        MessageKind.OFFER,
        MessageKind.OFFER_OVER,
        MessageKind.GROUP_CHANGE,
        MessageKind.ANNOUNCEMENT,
        MessageKind.HOST_ASKED,
        MessageKind.HOST_REPLACED,
    }
)


def keeps(kind: MessageKind, starts_at: datetime | None, *, now: datetime) -> bool:
    """Whether it can wait for the morning. `starts_at`: of the first session that it is about."""
    if kind is MessageKind.APPLICATION_WAITING:
        return True
    return kind in UNASKED and starts_at is not None and starts_at - now > TOLD_AT_NIGHT_WITHIN


def told_at(
    kind: MessageKind,
    due_at: datetime,
    *,
    starts_at: datetime | None,
    quiet: QuietHours,
    until: datetime | None = None,
) -> datetime:
    """When what is due is told: in the morning instead of at night, if it is still of use then."""
    if not quiet.cover(due_at) or not keeps(kind, starts_at, now=due_at):
        return due_at
    morning = quiet.end(due_at)
    return due_at if any(end is not None and end <= morning for end in (starts_at, until)) else morning
