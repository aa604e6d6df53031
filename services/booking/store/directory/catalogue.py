"""What residents look through: themes, hosts with free times, free slots."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.contracts.booking.catalogue import FindSlots, FreeSlot, Host, PublicHost, SlotKind
from services.runtime.db import Tx

THEME_EXISTS = "SELECT true FROM theme WHERE id = $1"
THEMES_EXIST = "SELECT count(*) FROM theme WHERE id = ANY ($1::text[])"
HOSTS = """
    SELECT p.id, p.display_name, p.languages, p.organisation_id, coalesce(o.name, '') AS organisation,
           f.themes
    FROM person p
    LEFT JOIN organisation o ON o.id = p.organisation_id
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT s.theme_id) AS themes FROM slot s
        WHERE s.host_id = p.id AND s.starts_at > $1
          AND s.state = 'open' AND s.taken < s.capacity AND s.bookable_until > $1
    ) f
    WHERE p.disabled_at IS NULL AND f.themes IS NOT NULL
      AND ($2::text IS NULL OR p.id IN (
          SELECT s.host_id FROM slot s
          WHERE s.theme_id = $2 AND s.starts_at > $1
            AND s.state = 'open' AND s.taken < s.capacity AND s.bookable_until > $1))
      AND ($3::uuid IS NULL OR p.organisation_id = $3)
      AND ($4::uuid IS NULL OR p.id > $4)
    ORDER BY p.id LIMIT $5
"""
# A session of a group for the whole series is no time by itself: one enrols for all of them.
FREE_SLOTS = """
    SELECT s.id, s.kind, s.starts_at, s.ends_at, s.time_zone, s.theme_id, s.languages, s.capacity, s.taken,
           s.group_id, p.id, p.display_name, p.organisation_id, coalesce(o.name, '')
    FROM slot s
    JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE s.state = 'open' AND s.taken < s.capacity AND p.disabled_at IS NULL
      AND s.starts_at >= $1 AND s.starts_at < $2 AND s.bookable_until > $3
      AND (s.group_id IS NULL
           OR NOT EXISTS (SELECT FROM peer_group g WHERE g.id = s.group_id AND g.whole_series))
      AND ($4::text IS NULL OR s.theme_id = $4)
      AND ($5::uuid IS NULL OR p.organisation_id = $5)
      AND ($6::uuid IS NULL OR s.host_id = $6)
      AND ($7::text IS NULL OR $7 = ANY (s.languages))
      AND ($8::text IS NULL OR s.kind = $8)
      AND ($9::timestamptz IS NULL OR (s.starts_at, s.id) > ($9, $10::uuid))
    ORDER BY s.starts_at, s.id LIMIT $11
"""
FREE_SLOT = """
    SELECT s.id, s.kind, s.starts_at, s.ends_at, s.time_zone, s.theme_id, s.languages, s.capacity, s.taken,
           s.group_id, p.id, p.display_name, p.organisation_id, coalesce(o.name, '')
    FROM slot s
    JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE s.id = $1 AND s.state = 'open' AND s.taken < s.capacity AND p.disabled_at IS NULL
      AND s.bookable_until > $2
      AND (s.group_id IS NULL
           OR NOT EXISTS (SELECT FROM peer_group g WHERE g.id = s.group_id AND g.whole_series))
"""

# An enumeration called with a value takes longer than all else that is done for a row.
_KINDS: dict[str, SlotKind] = {kind.value: kind for kind in SlotKind}


async def theme_exists(tx: Tx, theme_id: str) -> bool:
    return bool(await tx.fetchval(THEME_EXISTS, theme_id))


async def themes_exist(tx: Tx, theme_ids: Sequence[str]) -> bool:
    """All of them, each named once."""
    return int(await tx.fetchval(THEMES_EXIST, theme_ids)) == len(theme_ids)


async def hosts(
    tx: Tx, *, now: datetime, theme: str | None, organisation: UUID | None, after: UUID | None, limit: int
) -> Sequence[PublicHost]:
    rows = await tx.fetch(HOSTS, now, theme, organisation, after, limit)
    return [
        PublicHost(
            id=row["id"],
            display_name=row["display_name"],
            organisation=row["organisation"],
            organisation_id=row["organisation_id"],
            languages=row["languages"],
            themes=row["themes"],
        )
        for row in rows
    ]


async def free_slots(
    tx: Tx, wanted: FindSlots, *, now: datetime, after: tuple[datetime | None, UUID | None], limit: int
) -> Sequence[FreeSlot]:
    rows = await tx.fetch(
        FREE_SLOTS,
        wanted.from_at,
        wanted.to_at,
        now,
        wanted.theme,
        wanted.organisation,
        wanted.host,
        wanted.language,
        wanted.kind,
        *after,
        limit,
    )
    return _slots_of(rows)


async def free_slot(tx: Tx, slot_id: UUID, *, now: datetime) -> Sequence[FreeSlot]:
    """That one time, or nothing when it is free no more."""
    row = await tx.fetchrow(FREE_SLOT, slot_id, now)
    return _slots_of([row] if row else [])


def host_of(row: Record) -> Host:
    return Host(
        id=row["host_id"],
        display_name=row["display_name"],
        organisation=row["organisation"],
        organisation_id=row["organisation_id"],
    )


def _slots_of(rows: Sequence[Record]) -> list[FreeSlot]:
    """Rows have their columns in this order: asking for each by name takes longer than all the rest."""
    return [
        FreeSlot(
            id=slot_id,
            kind=_KINDS[kind],
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=zone,
            host=Host(host_id, name, organisation, organisation_id),
            theme=theme,
            languages=languages,
            capacity=capacity,
            seats_left=capacity - taken,
            group_id=group_id,
        )
        for (
            slot_id, kind, starts_at, ends_at, zone, theme, languages, capacity, taken,
            group_id, host_id, name, organisation_id, organisation,
        ) in rows
    ]  # fmt: skip
