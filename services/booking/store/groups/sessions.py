"""The sessions of groups, as those who look at them see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.booking.domain.groups import room_limit
from services.booking.store.directory.catalogue import host_of
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.groups import GroupSession, ManagedSession, Staffing
from services.contracts.booking.slots import SlotState
from services.runtime.db import Tx

_HOST = """
    p.id AS host_id, p.display_name, p.organisation_id, coalesce(o.name, '') AS organisation
"""
_WITH_HOST = """
    FROM slot s JOIN person p ON p.id = s.host_id LEFT JOIN organisation o ON o.id = p.organisation_id
"""
_NUMBERS = """
    (SELECT count(*) FROM booking b
     WHERE b.slot_id = s.id AND b.accompanies IS NULL AND b.status = 'waiting') AS waiting,
    (SELECT count(*) FROM booking b
     WHERE b.slot_id = s.id AND b.accompanies IS NULL AND b.status = 'applied') AS applied
"""
AHEAD = f"""
    SELECT s.id, s.starts_at, s.ends_at, s.time_zone, s.capacity, s.taken, s.staffing, {_HOST}, {_NUMBERS}
    {_WITH_HOST}
    WHERE s.group_id = $1 AND s.state = 'open' AND coalesce(s.ended_at, s.ends_at) > $2
    ORDER BY s.starts_at, s.id LIMIT $3
"""
FIRST_STARTS_AT = "SELECT min(starts_at) FROM slot WHERE group_id = $1 AND state = 'open'"
WHO_HAVE_PROMISED = """
    SELECT host_id AS person_id FROM slot
    WHERE group_id = $1 AND staffing IN ('accepted', 'stand_in_wanted')
    UNION
    SELECT c.person_id FROM co_host c JOIN slot s ON s.id = c.slot_id
    WHERE s.group_id = $1 AND c.accepted_at IS NOT NULL
"""
_MANAGED = f"""
    SELECT s.id, s.state, s.starts_at, s.ends_at, s.time_zone, s.capacity, s.taken, s.staffing,
           s.series_start, {_HOST}, {_NUMBERS} {_WITH_HOST}
"""
MANAGED = f"""
    {_MANAGED} WHERE s.group_id = $1 AND s.state <> 'withdrawn' AND s.starts_at > $2
    ORDER BY s.starts_at, s.id LIMIT $3
"""
MANAGED_ONE = f"{_MANAGED} WHERE s.id = $1 AND s.group_id IS NOT NULL"
_CO_HOSTS = """
    FROM co_host c JOIN person p ON p.id = c.person_id LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE c.slot_id = ANY ($1::uuid[]) AND c.live ORDER BY c.slot_id, p.display_name, p.id
"""
CO_HOSTS = f"SELECT c.slot_id, {_HOST} {_CO_HOSTS}"
AS_IT_IS = """
    SELECT s.id, s.kind, s.host_id, s.staffing, s.starts_at, s.ends_at, s.version, s.capacity, g.room_limit,
           ARRAY(SELECT c.person_id FROM co_host c
                 WHERE c.slot_id = s.id AND c.live AND c.accepted_at IS NOT NULL
                 ORDER BY c.person_id) AS co_hosts,
           (SELECT count(*) FROM co_host c WHERE c.slot_id = s.id AND c.live) AS named
    FROM slot s JOIN peer_group g ON g.id = s.group_id
    WHERE s.id = ANY ($1::uuid[]) ORDER BY s.starts_at, s.id
"""


@dataclass(frozen=True)
class SessionAsItIs:
    """What others are told of a session. `hosts`: those who have promised to open or moderate it."""

    slot_id: UUID
    kind: SlotKind
    host_id: UUID
    hosts: list[UUID]
    starts_at: datetime
    ends_at: datetime
    room_limit: int
    version: int


async def as_they_are(tx: Tx, slot_ids: Sequence[UUID]) -> Sequence[SessionAsItIs]:
    """In the order of their start; a slot that is no group's is left out."""
    return [_as_it_is(row) for row in await tx.fetch(AS_IT_IS, slot_ids)]


def _as_it_is(row: Record) -> SessionAsItIs:
    promised = row["staffing"] in (Staffing.ACCEPTED, Staffing.STAND_IN_WANTED)
    hosts = [row["host_id"]] if promised else []
    return SessionAsItIs(
        slot_id=row["id"],
        kind=SlotKind(row["kind"]),
        host_id=row["host_id"],
        hosts=[*hosts, *row["co_hosts"]],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        room_limit=room_limit(row["room_limit"], capacity=row["capacity"], hosts=1 + row["named"]),
        version=row["version"],
    )


async def ahead(tx: Tx, group_id: UUID, *, now: datetime, limit: int) -> Sequence[GroupSession]:
    """As anyone may see them, one going on now included."""
    return [
        GroupSession(
            slot_id=row["id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            time_zone=row["time_zone"],
            capacity=row["capacity"],
            seats_left=row["capacity"] - row["taken"],
            staffed=row["staffing"] in (Staffing.ACCEPTED, Staffing.STAND_IN_WANTED),
            host=host_of(row),
            waiting=row["waiting"],
        )
        for row in await tx.fetch(AHEAD, group_id, now, limit)
    ]


async def first_starts_at(tx: Tx, group_id: UUID) -> datetime | None:
    """When a group begins, or began."""
    moment: datetime | None = await tx.fetchval(FIRST_STARTS_AT, group_id)
    return moment


async def who_have_promised(tx: Tx, group_id: UUID) -> set[UUID]:
    """Those who lead, or led, at least one of a group's sessions by their own word."""
    return {row["person_id"] for row in await tx.fetch(WHO_HAVE_PROMISED, group_id)}


async def managed(tx: Tx, group_id: UUID, *, since: datetime, limit: int) -> Sequence[ManagedSession]:
    rows = await tx.fetch(MANAGED, group_id, since, limit)
    return await _managed(tx, rows)


async def managed_one(tx: Tx, slot_id: UUID) -> ManagedSession | None:
    found = await _managed(tx, await tx.fetch(MANAGED_ONE, slot_id))
    return found[0] if found else None


async def _managed(tx: Tx, rows: Sequence[Record]) -> Sequence[ManagedSession]:
    co_hosts: dict[UUID, list[Host]] = {row["id"]: [] for row in rows}
    for row in await tx.fetch(CO_HOSTS, list(co_hosts)):
        co_hosts[row["slot_id"]].append(host_of(row))
    return [
        ManagedSession(
            slot_id=row["id"],
            state=SlotState(row["state"]),
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            time_zone=row["time_zone"],
            capacity=row["capacity"],
            taken=row["taken"],
            waiting=row["waiting"],
            applied=row["applied"],
            staffing=Staffing(row["staffing"]),
            host=host_of(row),
            co_hosts=co_hosts[row["id"]],
            series_start=row["series_start"],
        )
        for row in rows
    ]
