"""Weekly hours and the slots made from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from asyncpg import Record

from services.booking.domain.hours import Stretch
from services.booking.store.staffing.staffing import lock_person
from services.contracts.booking.receptions import Hours, HoursException
from services.runtime.db import Tx

RECEPTION = """
    SELECT id, host_id, theme_id, time_zone, weekday, starts, ends, slot_minutes, gap_minutes, valid_from,
           valid_until, languages, notice_hours, horizon_days, skip_holidays, exceptions
    FROM reception WHERE id = $1 AND removed_at IS NULL
"""
LOCK_RECEPTION = "SELECT id FROM reception WHERE id = $1 AND removed_at IS NULL FOR UPDATE"
RECEPTIONS = """
    SELECT id, host_id, theme_id, time_zone, weekday, starts, ends, slot_minutes, gap_minutes, valid_from,
           valid_until, languages, notice_hours, horizon_days, skip_holidays, exceptions
    FROM reception
    WHERE removed_at IS NULL AND ($1::uuid IS NULL OR host_id = $1) AND ($2::uuid IS NULL OR id > $2)
    ORDER BY id LIMIT $3
"""
PUT_RECEPTION = """
    INSERT INTO reception (id, host_id, theme_id, time_zone, weekday, starts, ends, slot_minutes,
                           gap_minutes, valid_from, valid_until, languages, notice_hours, horizon_days,
                           skip_holidays, exceptions, made_until, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
    ON CONFLICT (id) DO UPDATE SET
        theme_id = $3, weekday = $5, starts = $6, ends = $7, slot_minutes = $8, gap_minutes = $9,
        valid_from = $10, valid_until = $11, languages = $12, notice_hours = $13, horizon_days = $14,
        skip_holidays = $15, exceptions = $16, made_until = $17
"""
REMOVE_RECEPTION = "UPDATE reception SET removed_at = $2 WHERE id = $1"
DUE_FOR_MORE = """
    SELECT r.id FROM reception r JOIN person p ON p.id = r.host_id
    WHERE r.removed_at IS NULL AND p.disabled_at IS NULL
      AND r.made_until < least($1::date + r.horizon_days, r.valid_until)
    ORDER BY r.made_until LIMIT 1 FOR UPDATE OF r SKIP LOCKED
"""
MADE_UNTIL = "UPDATE reception SET made_until = $2 WHERE id = $1"
MAKE_ANEW = "UPDATE reception SET made_until = $2 WHERE host_id = $1 AND removed_at IS NULL"
LOCK_OPEN_SLOTS = """
    SELECT id, starts_at, ends_at, local_start, theme_id, languages, taken
    FROM slot WHERE reception_id = $1 AND state = 'open' AND starts_at > $2 ORDER BY id FOR UPDATE
"""
KNOWN_STARTS = """
    SELECT starts_at FROM slot WHERE reception_id = $1 AND state <> 'withdrawn' AND starts_at > $2
"""
MAKE_SLOTS = """
    INSERT INTO slot (id, kind, host_id, theme_id, reception_id, starts_at, ends_at, local_start, time_zone,
                      languages, capacity, bookable_until, created_at)
    SELECT gen_random_uuid(), 'appointment', $1, $2, $3, w.starts_at, w.ends_at, w.local_start, $4,
           $5, 1, w.starts_at - $6::interval, $7
    FROM unnest($8::timestamptz[], $9::timestamptz[], $10::timestamp[])
         AS w (starts_at, ends_at, local_start)
    WHERE NOT EXISTS (
        SELECT FROM co_host c
        WHERE c.person_id = $1 AND c.live AND c.accepted_at IS NOT NULL
          AND c.starts_at < w.ends_at AND c.ends_at > w.starts_at)
    ON CONFLICT DO NOTHING
    RETURNING starts_at
"""
WITHDRAW = "UPDATE slot SET state = 'withdrawn' WHERE id = ANY ($1::uuid[])"
SET_NOTICE = """
    UPDATE slot SET bookable_until = least(starts_at - $2::interval, ended_at) WHERE id = ANY ($1::uuid[])
"""


@dataclass(frozen=True)
class Rule:
    """A reception as it lies in the table."""

    id: UUID
    host_id: UUID
    time_zone: str
    hours: Hours


@dataclass(frozen=True)
class OpenSlot:
    """A slot that a rule has made and that is still on."""

    id: UUID
    stretch: Stretch
    theme: str
    languages: list[str]
    booked: bool


def _rule(row: Record) -> Rule:
    hours = Hours(
        theme=row["theme_id"],
        weekday=row["weekday"],
        starts=row["starts"],
        ends=row["ends"],
        slot_minutes=row["slot_minutes"],
        gap_minutes=row["gap_minutes"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        languages=row["languages"],
        notice_hours=row["notice_hours"],
        horizon_days=row["horizon_days"],
        skip_holidays=row["skip_holidays"],
        exceptions=msgspec.convert(row["exceptions"], list[HoursException]),
    )
    return Rule(id=row["id"], host_id=row["host_id"], time_zone=row["time_zone"], hours=hours)


async def rule(tx: Tx, reception_id: UUID) -> Rule | None:
    row = await tx.fetchrow(RECEPTION, reception_id)
    return _rule(row) if row else None


async def lock_rule(tx: Tx, reception_id: UUID) -> None:
    await tx.fetchval(LOCK_RECEPTION, reception_id)


async def rules(tx: Tx, *, host_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Rule]:
    return [_rule(row) for row in await tx.fetch(RECEPTIONS, host_id, after, limit)]


async def put_rule(tx: Tx, new: Rule, *, made_until: date, now: datetime) -> None:
    hours = new.hours
    await tx.execute(
        PUT_RECEPTION,
        new.id,
        new.host_id,
        hours.theme,
        new.time_zone,
        hours.weekday,
        hours.starts,
        hours.ends,
        hours.slot_minutes,
        hours.gap_minutes,
        hours.valid_from,
        hours.valid_until,
        hours.languages,
        hours.notice_hours,
        hours.horizon_days,
        hours.skip_holidays,
        hours.exceptions,
        made_until,
        now,
    )


async def remove_rule(tx: Tx, reception_id: UUID, *, now: datetime) -> None:
    await tx.execute(REMOVE_RECEPTION, reception_id, now)


async def rule_due_for_more(tx: Tx, today: date) -> UUID | None:
    """One rule whose slots do not reach its horizon yet, locked; copies of the service share them."""
    reception_id: UUID | None = await tx.fetchval(DUE_FOR_MORE, today)
    return reception_id


async def make_anew(tx: Tx, host_id: UUID, *, from_day: date) -> None:
    """Let the job that extends rules look at all of this host's days from then on."""
    await tx.execute(MAKE_ANEW, host_id, from_day)


async def set_made_until(tx: Tx, reception_id: UUID, day: date) -> None:
    await tx.execute(MADE_UNTIL, reception_id, day)


async def lock_open_slots(tx: Tx, reception_id: UUID, *, now: datetime) -> Sequence[OpenSlot]:
    """The rule's open future slots; from here on nobody books one of them until the commit."""
    return [
        OpenSlot(
            id=row["id"],
            stretch=Stretch(row["starts_at"], row["ends_at"], row["local_start"]),
            theme=row["theme_id"],
            languages=row["languages"],
            booked=row["taken"] > 0,
        )
        for row in await tx.fetch(LOCK_OPEN_SLOTS, reception_id, now)
    ]


async def known_starts(tx: Tx, reception_id: UUID, *, now: datetime) -> set[datetime]:
    """Starts the rule has already used, also those its host has cancelled: they are not made again."""
    return {row["starts_at"] for row in await tx.fetch(KNOWN_STARTS, reception_id, now)}


async def make_slots(tx: Tx, of: Rule, stretches: Sequence[Stretch], *, now: datetime) -> set[datetime]:
    """Publish these; answers with the starts that could be. The others overlap something, if only a
    session that the host has promised to co-host. None can be of one who serves no longer."""
    if not await lock_person(tx, of.host_id):
        return set()
    rows = await tx.fetch(
        MAKE_SLOTS,
        of.host_id,
        of.hours.theme,
        of.id,
        of.time_zone,
        of.hours.languages,
        timedelta(hours=of.hours.notice_hours),
        now,
        [stretch.starts_at for stretch in stretches],
        [stretch.ends_at for stretch in stretches],
        [stretch.local_start for stretch in stretches],
    )
    return {row["starts_at"] for row in rows}


async def withdraw(tx: Tx, slot_ids: Sequence[UUID]) -> None:
    await tx.execute(WITHDRAW, slot_ids)


async def set_notice(tx: Tx, slot_ids: Sequence[UUID], notice: timedelta) -> None:
    await tx.execute(SET_NOTICE, slot_ids, notice)
