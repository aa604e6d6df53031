"""Making, moving and calling off the sessions of groups, many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import ExclusionViolationError, Record

from services.booking.domain.hours import Stretch
from services.booking.domain.series import Busy, Move, Standing
from services.booking.store.staffing.staffing import FREE
from services.contracts.booking.groups import Group, Staffing
from services.contracts.booking.slots import SlotState
from services.runtime.db import Tx

LOCK_AHEAD = """
    SELECT s.id, s.host_id, s.staffing, s.starts_at, s.ends_at, s.series_start, s.taken,
           EXISTS (SELECT FROM booking b WHERE b.slot_id = s.id
                   AND b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')) AS awaited
    FROM slot s
    WHERE s.group_id = $1 AND s.state = 'open' AND (s.starts_at > $2 OR s.series_start > $2)
    ORDER BY s.id FOR UPDATE OF s
"""
CALLED_OFF = """
    SELECT DISTINCT series_start FROM slot
    WHERE group_id = $1 AND state = 'cancelled' AND NOT left_out AND series_start > $2
"""
BUSY = """
    SELECT host_id AS person_id, starts_at, ends_at, id AS slot_id FROM slot
    WHERE host_id = ANY ($1::uuid[]) AND state = 'open' AND ends_at > $2
    UNION ALL
    SELECT person_id, starts_at, ends_at, slot_id FROM co_host
    WHERE person_id = ANY ($1::uuid[]) AND live AND accepted_at IS NOT NULL AND ends_at > $2
"""
ADD = """
    INSERT INTO slot (id, kind, host_id, theme_id, group_id, starts_at, ends_at, local_start, time_zone,
                      languages, capacity, bookable_until, created_at, series_start, staffing)
    SELECT gen_random_uuid(), $1, $2, $3, $4, w.starts_at, w.ends_at, w.local_start, $5, $6, $7,
           w.starts_at, $8, CASE WHEN $9::boolean THEN w.starts_at END, $10
    FROM unnest($11::timestamptz[], $12::timestamptz[], $13::timestamp[])
         AS w (starts_at, ends_at, local_start)
    RETURNING id
"""
NAME_CO_HOSTS = """
    INSERT INTO co_host (slot_id, person_id, starts_at, ends_at)
    SELECT s.id, c.person_id, s.starts_at, s.ends_at
    FROM slot s CROSS JOIN unnest($2::uuid[]) AS c (person_id)
    WHERE s.id = ANY ($1::uuid[]) AND s.host_id <> c.person_id
    ON CONFLICT ON CONSTRAINT co_host_once DO UPDATE
        SET live = true, accepted_at = NULL, asked_at = NULL, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at
        WHERE NOT co_host.live
"""
DROP_CO_HOSTS = """
    UPDATE co_host SET live = false
    WHERE slot_id = ANY ($1::uuid[]) AND person_id = ANY ($2::uuid[]) AND live
"""
DROP_OWN_CO_HOSTING = """
    UPDATE co_host c SET live = false FROM slot s
    WHERE s.id = ANY ($1::uuid[]) AND c.slot_id = s.id AND c.person_id = s.host_id AND c.live
"""
# Somebody else's promise was for the hour that was: they are asked again, as if for the first time.
MOVE = """
    UPDATE slot s
    SET starts_at = w.starts_at, ends_at = w.ends_at, local_start = w.local_start,
        series_start = CASE WHEN $6::boolean THEN w.starts_at ELSE s.series_start END,
        moved_at = $5, version = version + 1, alerted_at = NULL, told_missing_at = NULL, asked_at = NULL,
        staffing = CASE WHEN s.host_id = $7::uuid OR s.staffing = 'needs_host' THEN s.staffing
                        ELSE 'asked' END
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamp[])
         AS w (id, starts_at, ends_at, local_start)
    WHERE s.id = w.id
"""
# Nor has one who moves it to an hour at which they have something else promised to help then.
MOVE_CO_HOSTS = f"""
    UPDATE co_host c
    SET starts_at = s.starts_at, ends_at = s.ends_at,
        asked_at = CASE WHEN p.id = $2::uuid THEN c.asked_at END,
        accepted_at = CASE WHEN p.id = $2::uuid AND {FREE} THEN c.accepted_at END
    FROM slot s, person p WHERE s.id = ANY ($1::uuid[]) AND c.slot_id = s.id AND p.id = c.person_id
