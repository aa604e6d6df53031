"""What an enrolment's person is shown: their group and their own sessions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.booking.store.directory.catalogue import host_of
from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import EnrolledSession
from services.contracts.booking.slots import BookingStatus, SlotState
from services.runtime.db import Tx

NOT_ACCEPTED = "not_accepted"
"""What the record of a booking says when its resident was not accepted into the group."""

FACTS = """
    SELECT g.name_fi, g.name_sv, g.name_en, g.is_open, g.ended_at IS NOT NULL AS ended,
           1 + (SELECT count(*) FROM enrolment c
                WHERE (c.accompanies = coalesce(e.accompanies, e.id) OR c.id = e.accompanies)
                  AND c.id <> e.id AND EXISTS (SELECT FROM booking b
                              WHERE b.enrolment_id = c.id AND b.status NOT IN ('cancelled', 'expired'))
               ) AS places,
           (SELECT min(b.held_until) FROM booking b
            WHERE b.enrolment_id = e.id AND b.status = 'held') AS held_until,
           EXISTS (SELECT FROM booking b JOIN booking_change c ON c.booking_id = b.id
                   WHERE b.enrolment_id = e.id AND c.what = $2) AS not_accepted
    FROM enrolment e JOIN peer_group g ON g.id = e.group_id WHERE e.id = $1
"""
SESSIONS = """
    SELECT b.id AS booking_id, b.link_version, b.status, b.sequence, b.cancel_reason, b.cancelled_by,
           s.id, s.state, s.starts_at, s.ends_at, s.time_zone, s.series_start, s.host_id, p.display_name,
           p.organisation_id, coalesce(o.name, '') AS organisation,
           s.staffing IN ('accepted', 'stand_in_wanted') AS staffed,
           s.staffing IN ('asked', 'needs_host') AND s.told_missing_at IS NOT NULL AS told_missing,
           CASE WHEN b.status IN ('cancelled', 'expired') THEN b.changed_at
                ELSE (SELECT max(c.at) FROM booking_change c
                      WHERE c.booking_id = b.id AND c.what = 'moved') END AS changed_at
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE b.enrolment_id = $1 ORDER BY s.starts_at, s.id
"""
REACHED_BY = "SELECT language, email, phone, forgotten_at FROM booking WHERE enrolment_id = $1 LIMIT 1"


@dataclass(frozen=True)
class GroupFacts:
    name: Words
    open: bool
    ended: bool
    places: int
    held_until: datetime | None
    not_accepted: bool


async def facts(tx: Tx, enrolment_id: UUID) -> GroupFacts:
    row = await tx.fetchrow(FACTS, enrolment_id, NOT_ACCEPTED)
    assert row is not None
    return GroupFacts(
        name=Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"]),
        open=row["is_open"],
        ended=row["ended"],
        places=row["places"],
        held_until=row["held_until"],
        not_accepted=row["not_accepted"],
    )


async def sessions(tx: Tx, enrolment_id: UUID) -> list[EnrolledSession]:
    return [_session(row) for row in await tx.fetch(SESSIONS, enrolment_id)]


def _session(row: Record) -> EnrolledSession:
    return EnrolledSession(
        booking_id=row["booking_id"],
        link_version=row["link_version"],
        slot_id=row["id"],
        state=SlotState(row["state"]),
        status=BookingStatus(row["status"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        time_zone=row["time_zone"],
        host=host_of(row),
        staffed=row["staffed"],
        told_missing=row["told_missing"],
        sequence=row["sequence"],
        series_start=row["series_start"],
        changed_at=row["changed_at"],
        cancel_reason=row["cancel_reason"],
        cancelled_by=row["cancelled_by"],
    )


async def reached_by(tx: Tx, enrolment_id: UUID) -> Record:
    """`language`, `email` and `phone`, as the person gave them."""
    row = await tx.fetchrow(REACHED_BY, enrolment_id)
    assert row is not None
    return row
