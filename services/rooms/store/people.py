"""Who is in a room or waits for it, as they said themselves by pressing join and leave."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from services.contracts.rooms import Here
from services.rooms.domain import Name, Presence
from services.runtime.db import Tx


class NumberJustTaken(Exception):
    """Somebody of the same name was given it in the same moment. Another try finds another number."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody pressed join. `name`: as they would like to be known."""

    slot_id: UUID
    who_id: UUID
    presence: Presence
    at: datetime
    name: Name
    hosts: bool = False
    stands_in: bool = False


TAKING_AT_ONCE = 100  # more than there are connections to the database


@dataclass(frozen=True)
class Came:
    """What came of an arrival: the number given to the name, and whether the presence is another now."""

    participant_id: UUID
    number: int
    changed: bool


# Right only while nobody else enters or leaves for the same person: the caller holds that. Of the free
# numbers of a name the first that nobody else is just taking; nobody waits. Who has just committed one
# is not seen and not holding it: the constraint finds that out.
ENTER = """
    WITH mine AS (
        SELECT presence,
            CASE WHEN name_digest = $6 AND $7 IN (1, name_number) THEN name_number END AS kept
        FROM participant WHERE slot_id = $2 AND who_id = $3),
    taken AS (
        SELECT name_number AS number FROM participant
        WHERE slot_id = $2 AND name_digest = $6 AND who_id <> $3),
    free AS MATERIALIZED (
        SELECT number FROM (
            SELECT $7::integer AS number, 1 AS choice
            UNION ALL
            SELECT number, 2
            FROM generate_series(2, 2 + $11 + (SELECT count(*) FROM taken)::integer) AS number) AS wishes
        WHERE number NOT IN (SELECT number FROM taken) ORDER BY choice, number),
    entered AS (
        INSERT INTO participant
            (participant_id, slot_id, who_id, hosts, stands_in, presence, since, name_digest, name_number)
        SELECT $1, $2, $3, $8, $9, $4, $5, $6, coalesce(
            (SELECT kept FROM mine),
            (SELECT number FROM free WHERE pg_try_advisory_xact_lock($10::bigint + number) LIMIT 1))
        ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET
            presence = excluded.presence, stands_in = excluded.stands_in,
            since = CASE WHEN participant.presence = excluded.presence THEN participant.since
                ELSE excluded.since END,
            name_digest = excluded.name_digest, name_number = excluded.name_number
        RETURNING participant_id, name_number),
    moved AS (SELECT $4 IS DISTINCT FROM (SELECT presence FROM mine) AS so),
    noted AS (
        INSERT INTO attendance (participant_id, source, what, at)
        SELECT participant_id, 'page', $4, $5 FROM entered, moved WHERE moved.so)
    SELECT participant_id, name_number, moved.so AS changed FROM entered, moved
"""
MAKE_ROOM_FOR_HOST = """
    UPDATE participant SET name_number = (
        SELECT min(free) FROM generate_series(2, 2 + (
            SELECT count(*) FROM participant WHERE slot_id = $1 AND name_digest = $2)::integer) AS free
        WHERE free NOT IN (
            SELECT name_number FROM participant WHERE slot_id = $1 AND name_digest = $2))
    WHERE slot_id = $1 AND name_digest = $2 AND name_number = $3 AND NOT hosts
"""


async def enter(tx: Tx, arrival: Arrival) -> Came:
    """Write down that a person pressed join; pressing it again where one is changes nothing.

    Nobody goes by a host's name: who came first and is called so gets another number when next asking.
    """
    slot_id, name = arrival.slot_id, arrival.name
    if arrival.hosts:
        await tx.execute(MAKE_ROOM_FOR_HOST, slot_id, name.digest, name.number)
    try:
        row = await tx.fetchrow(
            ENTER,
            *(uuid4(), slot_id, arrival.who_id, arrival.presence, arrival.at),
            *(name.digest, name.number, arrival.hosts, arrival.stands_in),
            *(int.from_bytes(name.digest[:7], "big"), TAKING_AT_ONCE),
        )
    except asyncpg.UniqueViolationError as error:
        raise NumberJustTaken from error
    assert row is not None, "it always enters"
    return Came(row["participant_id"], row["name_number"], row["changed"])


LEAVE = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE slot_id = $1 AND ($2::uuid IS NULL OR who_id = $2) AND presence = ANY($4::text[])
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
    RETURNING participant_id
"""
ANYWHERE = (Presence.WAITING, Presence.JOINED)


async def leave(
    tx: Tx, slot_id: UUID, who_id: UUID, now: datetime, *, where: Collection[Presence] = ANYWHERE
) -> bool:
    """True when the person was there."""
    return bool(await tx.fetch(LEAVE, slot_id, who_id, now, list(where)))


LEAVE_HOSTING = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE slot_id = $1 AND hosts AND NOT stands_in AND who_id <> ALL($2::uuid[]) AND presence <> 'away'
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
"""


