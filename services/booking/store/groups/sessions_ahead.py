"""The sessions that a group has ahead: which they are, and who is to host them, many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import ExclusionViolationError, Record

from services.booking.domain.series import Busy, Standing
from services.contracts.booking.groups import Staffing
from services.runtime.db import Tx

LOCK_AHEAD = """
    SELECT s.id, s.host_id, s.staffing, s.starts_at, s.ends_at, s.series_start, s.taken,
           least(s.starts_at, s.ended_at) <= $2 AS begun,
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
FULLEST = """
    SELECT coalesce(max(taken), 0) FROM slot
    WHERE group_id = $1 AND state = 'open' AND least(ends_at, ended_at) > $2
"""
BUSY = """
    SELECT host_id AS person_id, starts_at, ends_at, id AS slot_id FROM slot
    WHERE host_id = ANY ($1::uuid[]) AND state = 'open' AND ends_at > $2
    UNION ALL
    SELECT person_id, starts_at, ends_at, slot_id FROM co_host
    WHERE person_id = ANY ($1::uuid[]) AND live AND accepted_at IS NOT NULL AND ends_at > $2
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
SET_HOSTS = """
    UPDATE slot s SET host_id = w.host_id, staffing = w.staffing, version = s.version + 1, asked_at = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w (id, host_id, staffing)
    WHERE s.id = w.id
"""
ASK_ANEW = "DELETE FROM stand_in_asked WHERE slot_id = ANY ($1::uuid[])"


@dataclass(frozen=True)
class Led:
    """A session ahead and who is to host it."""

    slot_id: UUID
    host_id: UUID
    staffing: Staffing
    starts_at: datetime
    ends_at: datetime


async def lock_ahead(tx: Tx, group_id: UUID, *, now: datetime) -> Sequence[Record]:
    """The open sessions whose hour is still to come, and those that a move has made begin before their day.
    Of either some have `begun`: their host may have ended them before their hour."""
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
        begun=row["begun"],
    )


def led(row: Record) -> Led:
    return Led(row["id"], row["host_id"], Staffing(row["staffing"]), row["starts_at"], row["ends_at"])


async def called_off(tx: Tx, group_id: UUID, *, now: datetime) -> list[datetime]:
    """Where the series had put those sessions that somebody has called off by hand."""
    return [row["series_start"] for row in await tx.fetch(CALLED_OFF, group_id, now)]


async def fullest(tx: Tx, group_id: UUID, *, now: datetime) -> int:
    """The most seats taken in a session that is not over."""
    return int(await tx.fetchval(FULLEST, group_id, now))


async def busy(tx: Tx, people: Sequence[UUID], *, now: datetime) -> list[Busy]:
    """Their open times and what they have promised to co-host."""
    return [
        Busy(row["person_id"], row["starts_at"], row["ends_at"], row["slot_id"])
        for row in await tx.fetch(BUSY, people, now)
    ]


async def name_co_hosts(tx: Tx, slot_ids: Sequence[UUID], people: Sequence[UUID]) -> None:
    """They are to be asked, apart from whoever hosts the session."""
    await tx.execute(NAME_CO_HOSTS, slot_ids, people)


async def drop_co_hosts(tx: Tx, slot_ids: Sequence[UUID], people: Sequence[UUID]) -> None:
    await tx.execute(DROP_CO_HOSTS, slot_ids, people)


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
    await ask_anew(tx, slot_ids)
    return True


async def ask_anew(tx: Tx, slot_ids: Sequence[UUID]) -> None:
    """Whoever was asked to stand in before may be asked again."""
    await tx.execute(ASK_ANEW, slot_ids)
