"""Many residents written down in one room at once, as `people.enter` writes down one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.rooms.domain import Name
from services.rooms.store.people import Arrival, Came
from services.runtime.db import Tx

TAKEN = """
    SELECT who_id, name_digest, name_number FROM participant
    WHERE slot_id = $1 AND name_digest = ANY(ARRAY(SELECT unnest($2::bytea[])))
"""


async def taken(tx: Tx, slot_id: UUID, digests: Collection[bytes]) -> dict[UUID, Name]:
    """Who goes by one of these names in this room, hosts as well."""
    rows = await tx.fetch(TAKEN, slot_id, digests)
    return {row["who_id"]: Name(row["name_digest"], row["name_number"]) for row in rows}


@dataclass(frozen=True)
class Entry:
    """An arrival with the number its name was given; `changed`: they were not there like this before."""

    arrival: Arrival
    number: int
    changed: bool


# Right only while nobody else enters or leaves for these people: the caller holds that. Whoever has taken
# a number meanwhile makes all of it fail.
ENTER_ALL = """
    WITH came AS (
        SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bytea[],
            $7::integer[], $8::boolean[])
            AS came (participant_id, who_id, presence, at, name_digest, name_number, changed)),
    entered AS (
        INSERT INTO participant
            (participant_id, slot_id, who_id, hosts, presence, since, name_digest, name_number)
        SELECT participant_id, $1, who_id, false, presence, at, name_digest, name_number FROM came
        ON CONFLICT ON CONSTRAINT participant_once DO UPDATE SET
            presence = excluded.presence, stands_in = false,
            since = CASE WHEN participant.presence = excluded.presence THEN participant.since
                ELSE excluded.since END,
            name_digest = excluded.name_digest, name_number = excluded.name_number
        RETURNING participant_id, who_id),
    noted AS (
        INSERT INTO attendance (participant_id, source, what, at)
        SELECT entered.participant_id, 'page', presence, at
        FROM came JOIN entered USING (who_id) WHERE changed)
    SELECT who_id, participant_id FROM entered
"""


async def enter_all(tx: Tx, slot_id: UUID, entries: Sequence[Entry]) -> dict[UUID, Came]:
    """Write down that residents pressed join, each once, under names that nobody else has."""
    arrivals = [entry.arrival for entry in entries]
    rows = await tx.fetch(
        ENTER_ALL,
        slot_id,
        [uuid4() for _ in entries],
        [arrival.who_id for arrival in arrivals],
        [arrival.presence for arrival in arrivals],
        [arrival.at for arrival in arrivals],
        [arrival.name.digest for arrival in arrivals],
        [entry.number for entry in entries],
        [entry.changed for entry in entries],
    )
    ids = {row["who_id"]: row["participant_id"] for row in rows}
    return {
        entry.arrival.who_id: Came(ids[entry.arrival.who_id], entry.number, entry.changed)
        for entry in entries
    }