async def leave_hosting(tx: Tx, slot_id: UUID, but: Collection[UUID], at: datetime) -> None:
    """Whoever hosts no longer is there no longer, except those who may always stand in."""
    await tx.execute(LEAVE_HOSTING, slot_id, but, at)


async def empty(tx: Tx, slot_id: UUID, now: datetime) -> None:
    """Everybody is gone: the meeting was ended or called off."""
    await tx.execute(LEAVE, slot_id, None, now, list(ANYWHERE))


LEAVE_OTHER_ROOMS = """
    WITH gone AS (
        UPDATE participant SET presence = 'away', since = $3
        WHERE who_id = $1 AND slot_id <> ALL($2::uuid[]) AND presence <> 'away'
        RETURNING participant_id)
    INSERT INTO attendance (participant_id, source, what, at)
    SELECT participant_id, 'page', 'left', $3 FROM gone
"""


HELPED_IN_OTHER_ROOMS = """
    UPDATE participant SET help_asked_at = NULL
    WHERE who_id = $1 AND slot_id <> ALL($2::uuid[]) AND help_asked_at IS NOT NULL
"""


async def leave_all_but(tx: Tx, who_id: UUID, stays_in: Collection[UUID], now: datetime) -> None:
    """A booking that was moved or cancelled waits no longer where it was, and needs no help there."""
    await tx.execute(LEAVE_OTHER_ROOMS, who_id, stays_in, now)
    await tx.execute(HELPED_IN_OTHER_ROOMS, who_id, stays_in)


ASK_FOR_HELP = """
    INSERT INTO participant (participant_id, slot_id, who_id, hosts, presence, since, help_asked_at)
    VALUES ($1, $2, $3, false, 'away', $4, $4)
    ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET help_asked_at = excluded.help_asked_at
    WHERE participant.help_asked_at IS NULL
    RETURNING participant_id
"""
NOTE_HELP = "INSERT INTO attendance (participant_id, source, what, at) VALUES ($1, 'page', 'help', $2)"


async def ask_for_help(tx: Tx, slot_id: UUID, who_id: UUID, now: datetime) -> bool:
    """Write down that a resident cannot get in. False when that was known already."""
    participant_id = await tx.fetchval(ASK_FOR_HELP, uuid4(), slot_id, who_id, now)
    if participant_id is None:
        return False
    await tx.execute(NOTE_HELP, participant_id, now)
    return True


HELPED_HERE = """
    UPDATE participant SET help_asked_at = NULL WHERE slot_id = $1 AND help_asked_at IS NOT NULL
"""


async def help_is_over(tx: Tx, slot_id: UUID) -> None:
    """Who could not get in then may well get in at the hour to which all was moved."""
    await tx.execute(HELPED_HERE, slot_id)


HELPED = "UPDATE participant SET help_asked_at = NULL WHERE participant_id = $1 AND help_asked_at <= $2"


async def got_in(tx: Tx, participant_id: UUID, at: datetime) -> None:
    """Seen in the room after asking: helped."""
    await tx.execute(HELPED, participant_id, at)


SEND_OUT = """
    INSERT INTO participant (participant_id, slot_id, who_id, hosts, presence, since, removed_at)
    VALUES ($1, $2, $3, false, 'away', $4, $4)
    ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET
        removed_at = coalesce(participant.removed_at, excluded.removed_at), help_asked_at = NULL
"""
LET_BACK = "UPDATE participant SET removed_at = NULL WHERE slot_id = $1 AND who_id = $2"


async def send_out(tx: Tx, slot_id: UUID, who_id: UUID, now: datetime) -> None:
    """Away from here, and not let in again."""
    await leave(tx, slot_id, who_id, now)
    await tx.execute(SEND_OUT, uuid4(), slot_id, who_id, now)


async def let_back(tx: Tx, slot_id: UUID, who_id: UUID) -> None:
    await tx.execute(LET_BACK, slot_id, who_id)


PRESENT = """
    SELECT who_id, hosts, presence, since, removed_at IS NOT NULL AS removed,
        name_number AS number
    FROM participant WHERE slot_id = $1
    ORDER BY hosts DESC, presence DESC, since, participant_id LIMIT $2
"""


async def present(tx: Tx, slot_id: UUID, limit: int) -> list[Here]:
    """Hosts first, then those who wait, those inside and those who were."""
    return [
        Here(
            who_id=row["who_id"],
            hosts=row["hosts"],
            presence=row["presence"],
            since=row["since"],
            removed=row["removed"],
            number=row["number"],
        )
        for row in await tx.fetch(PRESENT, slot_id, limit)
    ]
