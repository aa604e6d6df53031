"""Slots: publishing them, taking and giving back their seats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.booking.domain.seats import SlotFacts
from services.booking.store.directory.catalogue import host_of
from services.booking.store.staffing.staffing import co_hosts_then
from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.slots import Attendee, HostSlot, SlotState
from services.runtime.db import Tx

SLOT_COLUMNS = """
    s.id, s.kind, s.state, s.starts_at, s.ends_at, s.ended_at, s.time_zone, s.theme_id, s.languages,
    s.capacity, s.taken, s.bookable_until, s.reception_id, s.group_id, s.host_id, p.display_name,
    p.organisation_id, coalesce(o.name, '') AS organisation
"""
SLOT_FROM = """
    FROM slot s JOIN person p ON p.id = s.host_id LEFT JOIN organisation o ON o.id = p.organisation_id
"""
SLOT = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.id = $1
"""
HOST_SLOTS = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE (s.host_id = $1 AND s.staffing <> 'needs_host'
           OR s.id = ANY (ARRAY(SELECT c.slot_id FROM co_host c WHERE c.person_id = $1 AND c.live
                                AND c.accepted_at IS NOT NULL AND c.starts_at >= $2 AND c.starts_at < $3)))
      AND s.state <> 'withdrawn' AND s.starts_at >= $2 AND s.starts_at < $3
      AND ($4::timestamptz IS NULL OR (s.starts_at, s.id) > ($4, $5::uuid))
    ORDER BY s.starts_at, s.id LIMIT $6
"""  # noqa: S608
RULE_SLOTS = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.reception_id = $1 AND s.state = 'open' AND s.starts_at > $2
    ORDER BY s.starts_at
"""
LOCK_SLOTS = "SELECT id FROM slot WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE"
FACTS = "SELECT id, kind, state, starts_at, bookable_until, capacity, taken FROM slot WHERE id = $1"
TAKE_SEATS = f"""
    UPDATE slot s SET taken = taken + CASE WHEN kind = 'appointment' THEN 1 ELSE $2::integer END
    FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE s.id = $1 AND s.group_id IS NULL AND p.id = s.host_id AND p.disabled_at IS NULL
      AND s.state = 'open' AND s.bookable_until > $3
      AND s.taken + CASE WHEN s.kind = 'appointment' THEN 1 ELSE $2::integer END <= s.capacity
    RETURNING {SLOT_COLUMNS}
"""  # noqa: S608
GROUP_OF = "SELECT group_id FROM slot WHERE id = $1"
GIVE_BACK = "UPDATE slot SET taken = taken - $2::integer WHERE id = $1"
ADD_SLOT = """
    INSERT INTO slot (id, kind, host_id, theme_id, group_id, starts_at, ends_at, local_start, time_zone,
                      languages, capacity, bookable_until, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $6, $12)
    ON CONFLICT DO NOTHING
    RETURNING true
"""
CANCEL_SLOT = """
    UPDATE slot
    SET state = 'cancelled', cancel_reason = $2,
        taken = (SELECT coalesce(sum(seats), 0) FROM booking
                 WHERE slot_id = $1 AND status IN ('attended', 'no_show'))
    WHERE id = $1 AND state = 'open' RETURNING true
"""
WITHDRAW_FREE_OF_HOST = """
    UPDATE slot SET state = 'withdrawn' WHERE taken = 0 AND id IN (
        SELECT id FROM slot
        WHERE host_id = $1 AND state = 'open' AND taken = 0 AND starts_at > $2 AND group_id IS NULL
        ORDER BY id FOR UPDATE
    )
"""
# Nobody else is to come to it, and a place given back is no free time.
END_SLOT = """
    UPDATE slot SET ended_at = $2, bookable_until = least(bookable_until, $2)
    WHERE id = $1 AND ended_at IS NULL AND starts_at = coalesce($3::timestamptz, starts_at)
"""
ATTENDEES = """
    SELECT id, slot_id, display_name, language, status, note, accompanies, comes_as, joined_at,
           ARRAY(SELECT service FROM guidance WHERE booking_id = booking.id ORDER BY service) AS guided_to
    FROM booking WHERE slot_id = ANY ($1::uuid[]) AND status NOT IN ('cancelled', 'expired')
    ORDER BY created_at, accompanies NULLS FIRST, id LIMIT 150
"""


@dataclass(frozen=True)
class SlotRow:
    """A slot with its host, as it lies in the table."""

    id: UUID
    kind: SlotKind
    state: SlotState
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host
    theme: str
    languages: list[str]
    capacity: int
    taken: int
    bookable_until: datetime
    reception_id: UUID | None
    group_id: UUID | None
    ended_at: datetime | None

    @property
    def held_from(self) -> datetime:
        """From when on the meeting counts as begun: its hour, or an earlier end by its host."""
        return min(self.starts_at, self.ended_at or self.starts_at)

    @property
    def over_from(self) -> datetime:
        return min(self.ends_at, self.ended_at or self.ends_at)

    @property
    def booked(self) -> BookedSlot:
        """As a resident sees it."""
        return BookedSlot(
            id=self.id,
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            time_zone=self.time_zone,
            host=self.host,
            theme=self.theme,
            group_id=self.group_id,
        )

    def for_host(self, attendees: Sequence[Attendee] = ()) -> HostSlot:
        return HostSlot(
            id=self.id,
            kind=self.kind,
            state=self.state,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            time_zone=self.time_zone,
            host=self.host,
            theme=self.theme,
            languages=self.languages,
            capacity=self.capacity,
            seats_left=self.capacity - self.taken,
            reception_id=self.reception_id,
            group_id=self.group_id,
            ended_at=self.ended_at,
            bookings=list(attendees),
        )


