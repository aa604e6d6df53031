"""What is said to those who lead groups, and to coordinators about them: when it is due, and until when."""

from datetime import datetime

from services.contracts.booking.events import (
    ApplicationWaiting,
    HostAsked,
    HostFoundAfterAll,
    HostNotFound,
    HostReplaced,
)
from services.contracts.notify import MessageKind
from services.notify.domain import MINUTE, TRY_FOR_AT_MOST, Owed, give_up_at
from services.notify.groups.messages import (
    BETWEEN_CHANGES,
    GATHERED_FOR,
    GATHERED_FOR_WHEN_NEAR,
    NEAR,
    occasion_of,
)


def host_asked(event: HostAsked, *, occasion: int, due_at: datetime) -> Owed:
    """Asks for every session that waits for an answer of this person at the moment of sending."""
    not_after = max(event.starts_at, due_at + MINUTE)
    return Owed(
        kind=MessageKind.HOST_ASKED,
        about=event.person_id,
        occasion=occasion,
        starts_at=event.starts_at,
        due_at=due_at,
        not_after=not_after,
        give_up_at=give_up_at(None, due_at=due_at, not_after=not_after),
    )


def asking_due(*, now: datetime, starts_at: datetime, last_asked: datetime | None) -> datetime:
    """A little later, since a new series asks for all its sessions at once; a second mail within hours
    comes only when a session is near."""
    due = now + GATHERED_FOR_WHEN_NEAR
    if starts_at - now < NEAR or last_asked is None:
        return due
    return max(due, last_asked + BETWEEN_CHANGES)


def application_waiting(event: ApplicationWaiting, *, occasion: int, due_at: datetime) -> Owed:
    """Speaks of everybody who waits for an answer of this person at the moment of sending."""
    not_after = due_at + TRY_FOR_AT_MOST
    return Owed(
        kind=MessageKind.APPLICATION_WAITING,
        about=event.person_id,
        occasion=occasion,
        due_at=due_at,
        not_after=not_after,
        give_up_at=not_after,
    )


def answer_due(*, now: datetime, last_told: datetime | None) -> datetime:
    """A little later, for who else applies; not again within hours."""
    due = now + GATHERED_FOR
    return max(due, last_told + BETWEEN_CHANGES) if last_told else due


def host_not_found(event: HostNotFound, *, now: datetime) -> Owed:
    return Owed(
        kind=MessageKind.HOST_NOT_FOUND,
        about=event.slot_id,
        occasion=event.round,
        starts_at=event.starts_at,
        due_at=now,
        not_after=event.ends_at,
        give_up_at=give_up_at(None, due_at=now, not_after=event.ends_at),
    )


def host_found_after_all(event: HostFoundAfterAll, *, at: datetime, now: datetime) -> Owed:
    return Owed(
        kind=MessageKind.HOST_FOUND_AFTER_ALL,
        about=event.slot_id,
        occasion=occasion_of(at),
        starts_at=event.starts_at,
        due_at=now,
        not_after=event.ends_at,
        give_up_at=give_up_at(None, due_at=now, not_after=event.ends_at),
    )


def host_replaced(event: HostReplaced, *, occasion: int, due_at: datetime) -> Owed:
    """To whoever was to lead the session. Once it has begun they know, or it is of no use."""
    not_after = max(event.starts_at, due_at + MINUTE)
    return Owed(
        kind=MessageKind.HOST_REPLACED,
        about=event.person_id,
        occasion=occasion,
        slot_id=event.slot_id,
        starts_at=event.starts_at,
        due_at=due_at,
        not_after=not_after,
        give_up_at=give_up_at(None, due_at=due_at, not_after=not_after),
    )
