"""Who is in a room or waits for it, as they said themselves by pressing join and leave."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.rooms.domain import Presence
from services.runtime.db import Tx


@dataclass(frozen=True)
class Moved:
    """A person's presence after a change of it, and whether it was one."""

    participant_id: UUID
    changed: bool


ENTER = """
    INSERT INTO participant (participant_id, slot_id, who_id, hosts, presence, since)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET
        presence = excluded.presence, since = excluded.since
    WHERE participant.presence <> excluded.presence
    RETURNING participant_id
"""
PARTICIPANT_OF = "SELECT participant_id FROM participant WHERE slot_id = $1 AND who_id = $2"
NOTE_BY_PAGE = "INSERT INTO attendance (participant_id, source, what, at) VALUES ($1, 'page', $2, $3)"


async def enter(
    tx: Tx, slot_id: UUID, who_id: UUID, presence: Presence, now: datetime, *, hosts: bool
) -> Moved:
    """Write down that a person pressed join; pressing it again where one is changes nothing."""
    participant_id = await tx.fetchval(ENTER, uuid4(), slot_id, who_id, hosts, presence, now)
    if participant_id is None:
        return Moved(await tx.fetchval(PARTICIPANT_OF, slot_id, who_id), changed=False)
    await tx.execute(NOTE_BY_PAGE, participant_id, presence, now)
    return Moved(participant_id, changed=True)


LEAVE = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE slot_id = $1 AND ($2::uuid IS NULL OR who_id = $2) AND presence = ANY($4::text[])
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
    RETURNING participant_id
"""
ANYWHERE = (Presence.WAITING, Presence.JOINED)


async def leave(
    tx: Tx, slot_id: UUID, who_id: UUID, now: datetime, *, where: Collection[Presence] = ANYWHERE
) -> bool:
    """True when the person was there."""
    return bool(await tx.fetch(LEAVE, slot_id, who_id, now, list(where)))


async def empty(tx: Tx, slot_id: UUID, now: datetime) -> None:
    """Everybody is gone: the meeting was ended or called off."""
    await tx.execute(LEAVE, slot_id, None, now, list(ANYWHERE))


LEAVE_OTHER_ROOMS = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE who_id = $1 AND slot_id <> ALL($2::uuid[]) AND presence <> 'away'
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
"""


HELPED_IN_OTHER_ROOMS = """
    UPDATE participant SET help_asked_at = NULL
    WHERE who_id = $1 AND slot_id <> ALL($2::uuid[]) AND help_asked_at IS NOT NULL
"""


async def leave_all_but(tx: Tx, who_id: UUID, stays_in: Collection[UUID], now: datetime) -> None:
    """A booking that was moved or cancelled waits no longer where it was, and needs no help there."""
    await tx.execute(LEAVE_OTHER_ROOMS, who_id, stays_in, now)
    await tx.execute(HELPED_IN_OTHER_ROOMS, who_id, stays_in)


ASK_FOR_HELP = """
    INSERT INTO participant (participant_id, slot_id, who_id, hosts, presence, since, help_asked_at)
    VALUES ($1, $2, $3, false, 'away', $4, $4)
    ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET help_asked_at = excluded.help_asked_at
    WHERE participant.help_asked_at IS NULL
    RETURNING participant_id
"""
NOTE_HELP = "INSERT INTO attendance (participant_id, source, what, at) VALUES ($1, 'page', 'help', $2)"


async def ask_for_help(tx: Tx, slot_id: UUID, who_id: UUID, now: datetime) -> bool:
    """Write down that a resident cannot get in. False when that was known already."""
    participant_id = await tx.fetchval(ASK_FOR_HELP, uuid4(), slot_id, who_id, now)
    if participant_id is None:
        return False
    await tx.execute(NOTE_HELP, participant_id, now)
    return True


HELPED = "UPDATE participant SET help_asked_at = NULL WHERE participant_id = $1 AND help_asked_at <= $2"


async def got_in(tx: Tx, participant_id: UUID, at: datetime) -> None:
    """Seen in the room after asking: helped."""
    await tx.execute(HELPED, participant_id, at)
