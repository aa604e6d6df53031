"""Making, moving and calling off the sessions of groups, many in one statement."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import ExclusionViolationError, Record

from services.booking.domain.hours import Stretch
from services.booking.domain.series import Move
from services.booking.store.groups.sessions_ahead import ask_anew
from services.booking.store.staffing.staffing import FREE
from services.contracts.booking.groups import Group, Staffing
from services.contracts.booking.slots import SlotState
from services.runtime.db import Tx

ADD = """
    INSERT INTO slot (id, kind, host_id, theme_id, group_id, starts_at, ends_at, local_start, time_zone,
                      languages, capacity, bookable_until, created_at, series_start, staffing)
    SELECT gen_random_uuid(), $1, $2, $3, $4, w.starts_at, w.ends_at, w.local_start, $5, $6, $7,
           w.starts_at, $8, CASE WHEN $9::boolean THEN w.starts_at END, $10
    FROM unnest($11::timestamptz[], $12::timestamptz[], $13::timestamp[])
         AS w (starts_at, ends_at, local_start)
    RETURNING id
"""
# Somebody else's promise was for the hour that was: they are asked again, as if for the first time.
MOVE = """
    UPDATE slot
    SET starts_at = $2, ends_at = $3, local_start = $4,
        series_start = CASE WHEN $6::boolean THEN $2 ELSE series_start END,
        moved_at = $5, version = version + 1, alerted_at = NULL, told_missing_at = NULL, asked_at = NULL,
        staffing = CASE WHEN host_id = $7::uuid OR staffing = 'needs_host' THEN staffing ELSE 'asked' END
    WHERE id = $1
"""
# Nor has one who moves it to an hour at which they have something else promised to help then.
MOVE_CO_HOSTS = f"""
    UPDATE co_host c
    SET starts_at = s.starts_at, ends_at = s.ends_at,
        asked_at = CASE WHEN p.id = $2::uuid THEN c.asked_at END,
        accepted_at = CASE WHEN p.id = $2::uuid AND {FREE} THEN c.accepted_at END
    FROM slot s, person p WHERE s.id = $1 AND c.slot_id = s.id AND p.id = c.person_id
"""  # noqa: S608
MOVE_BOOKINGS = """
    WITH moved AS (
        UPDATE booking b
        SET version = b.version + 1, sequence = b.sequence + 1, changed_at = $2, joined_at = NULL,
            held_until = CASE WHEN b.status = 'held' THEN least(b.held_until, s.starts_at)
                              ELSE b.held_until END
        FROM slot s
        WHERE s.id = b.slot_id AND b.slot_id = ANY ($1::uuid[])
          AND b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')
        RETURNING b.id, b.slot_id
    ), noted AS (
        INSERT INTO booking_change (booking_id, what, by_kind, by_id, from_slot_id, at)
        SELECT id, 'moved', $3, $4::uuid, slot_id, $2 FROM moved
    )
    SELECT id FROM moved
"""
# An offer for a session that now begins sooner ends in time, for all that it offers.
HURRY_OFFERS = """
    WITH hurried AS (
        UPDATE enrolment m SET offered_until = w.latest
        FROM (SELECT coalesce(e.accompanies, e.id) AS id, min(s.starts_at) - interval '10 minutes' AS latest
              FROM booking b JOIN enrolment e ON e.id = b.enrolment_id JOIN slot s ON s.id = b.slot_id
              WHERE b.slot_id = ANY ($1::uuid[]) AND b.status = 'offered' GROUP BY 1) w
        WHERE m.id = w.id AND m.offered_until > w.latest RETURNING m.id, m.offered_until
    )
    UPDATE booking b SET held_until = h.offered_until
    FROM hurried h JOIN enrolment e ON e.id = h.id OR e.accompanies = h.id
    WHERE b.enrolment_id = e.id AND b.status = 'offered'
"""
ADOPT = "UPDATE slot SET series_start = starts_at WHERE id = ANY ($1::uuid[])"
CALL_OFF = """
    UPDATE slot s
    SET state = $2, cancel_reason = $3, left_out = $4, version = version + 1,
        taken = (SELECT coalesce(sum(b.seats), 0) FROM booking b
                 WHERE b.slot_id = s.id AND b.status IN ('attended', 'no_show'))
    WHERE s.id = ANY ($1::uuid[]) AND s.state = 'open' RETURNING s.id, s.host_id
"""
CALL_OFF_CO_HOSTS = "UPDATE co_host SET live = false WHERE slot_id = ANY ($1::uuid[]) AND live"
CALL_OFF_BOOKINGS = """
    WITH off AS (
        UPDATE booking SET status = 'cancelled', cancelled_by = $2, held_until = NULL,
                           cancel_reason = CASE WHEN forgotten_at IS NULL THEN $3 END,
                           version = version + 1, sequence = sequence + 1, changed_at = $4
        WHERE slot_id = ANY ($1::uuid[])
          AND status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')
        RETURNING id
    ), noted AS (
        INSERT INTO booking_change (booking_id, what, by_kind, by_id, at)
        SELECT id, 'cancelled', $5, $6::uuid, $4 FROM off
    )
    SELECT id FROM off
