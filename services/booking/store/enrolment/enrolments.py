"""Enrolments: who comes to a group, who waits for it, and what is offered to whom.

All that changes is changed with the group's row locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from asyncpg import Record

from services.booking.domain.enrolment import Group, Party, Session
from services.booking.store.slots import SLOT_COLUMNS, SLOT_FROM, SlotRow, slot_row
from services.contracts.booking.slots import BookingStatus
from services.runtime.db import Database, Tx

LOCK_GROUP = """
    SELECT id, is_open, whole_series, by_acceptance, ended_at IS NOT NULL AS ended
    FROM peer_group WHERE id = $1 FOR UPDATE
"""
BEGINS_AT = "SELECT min(starts_at) FROM slot WHERE group_id = $1 AND state = 'open'"
SESSIONS = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.group_id = $1
      AND CASE WHEN $3::uuid IS NULL THEN s.state = 'open' AND least(s.ends_at, s.ended_at) > $2
               ELSE s.id = $3 END
    ORDER BY s.id FOR UPDATE OF s
"""
SESSIONS_OF = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.id = ANY ($1::uuid[])
    ORDER BY s.id FOR UPDATE OF s
"""
TAKE_SEATS = """
    UPDATE slot s SET taken = s.taken + w.seats
    FROM unnest($1::uuid[], $2::integer[]) AS w (id, seats)
    WHERE s.id = w.id AND s.state = 'open' AND s.taken + w.seats <= s.capacity
"""
GIVE_BACK = """
    UPDATE slot s SET taken = s.taken - w.seats
    FROM unnest($1::uuid[], $2::integer[]) AS w (id, seats) WHERE s.id = w.id
"""
ADD_ENROLMENTS = """
    INSERT INTO enrolment (id, group_id, whole_series, accompanies, walked_in, created_at)
    SELECT id, $2, $3, CASE WHEN number > 1 THEN ($1::uuid[])[1] END, $4, $5
    FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, number) ORDER BY number
    RETURNING place
"""
ENROLMENT = """
    SELECT e.id, e.group_id, e.whole_series, e.accompanies, e.place, e.left_at,
           coalesce(m.offered_until, e.offered_until) AS offered_until,
           coalesce(m.place, e.place) AS party_place
    FROM enrolment e LEFT JOIN enrolment m ON m.id = e.accompanies WHERE e.id = $1
"""
GROUP_OF_BOOKING = """
    SELECT e.group_id FROM booking b JOIN enrolment e ON e.id = b.enrolment_id WHERE b.id = $1
"""
GROUP_OF_ENROLMENT = "SELECT group_id FROM enrolment WHERE id = $1"
CHANGE = """
    WITH changed AS (
        UPDATE booking SET status = $2, cancelled_by = coalesce($4, cancelled_by), version = version + 1,
                           held_until = CASE WHEN $2 IN ('cancelled', 'expired') THEN held_until
                                             ELSE $3 END,
                           sequence = sequence + CASE WHEN $2 = 'cancelled' THEN 1 ELSE 0 END,
                           changed_at = $5
        WHERE id = ANY ($1::uuid[]) RETURNING id
    )
    INSERT INTO booking_change (booking_id, what, by_kind, by_id, at)
    SELECT id, $6, $7, $8::uuid, $5 FROM changed
"""
RENEW_LINKS = """
    WITH renewed AS (
        UPDATE booking SET link_version = link_version + 1, version = version + 1, changed_at = $2
        WHERE id = ANY ($1::uuid[]) RETURNING id
    )
    INSERT INTO booking_change (booking_id, what, by_kind, by_id, at)
    SELECT id, 'link_renewed', $3, $4::uuid, $2 FROM renewed
"""
LEAVE = """
    UPDATE enrolment SET left_at = coalesce(left_at, $2), offered_until = NULL
    WHERE id = $1 OR accompanies = $1
"""
WAITING = """
    SELECT m.id AS enrolment_id, b.slot_id, array_agg(b.id) AS booking_ids
    FROM enrolment e
    JOIN enrolment m ON m.id = coalesce(e.accompanies, e.id)
    JOIN booking b ON b.enrolment_id = e.id AND b.status = 'waiting'
    WHERE e.group_id = $1
    GROUP BY m.id, m.place, b.slot_id ORDER BY m.place
"""
SET_OFFERED = "UPDATE enrolment SET offered_until = $2 WHERE id = $1"
END_EMPTY_OFFERS = """
    UPDATE enrolment m SET offered_until = NULL
    WHERE m.group_id = $1 AND m.offered_until IS NOT NULL AND NOT EXISTS (
        SELECT FROM enrolment e JOIN booking b ON b.enrolment_id = e.id
        WHERE (e.id = m.id OR e.accompanies = m.id) AND b.status = 'offered')
