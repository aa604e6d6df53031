"""Who looked at or changed what is somebody's own. Rows are added and read, never mended."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from services.contracts.envelope import Role, Staff
from services.gateway import store
from services.gateway.door import Door
from services.gateway.store import AuditRow
from services.runtime.call import Call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all

Row = AuditRow

LOOK = timedelta(hours=1)


class Action(StrEnum):
    """Actions are for ever: reports are made of them. `refused` follows what the owner did not allow."""

    CONTACT_READ = "contact.read"
    MESSAGES_READ = "messages.read"
    MESSAGE_RESENT = "message.resent"
    MESSAGE_SETTLED = "message.settled"
    MESSAGE_RETRIED = "message.retried"
    LETTERS_REDRIVEN = "letters.redriven"
    BOOKING_READ = "booking.read"
    BOOKING_REFUSED = "booking.refused"
    BOOKING_MADE = "booking.made"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_MOVED = "booking.moved"
    BOOKINGS_LISTED = "bookings.listed"
    LINK_RENEWED = "link.renewed"
    CARD_MADE = "card.made"
    DATA_READ = "data.read"
    RESIDENT_ERASED = "resident.erased"
    OUTCOME_RECORDED = "outcome.recorded"
    SLOT_CANCELLED = "slot.cancelled"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PERSON_INVITED = "person.invited"
    ORGANISATION_ADDED = "organisation.added"
    ORGANISATION_CHANGED = "organisation.changed"
    THEME_ADDED = "theme.added"
    THEME_CHANGED = "theme.changed"
    PROFILE_CHANGED = "profile.changed"
    CALENDAR_RENEWED = "calendar.renewed"
    GROUP_ADDED = "group.added"
    GROUP_CHANGED = "group.changed"
    GROUP_ENDED = "group.ended"
    SERIES_SET = "series.set"
    SESSION_ADDED = "session.added"
    SESSION_MOVED = "session.moved"
    ANNOUNCEMENT_SENT = "announcement.sent"
    APPLICATION_ANSWERED = "application.answered"
    ENROLMENT_ENDED = "enrolment.ended"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_LET_BACK = "participant.let_back"
    DUTY_ACCEPTED = "duty.accepted"
    DUTY_GIVEN_UP = "duty.given_up"
    STAND_IN_ASKED = "stand_in.asked"
    HOST_ASSIGNED = "host.assigned"
    CO_HOST_REMOVED = "co_host.removed"
    ROOM_ENTERED = "room.entered"
    ROOM_CLOSED = "room.closed"


async def note(
    door: Door,
    call: Call,
    action: Action,
    *,
    booking_id: UUID | None = None,
    person_id: UUID | None = None,
    slot_id: UUID | None = None,
    group_id: UUID | None = None,
) -> None:
    """Write one row in a transaction of its own, before what it tells of is asked for: a look that
    cannot be written down does not happen. What residents and strangers do is no part of the trail."""
    if not isinstance(call.actor, Staff):
        return
    row = AuditRow(
        at=call.now,
        actor_id=call.actor.person_id,
        action=action,
        booking_id=booking_id,
        person_id=person_id,
        slot_id=slot_id,
        group_id=group_id,
        request_id=call.request_id,
    )
    await _write(door, row)


async def note_why(door: Door, call: Call, action: Action, *, booking_id: UUID, reason: str) -> None:
    """The same of what one must give a reason for."""
    assert isinstance(call.actor, Staff)
    row = AuditRow(
        at=call.now,
        actor_id=call.actor.person_id,
        action=action,
        booking_id=booking_id,
        reason=reason,
        request_id=call.request_id,
    )
    await _write(door, row)


async def _write(door: Door, row: AuditRow) -> None:
    async def work(tx: Tx) -> None:
        await store.add_audit(tx, row)

    await door.db.transact(work)


async def note_people(door: Door, call: Call, slot_id: UUID) -> None:
    """A coordinator's look at who comes to a session. The page looks again by itself every few seconds:
    that is one look, and a row for each hour of it. Whoever leads the session sees their own."""
    actor = call.actor
    if not isinstance(actor, Staff) or actor.role is not Role.COORDINATOR:
        return

    async def known(tx: Tx) -> bool:
        return await store.has_audit(
            tx,
            actor_id=actor.person_id,
            action=Action.BOOKINGS_LISTED,
            slot_id=slot_id,
            after=call.now - LOOK,
        )

    if not await door.db.transact(known):
        await note(door, call, Action.BOOKINGS_LISTED, slot_id=slot_id)


async def forget_old(db: Database, clock: Clock, days: int) -> None:
    before = clock.now() - timedelta(days=days)
    await forget_all(db, lambda tx, most: store.forget_audit(tx, before=before, most=most))


async def latest(
    door: Door,
    *,
    before: int | None,
    limit: int,
    person_id: UUID | None = None,
    booking_id: UUID | None = None,
) -> list[AuditRow]:
    async def work(tx: Tx) -> list[AuditRow]:
        return await store.list_audit(
            tx, before=before, limit=limit, person_id=person_id, booking_id=booking_id
        )

    return await door.db.transact(work)
