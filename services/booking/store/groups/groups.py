"""Groups: what they are, who leads them, and the series of their sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from services.booking.store.directory.catalogue import host_of
from services.contracts.booking.catalogue import Host, SlotKind, Words
from services.contracts.booking.groups import AddGroup, ChangeGroup, Group, ListGroups, Series
from services.runtime.db import Tx

_COLUMNS = """
    g.id, g.name_fi, g.name_sv, g.name_en, g.description_fi, g.description_sv, g.description_en, g.is_open,
    g.theme_id, g.organisation_id, o.name AS organisation_name, g.languages, g.capacity, g.kind,
    g.whole_series, g.by_acceptance, g.room_limit, g.series, g.version, g.ended_at, n.next_starts_at
"""
# The next session: of an open group the one going on counts, since one may still come to it.
_FROM = """
    FROM peer_group g JOIN organisation o ON o.id = g.organisation_id
    CROSS JOIN LATERAL (
        SELECT min(s.starts_at) AS next_starts_at FROM slot s
        WHERE s.group_id = g.id AND s.state = 'open'
          AND (s.starts_at > $1 OR (g.is_open AND coalesce(s.ended_at, s.ends_at) > $1))
    ) n
"""
GROUP = f"SELECT {_COLUMNS} {_FROM} WHERE g.id = $2"
GROUPS = f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE g.ended_at IS NULL
      AND ($2::text IS NULL OR g.theme_id = $2)
      AND ($3::text IS NULL OR $3 = ANY (g.languages))
      AND ($4::uuid IS NULL OR g.organisation_id = $4)
      AND ($6::uuid IS NULL
           OR (coalesce(n.next_starts_at, 'infinity'), g.id) > (coalesce($5::timestamptz, 'infinity'), $6))
    ORDER BY n.next_starts_at NULLS LAST, g.id LIMIT $7
"""
_LED = """
    WHERE ($2::uuid IS NULL OR g.id IN (SELECT group_id FROM group_facilitator WHERE person_id = $2))
"""
MANAGED_GROUPS = f"""
    SELECT {_COLUMNS} {_FROM} {_LED}
      AND ($5::uuid IS NULL
           OR (g.ended_at IS NOT NULL, coalesce(n.next_starts_at, 'infinity'), g.id)
              > ($3::boolean, coalesce($4::timestamptz, 'infinity'), $5))
    ORDER BY g.ended_at IS NOT NULL, n.next_starts_at NULLS LAST, g.id LIMIT $6
"""
FACILITATORS = """
    SELECT f.group_id, p.id AS host_id, p.display_name, p.organisation_id,
           coalesce(o.name, '') AS organisation, p.disabled_at
    FROM group_facilitator f JOIN person p ON p.id = f.person_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE f.group_id = ANY ($1::uuid[]) ORDER BY f.group_id, f.position
"""
ADD_GROUP = """
    INSERT INTO peer_group (id, name_fi, name_sv, name_en, description_fi, description_sv, description_en,
                            is_open, theme_id, organisation_id, languages, capacity, kind, whole_series,
                            by_acceptance, room_limit, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
CHANGE_GROUP = """
    UPDATE peer_group
    SET name_fi = $2, name_sv = $3, name_en = $4, description_fi = $5, description_sv = $6,
        description_en = $7, theme_id = $8, organisation_id = $9, languages = $10, capacity = $11,
        by_acceptance = $12, room_limit = $13, version = version + 1
    WHERE id = $1
"""
FORGET_FACILITATORS = "DELETE FROM group_facilitator WHERE group_id = $1"
SET_FACILITATORS = """
    INSERT INTO group_facilitator (group_id, person_id, position)
    SELECT $1, person_id, position FROM unnest($2::uuid[]) WITH ORDINALITY AS f (person_id, position)
"""
SET_SERIES = "UPDATE peer_group SET series = $2, version = version + 1 WHERE id = $1"
END_GROUP = "UPDATE peer_group SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING true"
WAITING_PARTIES = """
    SELECT count(DISTINCT e.id) FROM enrolment e
    JOIN booking b ON b.enrolment_id = e.id JOIN slot s ON s.id = b.slot_id
    WHERE e.group_id = $1 AND e.accompanies IS NULL AND b.status = 'waiting'
      AND s.state = 'open' AND s.ends_at > $2