def slot_row(row: Record) -> SlotRow:
    return SlotRow(
        id=row["id"],
        kind=SlotKind(row["kind"]),
        state=SlotState(row["state"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        time_zone=row["time_zone"],
        host=host_of(row),
        theme=row["theme_id"],
        languages=row["languages"],
        capacity=row["capacity"],
        taken=row["taken"],
        bookable_until=row["bookable_until"],
        reception_id=row["reception_id"],
        group_id=row["group_id"],
        ended_at=row["ended_at"],
    )


async def slot(tx: Tx, slot_id: UUID) -> SlotRow | None:
    row = await tx.fetchrow(SLOT, slot_id)
    return slot_row(row) if row else None


async def lock(tx: Tx, *slot_ids: UUID) -> None:
    """Keep others from changing these slots. Slots come before bookings, in the order of their ids."""
    await tx.fetch(LOCK_SLOTS, list(slot_ids))


async def facts(tx: Tx, slot_id: UUID) -> SlotFacts | None:
    row = await tx.fetchrow(FACTS, slot_id)
    if row is None:
        return None
    return SlotFacts(
        slot_id=row["id"],
        kind=row["kind"],
        open=row["state"] == SlotState.OPEN,
        starts_at=row["starts_at"],
        bookable_until=row["bookable_until"],
        capacity=row["capacity"],
        taken=row["taken"],
    )


async def take_seats(tx: Tx, slot_id: UUID, people: int, *, now: datetime) -> SlotRow | None:
    """Take a seat for each of `people`, or one for all of them in an appointment; None if it cannot be.

    This one statement is the guard of the capacity. A group's seats are taken by enrolling.
    """
    row = await tx.fetchrow(TAKE_SEATS, slot_id, people, now)
    return slot_row(row) if row else None


async def group_of(tx: Tx, slot_id: UUID) -> UUID | None:
    group_id: UUID | None = await tx.fetchval(GROUP_OF, slot_id)
    return group_id


async def give_back(tx: Tx, slot_id: UUID, seats: int) -> None:
    await tx.execute(GIVE_BACK, slot_id, seats)


async def add_slot(
    tx: Tx,
    *,
    slot_id: UUID,
    kind: SlotKind,
    host_id: UUID,
    theme: str,
    group_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    local_start: datetime,
    time_zone: str,
    languages: list[str],
    capacity: int,
    now: datetime,
) -> bool:
    """False when slot_no_overlap says the host has another open slot then, and when they promised to
    co-host a session. The host is locked."""
    if await co_hosts_then(tx, host_id, starts_at, ends_at):
        return False
    return bool(
        await tx.fetchval(
            ADD_SLOT,
            slot_id,
            kind,
            host_id,
            theme,
            group_id,
            starts_at,
            ends_at,
            local_start,
            time_zone,
            languages,
            capacity,
            now,
        )
    )


async def cancel_slot(tx: Tx, slot_id: UUID, reason: str) -> bool:
    return bool(await tx.fetchval(CANCEL_SLOT, slot_id, reason))


async def end_slot(tx: Tx, slot_id: UUID, at: datetime, *, starts_at: datetime | None) -> None:
    """The host has ended the meeting that was to start then. The first time counts; since moved, it is
    another meeting, and goes on."""
    await tx.execute(END_SLOT, slot_id, at, starts_at)


async def withdraw_free_of_host(tx: Tx, host_id: UUID, *, now: datetime) -> None:
    await tx.execute(WITHDRAW_FREE_OF_HOST, host_id, now)


async def host_slots(
    tx: Tx,
    host_id: UUID,
    *,
    from_at: datetime,
    to_at: datetime,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> Sequence[SlotRow]:
    return [slot_row(row) for row in await tx.fetch(HOST_SLOTS, host_id, from_at, to_at, *after, limit)]


async def rule_slots(tx: Tx, reception_id: UUID, *, now: datetime) -> Sequence[SlotRow]:
    """The open future slots that a rule has made."""
    return [slot_row(row) for row in await tx.fetch(RULE_SLOTS, reception_id, now)]


async def attendees(tx: Tx, slot_ids: Sequence[UUID]) -> dict[UUID, list[Attendee]]:
    """At most 150 people in all: more do not fit into one message. `seats_left` counts everybody."""
    found: dict[UUID, list[Attendee]] = {slot_id: [] for slot_id in slot_ids}
    for row in await tx.fetch(ATTENDEES, slot_ids):
        found[row["slot_id"]].append(
            Attendee(
                booking_id=row["id"],
                display_name=row["display_name"],
                language=row["language"],
                status=row["status"],
                note=row["note"],
                accompanies=row["accompanies"],
                comes_as=row["comes_as"],
                joined=row["joined_at"] is not None,
                guided_to=row["guided_to"],
            )
        )
    return found
