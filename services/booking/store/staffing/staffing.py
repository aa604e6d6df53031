"""Who hosts a session of a group: promises, co-hosts, and who has been asked to stand in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import ExclusionViolationError, Record

from services.booking.domain.staffing import Session
from services.contracts.booking.groups import Staffing
from services.runtime.db import Tx

SUITS = """
    (s.host_id = p.id
     OR EXISTS (SELECT FROM group_facilitator f WHERE f.group_id = s.group_id AND f.person_id = p.id)
     OR EXISTS (SELECT FROM co_host c WHERE c.slot_id = s.id AND c.person_id = p.id AND c.live)
     OR (p.languages && s.languages
         AND (s.theme_id = ANY (p.themes)
              OR EXISTS (SELECT FROM group_facilitator f JOIN peer_group o ON o.id = f.group_id
                         WHERE f.person_id = p.id AND o.theme_id = s.theme_id AND o.ended_at IS NULL))))
"""
TRAINED = "(p.trained OR p.role <> 'volunteer')"
# No time lasts longer than half a day, so that a look a day back finds all that lie across.
FREE = """
    (NOT EXISTS (SELECT FROM slot o
                 WHERE o.host_id = p.id AND o.id <> s.id AND o.state = 'open'
                   AND o.starts_at > s.starts_at - interval '1 day'
                   AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at)
     AND NOT EXISTS (SELECT FROM co_host o
                     WHERE o.person_id = p.id AND o.slot_id <> s.id AND o.live AND o.accepted_at IS NOT NULL
                       AND o.starts_at > s.starts_at - interval '1 day'
                       AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at))
"""
SESSION_COLUMNS = """
    s.id, s.state, s.starts_at, s.ends_at, s.ended_at, s.host_id, s.staffing, s.asked_at, s.alerted_at,
    s.told_missing_at, s.time_zone
"""
_ONE = "FROM slot s WHERE s.id = $1 AND s.group_id IS NOT NULL"
SESSION = f"SELECT {SESSION_COLUMNS} {_ONE}"
# Whoever promises to be somewhere at some hour waits here for their own other promises.
LOCK_PEOPLE = """
    SELECT id, disabled_at IS NULL AS serves FROM person
    WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
CO_HOSTS_THEN = """
    SELECT true FROM co_host
    WHERE person_id = $1 AND live AND accepted_at IS NOT NULL
      AND starts_at > $2::timestamptz - interval '1 day' AND starts_at < $3 AND ends_at > $2 LIMIT 1
"""
PROMISE_HOST = """
    UPDATE slot SET host_id = $2, staffing = 'accepted', version = version + 1, asked_at = NULL,
                    alerted_at = NULL, told_missing_at = NULL
    WHERE id = $1
"""
NAME_HOST = """
    UPDATE slot SET host_id = $2, staffing = 'asked', version = version + 1, asked_at = NULL WHERE id = $1
"""
SET_STAFFING = "UPDATE slot SET staffing = $2, version = version + 1, asked_at = NULL WHERE id = $1"
RAISE_VERSION = "UPDATE slot SET version = version + 1 WHERE id = $1"
ACCEPT_CO_HOST = "UPDATE co_host SET accepted_at = $3 WHERE slot_id = $1 AND person_id = $2 AND live"
NAME_CO_HOST = """
    INSERT INTO co_host (slot_id, person_id, starts_at, ends_at)
    SELECT id, $2, starts_at, ends_at FROM slot WHERE id = $1
    ON CONFLICT ON CONSTRAINT co_host_once DO UPDATE
        SET live = true, accepted_at = NULL, asked_at = NULL, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at
        WHERE NOT co_host.live
"""
REMOVE_CO_HOST = """
    UPDATE co_host SET live = false WHERE slot_id = $1 AND person_id = $2 AND live
    RETURNING accepted_at IS NOT NULL AS accepted
"""
FORGET_ASKED = "DELETE FROM stand_in_asked WHERE slot_id = $1 AND NOT cannot"
FORGET_ASKED_ONE = "DELETE FROM stand_in_asked WHERE slot_id = $1 AND person_id = $2"
CANNOT = """
    INSERT INTO stand_in_asked (slot_id, person_id, round, asked_at, cannot)
    SELECT id, $2, asked_round, $3, true FROM slot WHERE id = $1
    ON CONFLICT ON CONSTRAINT stand_in_asked_once DO UPDATE SET cannot = true
"""
LEADERS = """
    SELECT host_id AS person_id FROM slot WHERE id = $1 AND staffing <> 'needs_host'
    UNION SELECT person_id FROM co_host WHERE slot_id = $1 AND live AND accepted_at IS NOT NULL
    UNION SELECT f.person_id FROM group_facilitator f JOIN slot s ON s.group_id = f.group_id WHERE s.id = $1
"""
FACILITATES = """
    SELECT true FROM group_facilitator f JOIN slot s ON s.group_id = f.group_id
    WHERE s.id = $1 AND f.person_id = $2
"""
SESSIONS_OF_PERSON = """
    SELECT id FROM slot
    WHERE host_id = $1 AND group_id IS NOT NULL AND state = 'open' AND least(ends_at, ended_at) > $2
    UNION SELECT slot_id FROM co_host WHERE person_id = $1 AND live AND ends_at > $2
"""
LEAVE_HOSTING = """
    UPDATE slot SET staffing = 'needs_host', version = version + 1, asked_at = NULL
    WHERE id = ANY ($2::uuid[]) AND host_id = $1 AND state = 'open' AND staffing <> 'needs_host'
    RETURNING id
"""
LEAVE_CO_HOSTING = """
    WITH gone AS (UPDATE co_host SET live = false
                  WHERE person_id = $1 AND slot_id = ANY ($2::uuid[]) AND live RETURNING slot_id)
    UPDATE slot s SET version = s.version + 1 FROM gone WHERE s.id = gone.slot_id RETURNING s.id
"""