"""
# An open group takes whoever comes until a session is over, a closed one until its first begins.
SET_BOOKABLE = """
    UPDATE slot s
    SET bookable_until = w.until
    FROM (SELECT s.id, least(s.ended_at, CASE WHEN g.is_open THEN s.ends_at ELSE
                                min(s.starts_at) OVER (PARTITION BY s.group_id) END) AS until
          FROM slot s JOIN peer_group g ON g.id = s.group_id
          WHERE s.group_id = $1 AND s.state = 'open') w
    WHERE s.id = w.id AND s.bookable_until <> w.until
"""
SUIT_GROUP = """
    UPDATE slot s
    SET theme_id = g.theme_id, languages = g.languages, capacity = g.capacity, version = s.version + 1
    FROM peer_group g
    WHERE g.id = $1 AND s.group_id = g.id AND s.state = 'open' AND least(s.ends_at, s.ended_at) > $2
    RETURNING s.id
"""
MEMBERS = """
    SELECT e.id, e.accompanies, e.offered_until, m.status, m.display_name, m.email, m.phone, m.language,
           m.municipality, m.age_group, m.note, m.comes_as, m.held_until
    FROM enrolment e
    JOIN LATERAL (
        SELECT b.* FROM booking b JOIN slot s ON s.id = b.slot_id
        WHERE b.enrolment_id = e.id AND b.status NOT IN ('cancelled', 'expired')
          AND b.forgotten_at IS NULL
          AND (least(s.ends_at, s.ended_at) > $2 OR NOT EXISTS (
              SELECT FROM slot o
              WHERE o.group_id = $1 AND o.state = 'open' AND least(o.ends_at, o.ended_at) > $2))
        ORDER BY s.starts_at DESC, s.id LIMIT 1
    ) m ON true
    WHERE e.group_id = $1 AND e.whole_series AND e.left_at IS NULL
    ORDER BY e.place
"""


async def add(
    tx: Tx,
    group: Group,
    stretches: Sequence[Stretch],
    *,
    host_id: UUID,
    staffing: Staffing,
    in_series: bool,
    time_zone: str,
    now: datetime,
) -> list[UUID] | None:
    """None when slot_no_overlap says that the host has another open time then."""
    try:
        rows = await tx.fetch(
            ADD,
            group.kind,
            host_id,
            group.theme,
            group.id,
            time_zone,
            group.languages,
            group.capacity,
            now,
            in_series,
            staffing,
            [stretch.starts_at for stretch in stretches],
            [stretch.ends_at for stretch in stretches],
            [stretch.local_start for stretch in stretches],
        )
    except ExclusionViolationError:
        return None
    return [row["id"] for row in rows]


async def members(tx: Tx, group_id: UUID, *, now: datetime) -> Sequence[Record]:
    """Those enrolled in the whole series, in the order of their coming, as they are in its last session.

    Of whom nothing is known any more, they are told nothing and do not come.
    """
    return await tx.fetch(MEMBERS, group_id, now)


async def move(tx: Tx, moves: Sequence[Move], *, in_series: bool, by: UUID | None, now: datetime) -> bool:
    """To other times, hosts and co-hosts with them. False when slot_no_overlap says that a host cannot.

    One after the other as they stand: one may go to where another has been until then. `in_series`: the
    series has moved, and they are no exception of it. `by` is locked.
    """
    try:
        for each in moves:
            slot_id, to = each.session.slot_id, each.to
            await tx.execute(MOVE, slot_id, to.starts_at, to.ends_at, to.local_start, now, in_series, by)
            await tx.execute(MOVE_CO_HOSTS, slot_id, by)
    except ExclusionViolationError:
        return False
    await ask_anew(tx, [each.session.slot_id for each in moves])
    return True


async def move_bookings(
    tx: Tx, slot_ids: Sequence[UUID], *, by: tuple[str, UUID | None], now: datetime
) -> list[UUID]:
    """Everybody keeps their place, at the new time. Holds and offers end before it at the latest."""
    rows = await tx.fetch(MOVE_BOOKINGS, slot_ids, now, *by)
    await tx.execute(HURRY_OFFERS, slot_ids)
    return [row["id"] for row in rows]


async def adopt(tx: Tx, slot_ids: Sequence[UUID]) -> None:
    """Single sessions that the series now names belong to it."""
    await tx.execute(ADOPT, slot_ids)


async def call_off(
    tx: Tx, slot_ids: Sequence[UUID], *, state: SlotState, reason: str | None, left_out: bool
) -> list[tuple[UUID, UUID]]:
    """Answers with those that were open, each with its host."""
    rows = await tx.fetch(CALL_OFF, slot_ids, state, reason, left_out)
    await tx.execute(CALL_OFF_CO_HOSTS, slot_ids)
    return [(row["id"], row["host_id"]) for row in rows]


async def call_off_bookings(
    tx: Tx,
    slot_ids: Sequence[UUID],
    *,
    said_by: str,
    reason: str,
    by: tuple[str, UUID | None],
    now: datetime,
) -> list[UUID]:
    """Everybody in them, and who waits or applies; answers with their bookings."""
    rows = await tx.fetch(CALL_OFF_BOOKINGS, slot_ids, said_by, reason, now, *by)
    return [row["id"] for row in rows]


async def set_bookable(tx: Tx, group_id: UUID) -> None:
    await tx.execute(SET_BOOKABLE, group_id)


async def suit_group(tx: Tx, group_id: UUID, *, now: datetime) -> list[UUID]:
    """Give the sessions that are not over their group's theme, languages and places."""
    return [row["id"] for row in await tx.fetch(SUIT_GROUP, group_id, now)]