"""  # noqa: S608
ASK_ANEW = "DELETE FROM stand_in_asked WHERE slot_id = ANY ($1::uuid[])"
MOVE_BOOKINGS = """
    WITH moved AS (
        UPDATE booking b
        SET version = b.version + 1, sequence = b.sequence + 1, changed_at = $2,
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
        UPDATE booking SET status = 'cancelled', cancelled_by = $2, cancel_reason = $3, held_until = NULL,
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
    FROM (SELECT s.id, CASE WHEN g.is_open THEN s.ends_at
                            ELSE min(s.starts_at) OVER (PARTITION BY s.group_id) END AS until
          FROM slot s JOIN peer_group g ON g.id = s.group_id
          WHERE s.group_id = $1 AND s.state = 'open') w
    WHERE s.id = w.id AND s.bookable_until <> w.until
"""
FULLEST = """
    SELECT coalesce(max(taken), 0) FROM slot WHERE group_id = $1 AND state = 'open' AND ends_at > $2
"""
SUIT_GROUP = """
    UPDATE slot s
    SET theme_id = g.theme_id, languages = g.languages, capacity = g.capacity, version = s.version + 1
    FROM peer_group g
    WHERE g.id = $1 AND s.group_id = g.id AND s.state = 'open' AND s.ends_at > $2
    RETURNING s.id
"""
SET_HOSTS = """
    UPDATE slot s SET host_id = w.host_id, staffing = w.staffing, version = s.version + 1, asked_at = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w (id, host_id, staffing)
    WHERE s.id = w.id
"""


MEMBERS = """
    SELECT e.id, e.accompanies, e.offered_until, m.status, m.display_name, m.email, m.phone, m.language,
           m.municipality, m.age_group, m.note, m.comes_as, m.held_until
    FROM enrolment e
    JOIN LATERAL (
        SELECT b.* FROM booking b JOIN slot s ON s.id = b.slot_id
        WHERE b.enrolment_id = e.id AND b.status NOT IN ('cancelled', 'expired')
          AND b.forgotten_at IS NULL
          AND (s.ends_at > $2 OR NOT EXISTS (
              SELECT FROM slot o WHERE o.group_id = $1 AND o.state = 'open' AND o.ends_at > $2))
        ORDER BY s.starts_at DESC, s.id LIMIT 1
    ) m ON true
    WHERE e.group_id = $1 AND e.whole_series AND e.left_at IS NULL
    ORDER BY e.place
"""


@dataclass(frozen=True)
class Led:
    """A session ahead and who is to host it."""

    slot_id: UUID
    host_id: UUID
    staffing: Staffing
    starts_at: datetime
    ends_at: datetime


async def lock_ahead(tx: Tx, group_id: UUID, *, now: datetime) -> Sequence[Record]:
    """The open sessions that have not begun, and those that a move has made begin before their day."""
    return await tx.fetch(LOCK_AHEAD, group_id, now)


def standing(row: Record) -> Standing:
    return Standing(
        slot_id=row["id"],
        host_id=row["host_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        series_start=row["series_start"],
        taken=row["taken"],
        awaited=row["awaited"],
    )


def led(row: Record) -> Led:
    return Led(row["id"], row["host_id"], Staffing(row["staffing"]), row["starts_at"], row["ends_at"])


async def called_off(tx: Tx, group_id: UUID, *, now: datetime) -> list[datetime]:
    """Where the series had put those sessions that somebody has called off by hand."""
    return [row["series_start"] for row in await tx.fetch(CALLED_OFF, group_id, now)]


async def busy(tx: Tx, people: Sequence[UUID], *, now: datetime) -> list[Busy]:
    """Their open times and what they have promised to co-host."""
    return [
        Busy(row["person_id"], row["starts_at"], row["ends_at"], row["slot_id"])
        for row in await tx.fetch(BUSY, people, now)
    ]


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


async def name_co_hosts(tx: Tx, slot_ids: Sequence[UUID], people: Sequence[UUID]) -> None:
    """They are to be asked, apart from whoever hosts the session."""
    await tx.execute(NAME_CO_HOSTS, slot_ids, people)


async def drop_co_hosts(tx: Tx, slot_ids: Sequence[UUID], people: Sequence[UUID]) -> None:
    await tx.execute(DROP_CO_HOSTS, slot_ids, people)


async def move(tx: Tx, moves: Sequence[Move], *, in_series: bool, by: UUID | None, now: datetime) -> bool:
    """To other times, hosts and co-hosts with them. False when slot_no_overlap says that a host cannot.

    `in_series`: the series has moved, and they are no exception of it. `by` is locked.
    """
    slot_ids = [each.session.slot_id for each in moves]
    try:
        await tx.execute(
            MOVE,
            slot_ids,
            [each.to.starts_at for each in moves],
            [each.to.ends_at for each in moves],
            [each.to.local_start for each in moves],
            now,
            in_series,
            by,
        )
        await tx.execute(MOVE_CO_HOSTS, slot_ids, by)
    except ExclusionViolationError:
        return False
    await tx.execute(ASK_ANEW, slot_ids)
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


async def fullest(tx: Tx, group_id: UUID, *, now: datetime) -> int:
    """The most seats taken in a session that is not over."""
    return int(await tx.fetchval(FULLEST, group_id, now))


async def suit_group(tx: Tx, group_id: UUID, *, now: datetime) -> list[UUID]:
    """Give the sessions that are not over their group's theme, languages and places."""
    return [row["id"] for row in await tx.fetch(SUIT_GROUP, group_id, now)]


async def set_hosts(tx: Tx, sessions: Sequence[Led]) -> bool:
    """Others are to host them. False when slot_no_overlap says that one cannot."""
    slot_ids = [each.slot_id for each in sessions]
    try:
        await tx.execute(
            SET_HOSTS,
            slot_ids,
            [each.host_id for each in sessions],
            [each.staffing for each in sessions],
        )
    except ExclusionViolationError:
        return False
    await tx.execute(DROP_OWN_CO_HOSTING, slot_ids)
    await tx.execute(ASK_ANEW, slot_ids)
    return True