"""
BEFORE = """
    SELECT count(*) FROM enrolment m
    WHERE m.group_id = $1 AND m.accompanies IS NULL AND m.place < $2 AND EXISTS (
        SELECT FROM booking b
        WHERE b.enrolment_id = m.id AND b.status = 'waiting' AND b.slot_id = ANY ($3::uuid[]))
"""
OFFERS_ENDED = """
    SELECT id FROM enrolment WHERE offered_until <= $1 ORDER BY offered_until, place LIMIT 100
"""
NEXT_OFFER_END = "SELECT min(offered_until) FROM enrolment WHERE offered_until IS NOT NULL"
WITHOUT_SEAT = """
    SELECT b.id, b.slot_id, b.status FROM enrolment e
    JOIN booking b ON b.enrolment_id = e.id AND b.status IN ('applied', 'waiting')
    WHERE e.group_id = $1 ORDER BY e.place
"""
GO_ON = """
    SELECT DISTINCT b.enrolment_id FROM booking b
    WHERE b.enrolment_id = ANY ($1::uuid[])
      AND b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')
"""
# Until when those who have no seat may hope, by group.
WAITS_END = """
    SELECT s.group_id, min(CASE
        WHEN g.is_open AND w.status = 'applied' THEN least(s.ends_at, s.ended_at)
        WHEN g.is_open THEN s.starts_at - $1::interval
        WHEN w.status = 'applied' THEN f.begins_at
        ELSE f.begins_at - $1::interval END) AS ends_at
    FROM (SELECT DISTINCT slot_id, status FROM booking WHERE status IN ('applied', 'waiting')) w
    JOIN slot s ON s.id = w.slot_id
    JOIN peer_group g ON g.id = s.group_id
    CROSS JOIN LATERAL (
        SELECT min(starts_at) AS begins_at FROM slot WHERE group_id = g.id AND state = 'open') f
    GROUP BY s.group_id ORDER BY ends_at
"""


@dataclass(frozen=True)
class Enrolment:
    """One person's. `party_place` and `offered_until` are those of the one they accompany, if they do."""

    id: UUID
    group_id: UUID
    whole_series: bool
    accompanies: UUID | None
    party_place: int
    offered_until: datetime | None
    left: bool

    @property
    def main_id(self) -> UUID:
        """The enrolment of the one whose party it is."""
        return self.accompanies or self.id


async def lock_group(tx: Tx, group_id: UUID) -> Group | None:
    """The group as it is, kept from everybody else who would move its seats; None if there is none.

    The group comes before its slots and bookings. When it begins is asked afterwards: what the waiting
    statement had seen may be old by then.
    """
    row = await tx.fetchrow(LOCK_GROUP, group_id)
    if row is None:
        return None
    return Group(
        id=row["id"],
        open=row["is_open"],
        whole_series=row["whole_series"],
        by_acceptance=row["by_acceptance"],
        ended=row["ended"],
        begins_at=None if row["is_open"] else await tx.fetchval(BEGINS_AT, group_id),
    )


async def sessions(
    tx: Tx, group_id: UUID, *, now: datetime, only: UUID | None = None
) -> dict[UUID, SlotRow]:
    """The group's sessions that are not over, or `only` that one whatever it is; locked, by their ids."""
    return {row["id"]: slot_row(row) for row in await tx.fetch(SESSIONS, group_id, now, only)}


async def these_sessions(tx: Tx, slot_ids: Sequence[UUID]) -> dict[UUID, SlotRow]:
    """Those sessions, locked, in the order of their ids."""
    return {row["id"]: slot_row(row) for row in await tx.fetch(SESSIONS_OF, slot_ids)}


def as_session(slot: SlotRow) -> Session:
    """What the rules need of it."""
    return Session(
        slot_id=slot.id,
        live=slot.state == "open",
        starts_at=slot.starts_at,
        over_at=slot.over_from,
        left=slot.capacity - slot.taken,
        capacity=slot.capacity,
    )


async def take_seats(tx: Tx, seats: Mapping[UUID, int]) -> bool:
    """So many in each session. False, with some of them taken, when there were not enough."""
    status = await tx.execute(TAKE_SEATS, list(seats), list(seats.values()))
    return status == f"UPDATE {len(seats)}"


async def give_back(tx: Tx, seats: Mapping[UUID, int]) -> None:
    if seats:
        await tx.execute(GIVE_BACK, list(seats), list(seats.values()))


