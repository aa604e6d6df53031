"""Every SQL statement about rooms, places and who is in them. Rows become `Meeting`s here alone.

Locks are taken in one order: the room, then its participants. They are taken by statements of
their own, because only the next statement sees what was committed while one waited for a lock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from services.rooms.domain import Meeting, Presence, Seat
from services.runtime.db import Tx


@dataclass(frozen=True, kw_only=True)
class Slot:
    """What its owner told of a slot. `known_at` is when: older news changes nothing."""

    slot_id: UUID
    host_id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime
    known_at: datetime


@dataclass(frozen=True, kw_only=True)
class Place:
    """What its owner told of a booking, `live` being None when the news is not about that.

    A `version` that is not higher than the known one changes nothing.
    """

    booking_id: UUID
    slot_id: UUID
    live: bool | None
    link_version: int
    version: int


@dataclass(frozen=True)
class Moved:
    """A person's presence after a change of it, and whether it was one."""

    participant_id: UUID
    changed: bool


TELL_SLOT = """
    INSERT INTO room (slot_id, name, host_id, kind, starts_at, ends_at, known_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT ON CONSTRAINT room_pkey DO UPDATE SET
        host_id = excluded.host_id, kind = excluded.kind, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, known_at = excluded.known_at
    WHERE room.known_at < excluded.known_at
"""


async def tell_slot(tx: Tx, slot: Slot, *, name: str) -> None:
    """Make the slot's room under `name`, unless it has one."""
    await tx.execute(
        TELL_SLOT,
        *(slot.slot_id, name, slot.host_id, slot.kind, slot.starts_at, slot.ends_at, slot.known_at),
    )


TELL_PLACE = """
    INSERT INTO place (booking_id, slot_id, live, link_version, version)
    VALUES ($1, $2, coalesce($3, true), $4, $5)
    ON CONFLICT ON CONSTRAINT place_pkey DO UPDATE SET
        slot_id = excluded.slot_id, live = coalesce($3, place.live),
        link_version = excluded.link_version, version = excluded.version
    WHERE place.version < excluded.version
    RETURNING true
"""


async def tell_place(tx: Tx, place: Place) -> bool:
    """True when this was news."""
    return bool(
        await tx.fetchval(
            TELL_PLACE, place.booking_id, place.slot_id, place.live, place.link_version, place.version
        )
    )


CALL_OFF = """
    INSERT INTO called_off (slot_id, at) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT called_off_pkey DO NOTHING
"""


async def call_off(tx: Tx, slot_id: UUID, at: datetime) -> None:
    await tx.execute(CALL_OFF, slot_id, at)


HOLD_ALONE = "SELECT slot_id FROM room WHERE slot_id = $1 FOR UPDATE"
HOLD_SHARED = """
    SELECT slot_id FROM room
    WHERE slot_id = (SELECT slot_id FROM place WHERE booking_id = $1) FOR SHARE
"""


async def hold_alone(tx: Tx, slot_id: UUID) -> None:
    """Nobody else changes who is in this room until the end of the transaction."""
    await tx.execute(HOLD_ALONE, slot_id)


async def hold_shared(tx: Tx, booking_id: UUID) -> None:
    """No host comes or goes until the end of the transaction; other residents may."""
    await tx.execute(HOLD_SHARED, booking_id)


# `cancelled` is about the bearer's own place too; who waits is not for residents to know.
SEATS = """
    SELECT place.booking_id, place.link_version,
        room.slot_id, room.name, room.host_id, room.kind, room.starts_at, room.ends_at, room.closed_at,
        called_off.slot_id IS NOT NULL OR NOT place.live AS cancelled,
        EXISTS (SELECT FROM participant
            WHERE participant.slot_id = room.slot_id AND hosts AND presence = 'joined') AS host_present,
        0 AS waiting
    FROM place
    JOIN room ON room.slot_id = place.slot_id
    LEFT JOIN called_off ON called_off.slot_id = place.slot_id
    WHERE place.booking_id = ANY($1::uuid[])
"""


async def seats(tx: Tx, booking_ids: Collection[UUID]) -> dict[UUID, Seat]:
    """The places that are known, by booking."""
    return {
        row["booking_id"]: Seat(
            booking_id=row["booking_id"], link_version=row["link_version"], meeting=_meeting(row)
        )
        for row in await tx.fetch(SEATS, booking_ids)
    }


MEETINGS = """
    SELECT room.slot_id, room.name, room.host_id, room.kind, room.starts_at, room.ends_at, room.closed_at,
        called_off.slot_id IS NOT NULL AS cancelled,
        EXISTS (SELECT FROM participant
            WHERE participant.slot_id = room.slot_id AND hosts AND presence = 'joined') AS host_present,
        (SELECT count(*) FROM participant
            WHERE participant.slot_id = room.slot_id AND NOT hosts AND presence = 'waiting') AS waiting
    FROM room
    LEFT JOIN called_off ON called_off.slot_id = room.slot_id
    WHERE room.slot_id = ANY($1::uuid[])
"""


async def meetings(tx: Tx, slot_ids: Collection[UUID]) -> dict[UUID, Meeting]:
    """The rooms there are, by slot, as their hosts see them."""
    return {row["slot_id"]: _meeting(row) for row in await tx.fetch(MEETINGS, slot_ids)}


SLOT_OF_ROOM = "SELECT slot_id FROM room WHERE name = $1"


async def slot_of_room(tx: Tx, name: str) -> UUID | None:
    slot_id: UUID | None = await tx.fetchval(SLOT_OF_ROOM, name)
    return slot_id


def _meeting(row: Any) -> Meeting:
    return Meeting(
        slot_id=row["slot_id"],
        room=row["name"],
        host_id=row["host_id"],
        kind=row["kind"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        closed_at=row["closed_at"],
        cancelled=row["cancelled"],
        host_present=row["host_present"],
        waiting=row["waiting"],
    )


CLOSE = "UPDATE room SET closed_at = $2 WHERE slot_id = $1"


async def close(tx: Tx, slot_id: UUID, at: datetime) -> None:
    await tx.execute(CLOSE, slot_id, at)


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
        WHERE slot_id = $1 AND ($2::uuid IS NULL OR who_id = $2) AND presence <> 'away'
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
    RETURNING participant_id
"""


async def leave(tx: Tx, slot_id: UUID, who_id: UUID, now: datetime) -> bool:
    """True when the person was there."""
    return bool(await tx.fetch(LEAVE, slot_id, who_id, now))


async def empty(tx: Tx, slot_id: UUID, now: datetime) -> None:
    """Everybody is gone: the meeting was ended or called off."""
    await tx.execute(LEAVE, slot_id, None, now)


LEAVE_OTHER_ROOMS = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE who_id = $1 AND slot_id <> ALL($2::uuid[]) AND presence <> 'away'
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
"""


async def leave_all_but(tx: Tx, who_id: UUID, stays_in: Collection[UUID], now: datetime) -> None:
    """A booking that was moved or cancelled waits no longer where it was."""
    await tx.execute(LEAVE_OTHER_ROOMS, who_id, stays_in, now)


FORGET = "DELETE FROM room WHERE ends_at < $1"
FORGET_CALLED_OFF = """
    DELETE FROM called_off
    WHERE at < $1 AND NOT EXISTS (SELECT FROM room WHERE room.slot_id = called_off.slot_id)
"""


async def forget_before(tx: Tx, moment: datetime) -> None:
    """Rooms whose meetings are long over, with everything about who was in them."""
    await tx.execute(FORGET, moment)
    await tx.execute(FORGET_CALLED_OFF, moment)
