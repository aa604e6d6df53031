"""What Jitsi saw of people's connections: it may say so twice, late, or in the wrong order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.rooms.domain import Presence
from services.runtime.db import Tx


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in a room. `connected`: by any connection. `ended`: the one asked about.

    `stands_in`: as a coordinator. `removed`: they were sent out.
    """

    slot_id: UUID
    who_id: UUID
    hosts: bool
    stands_in: bool
    removed: bool
    presence: Presence
    since: datetime
    connected: bool
    ended: bool


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One connection of one participant; `connection` is a digest of Jitsi's address of it."""

    participant_id: UUID
    connection: bytes
    joined_at: datetime | None
    left_at: datetime | None


SLOT_OF_PARTICIPANT = "SELECT slot_id FROM participant WHERE participant_id = $1"


async def slot_of_participant(tx: Tx, participant_id: UUID) -> UUID | None:
    slot_id: UUID | None = await tx.fetchval(SLOT_OF_PARTICIPANT, participant_id)
    return slot_id


NOTE = """
    INSERT INTO attendance (participant_id, source, what, connection, at)
    SELECT participant_id, 'jitsi', $3, $4, $5 FROM participant
    WHERE participant_id = $1 AND slot_id = $2
    ON CONFLICT ON CONSTRAINT attendance_connection_once DO NOTHING
"""


async def note(tx: Tx, slot_id: UUID, seen: Collection[Sighting]) -> None:
    """Keep what was seen of this room's participants, each thing once."""
    rows = [
        (one.participant_id, slot_id, what, one.connection, at)
        for one in seen
        for what, at in (("joined", one.joined_at), ("left", one.left_at))
        if at is not None
    ]
    await tx.executemany(NOTE, rows)


PERSON = """
    SELECT slot_id, who_id, hosts, stands_in, removed_at IS NOT NULL AS removed, presence, since,
        EXISTS (SELECT FROM attendance came
            WHERE came.participant_id = $1 AND came.source = 'jitsi' AND came.what = 'joined'
            AND NOT EXISTS (SELECT FROM attendance went
                WHERE went.participant_id = $1 AND went.connection = came.connection
                AND went.what = 'left')) AS connected,
        EXISTS (SELECT FROM attendance
            WHERE participant_id = $1 AND connection = $2 AND what = 'left') AS ended
    FROM participant WHERE participant_id = $1
"""


async def person(tx: Tx, participant_id: UUID, connection: bytes) -> Person:
    row = await tx.fetchrow(PERSON, participant_id, connection)
    assert row is not None, "its room is held"
    return Person(
        slot_id=row["slot_id"],
        who_id=row["who_id"],
        hosts=row["hosts"],
        stands_in=row["stands_in"],
        removed=row["removed"],
        presence=Presence(row["presence"]),
        since=row["since"],
        connected=row["connected"],
        ended=row["ended"],
    )


SET_PRESENCE = "UPDATE participant SET presence = $2, since = $3 WHERE participant_id = $1"


async def set_presence(tx: Tx, participant_id: UUID, presence: Presence, since: datetime) -> None:
    await tx.execute(SET_PRESENCE, participant_id, presence, since)


LATEST = "SELECT max(at) FROM attendance JOIN participant USING (participant_id) WHERE slot_id = $1"


async def latest(tx: Tx, slot_id: UUID) -> datetime:
    """When anybody last came or went, in a room where somebody did."""
    moment: datetime = await tx.fetchval(LATEST, slot_id)
    return moment


END_CONNECTIONS = """
    INSERT INTO attendance (participant_id, source, what, connection, at)
    SELECT came.participant_id, 'jitsi', 'left', came.connection, $2
    FROM attendance came JOIN participant USING (participant_id)
    WHERE slot_id = $1 AND came.source = 'jitsi' AND came.what = 'joined' AND came.at <= $2
    ON CONFLICT ON CONSTRAINT attendance_connection_once DO NOTHING
"""
DEPART = """
    UPDATE participant SET presence = 'away', since = $2
    WHERE slot_id = $1 AND presence = 'joined' AND since <= $2
    AND NOT EXISTS (SELECT FROM attendance came
        WHERE came.participant_id = participant.participant_id
        AND came.source = 'jitsi' AND came.what = 'joined' AND came.at > $2)
"""


async def end_all(tx: Tx, slot_id: UUID, at: datetime) -> None:
    """The room went away, in Jitsi or by another name, and with it every connection made before.

    Who waits, waits on.
    """
    await tx.execute(END_CONNECTIONS, slot_id, at)
    await tx.execute(DEPART, slot_id, at)