async def add(
    tx: Tx,
    enrolment_ids: Sequence[UUID],
    group_id: UUID,
    *,
    whole_series: bool,
    walked_in: bool,
    now: datetime,
) -> int:
    """A party's: the first is the one whom the others accompany. Answers with their place in the order."""
    places = await tx.fetch(ADD_ENROLMENTS, enrolment_ids, group_id, whole_series, walked_in, now)
    return min(int(row["place"]) for row in places)


async def enrolment(tx: Tx, enrolment_id: UUID) -> Enrolment | None:
    row = await tx.fetchrow(ENROLMENT, enrolment_id)
    return _enrolment(row) if row else None


def _enrolment(row: Record) -> Enrolment:
    return Enrolment(
        id=row["id"],
        group_id=row["group_id"],
        whole_series=row["whole_series"],
        accompanies=row["accompanies"],
        party_place=row["party_place"],
        offered_until=row["offered_until"],
        left=row["left_at"] is not None,
    )


async def group_of_booking(tx: Tx, booking_id: UUID) -> UUID | None:
    """None for a booking that is no group's, or is not there."""
    group_id: UUID | None = await tx.fetchval(GROUP_OF_BOOKING, booking_id)
    return group_id


async def look_for_group(db: Database, booking_id: UUID) -> UUID | None:
    """The same, outside of any transaction."""
    rows = await db.statement(GROUP_OF_BOOKING, booking_id)
    return rows[0]["group_id"] if rows else None


async def group_of_enrolment(tx: Tx, enrolment_id: UUID) -> UUID | None:
    group_id: UUID | None = await tx.fetchval(GROUP_OF_ENROLMENT, enrolment_id)
    return group_id


async def change(
    tx: Tx,
    booking_ids: Sequence[UUID],
    status: BookingStatus,
    *,
    what: str,
    by: tuple[str, UUID | None],
    now: datetime,
    held_until: datetime | None = None,
    cancelled_by: str | None = None,
) -> None:
    """Many bookings at once, noting who did. A seat that is offered is held until its offer ends."""
    await tx.execute(CHANGE, booking_ids, status, held_until, cancelled_by, now, what, *by)


async def renew_links(
    tx: Tx, booking_ids: Sequence[UUID], *, by: tuple[str, UUID | None], now: datetime
) -> None:
    await tx.execute(RENEW_LINKS, booking_ids, now, *by)


async def leave(tx: Tx, enrolment_id: UUID, *, now: datetime) -> None:
    """Of the person, and of those who come along with them."""
    await tx.execute(LEAVE, enrolment_id, now)


async def waiting(tx: Tx, group_id: UUID) -> Sequence[Party]:
    """Who waits, in their order."""
    rows = await tx.fetch(WAITING, group_id)
    return [
        Party(enrolment_id, {row["slot_id"]: row["booking_ids"] for row in wishes})
        for enrolment_id, wishes in groupby(rows, lambda row: row["enrolment_id"])
    ]


async def set_offered(tx: Tx, until: Mapping[UUID, datetime]) -> None:
    await tx.executemany(SET_OFFERED, until.items())


async def end_empty_offers(tx: Tx, group_id: UUID) -> None:
    """Offers of which nothing is left: answered, or their sessions called off."""
    await tx.execute(END_EMPTY_OFFERS, group_id)


async def before(tx: Tx, group_id: UUID, place: int, slot_ids: Sequence[UUID]) -> int:
    """How many parties wait before that place for any of these sessions."""
    count: int = await tx.fetchval(BEFORE, group_id, place, slot_ids)
    return count


async def offers_ended(tx: Tx, now: datetime) -> Sequence[UUID]:
    return [row["id"] for row in await tx.fetch(OFFERS_ENDED, now)]


async def next_offer_end(tx: Tx) -> datetime | None:
    moment: datetime | None = await tx.fetchval(NEXT_OFFER_END)
    return moment


async def without_seat(tx: Tx, group_id: UUID) -> Sequence[Record]:
    """`id`, `slot_id` and `status` of the bookings that wait or wish to be accepted."""
    return await tx.fetch(WITHOUT_SEAT, group_id)


async def going_on(tx: Tx, enrolment_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them that have anything ahead."""
    return {row["enrolment_id"] for row in await tx.fetch(GO_ON, enrolment_ids)}


async def waits_end(tx: Tx, *, closes: timedelta) -> Sequence[tuple[UUID, datetime | None]]:
    """Groups in which somebody waits or applies, and when the first of these waits is over."""
    return [(row["group_id"], row["ends_at"]) for row in await tx.fetch(WAITS_END, closes)]