def session_of(row: Record) -> Session:
    ends_at, ended_at = row["ends_at"], row["ended_at"]
    return Session(
        slot_id=row["id"],
        open=row["state"] == "open",
        starts_at=row["starts_at"],
        over_at=min(ends_at, ended_at or ends_at),
        zone=ZoneInfo(row["time_zone"]),
        host_id=row["host_id"],
        staffing=Staffing(row["staffing"]),
        asked_at=row["asked_at"],
        alerted_at=row["alerted_at"],
        told_missing_at=row["told_missing_at"],
    )


async def session(tx: Tx, slot_id: UUID) -> Session | None:
    """None for a slot that is no group's."""
    row = await tx.fetchrow(SESSION, slot_id)
    return session_of(row) if row else None


async def lock_person(tx: Tx, person_id: UUID) -> bool:
    """After the slot, if one is locked: everybody locks in this order. Whether they serve, now that
    nobody else can shut them out before the commit."""
    return person_id in await lock_people(tx, [person_id])


async def lock_people(tx: Tx, people: Iterable[UUID | None]) -> set[UUID]:
    """The same of several at once, in the order of their ids; answers with those who serve."""
    rows = await tx.fetch(LOCK_PEOPLE, [person_id for person_id in people if person_id])
    return {row["id"] for row in rows if row["serves"]}


async def co_hosts_then(tx: Tx, person_id: UUID, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether they promised to co-host a session across that time. Ask with the person locked."""
    return bool(await tx.fetchval(CO_HOSTS_THEN, person_id, starts_at, ends_at))


async def promise_host(tx: Tx, slot_id: UUID, person_id: UUID) -> bool:
    """They will come, and no other search goes on. False when slot_no_overlap says they cannot."""
    try:
        await tx.execute(PROMISE_HOST, slot_id, person_id)
    except ExclusionViolationError:
        return False
    await tx.fetch(REMOVE_CO_HOST, slot_id, person_id)
    await tx.execute(FORGET_ASKED_ONE, slot_id, person_id)
    await tx.execute(FORGET_ASKED, slot_id)
    return True


async def name_host(tx: Tx, slot_id: UUID, person_id: UUID) -> bool:
    """They are to be asked. False when slot_no_overlap says they cannot."""
    try:
        await tx.execute(NAME_HOST, slot_id, person_id)
    except ExclusionViolationError:
        return False
    await tx.fetch(REMOVE_CO_HOST, slot_id, person_id)
    await tx.execute(FORGET_ASKED_ONE, slot_id, person_id)
    return True


async def set_staffing(tx: Tx, slot_id: UUID, staffing: Staffing) -> None:
    """Whoever was asked before may be asked again, but for those who cannot come."""
    await tx.execute(SET_STAFFING, slot_id, staffing)
    await tx.execute(FORGET_ASKED, slot_id)


async def accept_co_host(tx: Tx, slot_id: UUID, person_id: UUID, *, now: datetime) -> bool:
    """False when co_host_no_overlap says they cannot."""
    try:
        await tx.execute(ACCEPT_CO_HOST, slot_id, person_id, now)
    except ExclusionViolationError:
        return False
    await tx.execute(RAISE_VERSION, slot_id)
    return True


async def name_co_host(tx: Tx, slot_id: UUID, person_id: UUID) -> None:
    """Who is one already stays as they are."""
    await tx.execute(NAME_CO_HOST, slot_id, person_id)


async def remove_co_host(tx: Tx, slot_id: UUID, person_id: UUID) -> bool:
    """True when they had promised to come."""
    row = await tx.fetchrow(REMOVE_CO_HOST, slot_id, person_id)
    if row is None:
        return False
    await tx.execute(RAISE_VERSION, slot_id)
    return bool(row["accepted"])


async def note_cannot(tx: Tx, slot_id: UUID, person_id: UUID, *, now: datetime) -> None:
    """They have said that they cannot come; they are not asked to."""
    await tx.execute(CANNOT, slot_id, person_id, now)


async def leaders(tx: Tx, slot_id: UUID) -> set[UUID]:
    """Its host unless they gave it up, the co-hosts who have promised to come, and those who facilitate its
    group."""
    return {row["person_id"] for row in await tx.fetch(LEADERS, slot_id)}


async def facilitates(tx: Tx, slot_id: UUID, person_id: UUID) -> bool:
    """Whether they lead the group whose session it is, and not that session alone."""
    return bool(await tx.fetchval(FACILITATES, slot_id, person_id))


async def sessions_of_person(tx: Tx, person_id: UUID, *, now: datetime) -> list[UUID]:
    """What they host or co-host and is not over."""
    return [row["id"] for row in await tx.fetch(SESSIONS_OF_PERSON, person_id, now)]


async def leave_all(tx: Tx, person_id: UUID, slot_ids: Sequence[UUID]) -> set[UUID]:
    """Take somebody out of these sessions; answers with those that have changed."""
    hosted = await tx.fetch(LEAVE_HOSTING, person_id, slot_ids)
    co_hosted = await tx.fetch(LEAVE_CO_HOSTING, person_id, slot_ids)
    return {row["id"] for row in (*hosted, *co_hosted)}
