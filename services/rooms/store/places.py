"""Rooms and the places in them, as told by their owner. Rows become `Meeting`s here alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.rooms.domain import Meeting, Name, Presence, Seat
from services.runtime.db import Tx, changed


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
class Session(Slot):
    """A slot told of in full, as its `version`: lower ones change nothing, nor does any `Slot` after it."""

    hosts: tuple[UUID, ...]
    room_limit: int | None
    version: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """What its owner told of a booking. `live`: one may come; who still waits for a seat may not.

    A `version` that is not higher than the known one changes nothing, unless the place has `ended`: that is
    news whatever else was heard before it, and the last there is.
    """

    booking_id: UUID
    slot_id: UUID
    live: bool
    ended: bool
    link_version: int
    version: int


TELL_SLOT = """
    INSERT INTO room (slot_id, name, host_id, kind, starts_at, ends_at, known_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT ON CONSTRAINT room_pkey DO UPDATE SET
        host_id = excluded.host_id, kind = excluded.kind, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, known_at = excluded.known_at
    WHERE room.known_at < excluded.known_at AND room.slot_version = 0
"""


async def tell_slot(tx: Tx, slot: Slot, *, name: str) -> None:
    """Make the slot's room under `name`, unless it has one."""
    await tx.execute(
        TELL_SLOT,
        *(slot.slot_id, name, slot.host_id, slot.kind, slot.starts_at, slot.ends_at, slot.known_at),
    )


# A session that was moved is another meeting: having ended it before its hour ends it no longer.
TELL_SESSION = """
    INSERT INTO room
        (slot_id, name, host_id, kind, starts_at, ends_at, known_at, hosts, room_limit, slot_version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT ON CONSTRAINT room_pkey DO UPDATE SET
        host_id = excluded.host_id, kind = excluded.kind, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, known_at = excluded.known_at, hosts = excluded.hosts,
        room_limit = excluded.room_limit, slot_version = excluded.slot_version,
        closed_at = CASE WHEN room.starts_at = excluded.starts_at THEN room.closed_at END
    WHERE room.slot_version < excluded.slot_version
    RETURNING true
"""


async def tell_session(tx: Tx, session: Session, *, name: str) -> bool:
    """True when this was news."""
    told = await tx.fetchval(
        TELL_SESSION,
        *(session.slot_id, name, session.host_id, session.kind, session.starts_at, session.ends_at),
        *(session.known_at, list(session.hosts), session.room_limit, session.version),
    )
    return bool(told)


TELL_PLACE = """
    INSERT INTO place (booking_id, slot_id, live, ended, link_version, version)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT place_pkey DO UPDATE SET
        slot_id = excluded.slot_id, live = excluded.live, ended = excluded.ended,
        link_version = greatest(place.link_version, excluded.link_version),
        version = greatest(place.version, excluded.version)
    WHERE NOT place.ended AND (excluded.ended OR place.version < excluded.version)
    RETURNING true
"""


async def tell_place(tx: Tx, place: Place) -> bool:
    """True when this was news."""
    return bool(
        await tx.fetchval(
            TELL_PLACE,
            *(place.booking_id, place.slot_id, place.live, place.ended, place.link_version, place.version),
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
    SELECT slot_id, pg_advisory_xact_lock($2) FROM room
    WHERE slot_id = (SELECT slot_id FROM place WHERE booking_id = $1) FOR SHARE
"""


HOLD_PLACE = """
    SELECT slot_id FROM room
    WHERE slot_id = (SELECT slot_id FROM place WHERE booking_id = $1 AND live) FOR UPDATE
"""


async def hold_place(tx: Tx, booking_id: UUID) -> UUID | None:
    """The slot in which a booking has its place, if it has one: held as `hold_alone` holds it."""
    slot_id: UUID | None = await tx.fetchval(HOLD_PLACE, booking_id)
    return slot_id


async def hold_alone(tx: Tx, slot_id: UUID) -> None:
    """Nobody else changes who is in this room until the end of the transaction."""
    await tx.execute(HOLD_ALONE, slot_id)


async def hold_shared(tx: Tx, booking_id: UUID) -> None:
    """No host comes or goes until the end of the transaction, and this booking's bearer does nothing
    else; other residents may.
    """
    await tx.execute(HOLD_SHARED, booking_id, _lock(booking_id))


def _lock(of: UUID) -> int:
    return int.from_bytes(of.bytes[8:], "big", signed=True)


# In the order of the array: the room's own number first, then the bearers in the order of theirs.
HOLD_ALL_SHARED = """
    SELECT slot_id, (SELECT count(pg_advisory_xact_lock(number)) FROM unnest($2::bigint[]) AS number)
    FROM room WHERE slot_id = $1 FOR SHARE
"""


async def hold_all_shared(tx: Tx, slot_id: UUID, booking_ids: Collection[UUID]) -> None:
    """As `hold_shared` for each of these, who have their places in this slot's room. Another copy's crowd
    comes after, so that the two do not give out the same numbers.
    """
    bearers = sorted(map(_lock, booking_ids))
    await tx.execute(HOLD_ALL_SHARED, slot_id, [_lock(slot_id), *bearers])


# An array made by a subquery looks alike to the planner whatever is in it: one plan is kept for all.
# `cancelled` is about the bearer's own place too; who waits is not for residents to know.
SEATS = """
    SELECT place.booking_id, place.link_version,
        own.participant_id, own.presence, own.name_digest, own.name_number,
        room.slot_id, room.name, room.host_id, room.kind, room.starts_at, room.ends_at, room.closed_at,
        room.hosts, room.room_limit,
        called_off.slot_id IS NOT NULL OR NOT place.live AS cancelled,
        EXISTS (SELECT FROM participant
            WHERE participant.slot_id = room.slot_id AND hosts AND presence = 'joined') AS host_present,
        0 AS waiting,
        coalesce(own.presence = 'waiting', false) AS here,
        own.removed_at IS NOT NULL AS removed,
        ARRAY[]::uuid[] AS cannot_get_in
    FROM place
    JOIN room ON room.slot_id = place.slot_id
    LEFT JOIN participant own ON own.slot_id = place.slot_id AND own.who_id = place.booking_id
    LEFT JOIN called_off ON called_off.slot_id = place.slot_id
    WHERE place.booking_id = ANY(ARRAY(SELECT unnest($1::uuid[])))
"""


async def seats(tx: Tx, booking_ids: Collection[UUID]) -> dict[UUID, Seat]:
    """The places that are known, by booking."""
    return {
        row["booking_id"]: Seat(
            booking_id=row["booking_id"],
            link_version=row["link_version"],
            meeting=_meeting(row),
            participant_id=row["participant_id"],
            presence=Presence(row["presence"] or Presence.AWAY),
            name=Name(row["name_digest"], row["name_number"]) if row["name_digest"] else None,
        )
        for row in await tx.fetch(SEATS, booking_ids)
    }


MEETINGS = """
    SELECT room.slot_id, room.name, room.host_id, room.kind, room.starts_at, room.ends_at, room.closed_at,
        room.hosts, room.room_limit,
        called_off.slot_id IS NOT NULL AS cancelled,
        EXISTS (SELECT FROM participant
            WHERE participant.slot_id = room.slot_id AND hosts AND presence = 'joined') AS host_present,
        (SELECT count(*) FROM participant
            WHERE participant.slot_id = room.slot_id AND NOT hosts AND presence = 'waiting') AS waiting,
        false AS here,
        false AS removed,
        ARRAY(SELECT who_id FROM participant
            WHERE participant.slot_id = room.slot_id AND NOT hosts AND help_asked_at IS NOT NULL
            ORDER BY help_asked_at) AS cannot_get_in
    FROM room
    LEFT JOIN called_off ON called_off.slot_id = room.slot_id
    WHERE room.slot_id = ANY(ARRAY(SELECT unnest($1::uuid[])))
"""


async def meetings(tx: Tx, slot_ids: Collection[UUID]) -> dict[UUID, Meeting]:
    """The rooms there are, by slot, as their hosts see them."""
    return {row["slot_id"]: _meeting(row) for row in await tx.fetch(MEETINGS, slot_ids)}


OWN_SLOTS = """
    SELECT slot_id FROM room
    WHERE $1 = ANY(coalesce(hosts, ARRAY[host_id])) AND starts_at >= $2 AND starts_at < $3 AND ends_at > $2
      AND NOT EXISTS (SELECT FROM called_off WHERE called_off.slot_id = room.slot_id)
      AND EXISTS (SELECT FROM place WHERE place.slot_id = room.slot_id AND place.live)
    ORDER BY starts_at, slot_id LIMIT $4
"""


async def own_slots(tx: Tx, host_id: UUID, *, from_at: datetime, to_at: datetime, limit: int) -> list[UUID]:
    """The host's slots to which somebody is coming, in order."""
    return [row["slot_id"] for row in await tx.fetch(OWN_SLOTS, host_id, from_at, to_at, limit)]


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
        hosts=None if row["hosts"] is None else tuple(row["hosts"]),
        room_limit=row["room_limit"],
        here=row["here"],
        removed=row["removed"],
        cannot_get_in=tuple(row["cannot_get_in"]),
    )


RENAME = """
    UPDATE room SET name = $3 WHERE slot_id = $1 AND kind = 'appointment'
    AND EXISTS (SELECT FROM participant JOIN attendance USING (participant_id)
        WHERE slot_id = $1 AND who_id = $2 AND what = 'joined')
    RETURNING true
"""


async def rename(tx: Tx, slot_id: UUID, *, known_to: UUID, name: str) -> bool:
    """Give the room another name if it is an appointment's and that person was let into it."""
    return bool(await tx.fetchval(RENAME, slot_id, known_to, name))


CLOSE = "UPDATE room SET closed_at = $2 WHERE slot_id = $1"


async def close(tx: Tx, slot_id: UUID, at: datetime) -> None:
    await tx.execute(CLOSE, slot_id, at)


FORGET = """
    DELETE FROM room WHERE slot_id IN (
        SELECT slot_id FROM room WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_CALLED_OFF = """
    DELETE FROM called_off WHERE slot_id IN (
        SELECT slot_id FROM called_off
        WHERE at < $1 AND NOT EXISTS (SELECT FROM room WHERE room.slot_id = called_off.slot_id)
        LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


FORGET_NAMES = """
    UPDATE participant SET name_digest = NULL, name_number = NULL WHERE participant_id IN (
        SELECT participant_id FROM participant JOIN room USING (slot_id)
        WHERE name_digest IS NOT NULL AND room.ends_at < $1
        LIMIT $2 FOR UPDATE OF participant SKIP LOCKED)
"""


async def forget_names_before(tx: Tx, moment: datetime, most: int) -> int:
    """What tells two of the same name apart is of no use to anybody after the meeting."""
    return changed(await tx.execute(FORGET_NAMES, moment, most))


async def forget_before(tx: Tx, moment: datetime, most: int) -> int:
    """Rooms whose meetings are long over, with everything about who was in them."""
    return changed(await tx.execute(FORGET, moment, most))


async def forget_called_off_before(tx: Tx, moment: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_CALLED_OFF, moment, most))
