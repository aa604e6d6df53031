"""Groups: what they are and who leads them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.contracts.booking.catalogue import Words
from services.contracts.booking.groups import AddGroup, Group
from services.runtime.db import Tx

GROUPS = """
    SELECT g.id, g.name_fi, g.name_sv, g.name_en, g.description_fi, g.description_sv, g.description_en,
           g.is_open, g.theme_id, o.name AS organisation, g.languages, g.capacity,
           (SELECT min(s.starts_at) FROM slot s
            WHERE s.group_id = g.id AND s.state = 'open' AND s.starts_at > $1) AS next_starts_at
    FROM peer_group g JOIN organisation o ON o.id = g.organisation_id
    WHERE $2::uuid IS NULL OR g.id > $2
    ORDER BY g.id LIMIT $3
"""
ADD_GROUP = """
    INSERT INTO peer_group (id, name_fi, name_sv, name_en, description_fi, description_sv, description_en,
                            is_open, theme_id, organisation_id, languages, capacity, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
GROUP = """
    SELECT g.id, g.name_fi, g.name_sv, g.name_en, g.description_fi, g.description_sv, g.description_en,
           g.is_open, g.theme_id, o.name AS organisation, g.languages, g.capacity,
           NULL::timestamptz AS next_starts_at
    FROM peer_group g JOIN organisation o ON o.id = g.organisation_id
    WHERE g.id = $1
"""
LOCK_GROUP = "SELECT id FROM peer_group WHERE id = $1 FOR UPDATE"


async def lock(tx: Tx, group_id: UUID) -> None:
    """Keep others from moving this group's seats. The group comes before its slots and bookings."""
    await tx.fetchval(LOCK_GROUP, group_id)


async def groups(tx: Tx, *, now: datetime, after: UUID | None, limit: int) -> Sequence[Group]:
    return [_group(row) for row in await tx.fetch(GROUPS, now, after, limit)]


async def add_group(tx: Tx, group_id: UUID, new: AddGroup, *, now: datetime) -> Group:
    await tx.execute(
        ADD_GROUP,
        group_id,
        new.name.fi,
        new.name.sv,
        new.name.en,
        new.description.fi,
        new.description.sv,
        new.description.en,
        new.open,
        new.theme,
        new.organisation_id,
        new.languages,
        new.capacity,
        now,
    )
    row = await tx.fetchrow(GROUP, group_id)
    assert row is not None
    return _group(row)


async def group_exists(tx: Tx, group_id: UUID) -> bool:
    return await tx.fetchrow(GROUP, group_id) is not None


def _group(row: Record) -> Group:
    return Group(
        id=row["id"],
        name=Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"]),
        description=Words(fi=row["description_fi"], sv=row["description_sv"], en=row["description_en"]),
        open=row["is_open"],
        theme=row["theme_id"],
        organisation=row["organisation"],
        languages=row["languages"],
        capacity=row["capacity"],
        next_starts_at=row["next_starts_at"],
    )
