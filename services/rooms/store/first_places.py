"""Places of which nothing was known before, many in one statement."""

from collections.abc import Sequence
from uuid import UUID

from services.rooms.store.places import Place, Slot
from services.runtime.db import Tx

# What `places.tell_slot` and `places.tell_place` do one by one, in the order of the ids. A slot told of
# several times is as the newest news says. Who is known already is left out, whatever is new of them.
TELL_FIRST_PLACES = """
    WITH told AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::boolean[], $10::integer[], $11::integer[])
            WITH ORDINALITY
            AS t (slot_id, name, host_id, kind, starts_at, ends_at, known_at, booking_id, live,
                link_version, version, number)
        WHERE NOT EXISTS (SELECT FROM place WHERE place.booking_id = t.booking_id)),
    slots AS (
        INSERT INTO room (slot_id, name, host_id, kind, starts_at, ends_at, known_at)
        SELECT DISTINCT ON (slot_id) slot_id, name, host_id, kind, starts_at, ends_at, known_at
        FROM told ORDER BY slot_id, known_at DESC, number
        ON CONFLICT ON CONSTRAINT room_pkey DO UPDATE SET
            host_id = excluded.host_id, kind = excluded.kind, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, known_at = excluded.known_at
        WHERE room.known_at < excluded.known_at AND room.slot_version = 0)
    INSERT INTO place (booking_id, slot_id, live, ended, link_version, version)
    SELECT booking_id, slot_id, live, false, link_version, version FROM told ORDER BY booking_id
    ON CONFLICT ON CONSTRAINT place_pkey DO NOTHING
    RETURNING booking_id
"""


async def tell_first_places(tx: Tx, told: Sequence[tuple[Slot, str, Place]]) -> set[UUID]:
    """Make those rooms, by the names given, and places; the bookings whose first news this was."""
    rows = [
        (
            *(slot.slot_id, name, slot.host_id, slot.kind, slot.starts_at, slot.ends_at, slot.known_at),
            *(place.booking_id, place.live, place.link_version, place.version),
        )
        for slot, name, place in told
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["booking_id"] for row in await tx.fetch(TELL_FIRST_PLACES, *columns)}