"""


@dataclass(frozen=True)
class GroupRow:
    """A group as it lies in its tables. `leaders` are its facilitators who still serve."""

    group: Group
    organisation_id: UUID
    room_limit: int | None
    series: Series | None
    version: int
    facilitators: Sequence[Host] = field(default_factory=tuple)
    leaders: Sequence[UUID] = field(default_factory=tuple)

    @property
    def id(self) -> UUID:
        return self.group.id


async def group(tx: Tx, group_id: UUID, *, now: datetime) -> GroupRow | None:
    row = await tx.fetchrow(GROUP, now, group_id)
    return (await _with_facilitators(tx, [row]))[0] if row else None


async def groups(
    tx: Tx,
    wanted: ListGroups,
    *,
    now: datetime,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> Sequence[Group]:
    """Those that go on; first by their next session."""
    rows = await tx.fetch(GROUPS, now, wanted.theme, wanted.language, wanted.organisation, *after, limit)
    return [_group(row) for row in rows]


async def managed_groups(
    tx: Tx,
    *,
    facilitator: UUID | None,
    now: datetime,
    after: tuple[bool | None, datetime | None, UUID | None],
    limit: int,
) -> Sequence[GroupRow]:
    """Those somebody facilitates, or all; ended ones last."""
    rows = await tx.fetch(MANAGED_GROUPS, now, facilitator, *after, limit)
    return await _with_facilitators(tx, rows)


async def add_group(tx: Tx, group_id: UUID, new: AddGroup, *, now: datetime) -> None:
    await tx.execute(
        ADD_GROUP,
        group_id,
        *_words(new.name),
        *_words(new.description),
        new.open,
        new.theme,
        new.organisation_id,
        new.languages,
        new.capacity,
        new.kind,
        new.whole_series,
        new.by_acceptance,
        new.room_limit,
        now,
    )


async def change_group(tx: Tx, after: ChangeGroup) -> None:
    await tx.execute(
        CHANGE_GROUP,
        after.group_id,
        *_words(after.name),
        *_words(after.description),
        after.theme,
        after.organisation_id,
        after.languages,
        after.capacity,
        after.by_acceptance,
        after.room_limit,
    )


async def set_facilitators(tx: Tx, group_id: UUID, people: Sequence[UUID]) -> None:
    await tx.execute(FORGET_FACILITATORS, group_id)
    await tx.execute(SET_FACILITATORS, group_id, people)


async def set_series(tx: Tx, group_id: UUID, series: Series) -> None:
    await tx.execute(SET_SERIES, group_id, series)


async def end_group(tx: Tx, group_id: UUID, *, now: datetime) -> bool:
    """False when it had ended before."""
    return bool(await tx.fetchval(END_GROUP, group_id, now))


async def waiting_parties(tx: Tx, group_id: UUID, *, now: datetime) -> int:
    return int(await tx.fetchval(WAITING_PARTIES, group_id, now))


async def _with_facilitators(tx: Tx, rows: Sequence[Record]) -> Sequence[GroupRow]:
    """One row for each person that leads one of them, put to the group they lead."""
    leading = await tx.fetch(FACILITATORS, [row["id"] for row in rows])
    return [
        GroupRow(
            group=_group(row),
            organisation_id=row["organisation_id"],
            room_limit=row["room_limit"],
            series=msgspec.convert(row["series"], Series) if row["series"] else None,
            version=row["version"],
            facilitators=[host_of(f) for f in leading if f["group_id"] == row["id"]],
            leaders=[
                f["host_id"] for f in leading if f["group_id"] == row["id"] and f["disabled_at"] is None
            ],
        )
        for row in rows
    ]


def _words(words: Words) -> tuple[str, str, str]:
    return words.fi.strip(), words.sv.strip(), words.en.strip()


def _group(row: Record) -> Group:
    return Group(
        id=row["id"],
        name=Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"]),
        description=Words(fi=row["description_fi"], sv=row["description_sv"], en=row["description_en"]),
        open=row["is_open"],
        theme=row["theme_id"],
        organisation=row["organisation_name"],
        languages=row["languages"],
        capacity=row["capacity"],
        next_starts_at=row["next_starts_at"],
        kind=SlotKind(row["kind"]),
        whole_series=row["whole_series"],
        by_acceptance=row["by_acceptance"],
        ended=row["ended_at"] is not None,
    )
