"""Who is to answer those who wish to be accepted into a group."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.store.staffing.duties import words_of
from services.contracts.booking.enrolment import UnansweredGroup
from services.runtime.db import Tx

WHO_ANSWERS = """
    SELECT p.id FROM group_facilitator f JOIN person p ON p.id = f.person_id
    WHERE f.group_id = $1 AND p.disabled_at IS NULL ORDER BY f.position
"""
UNANSWERED = """
    SELECT g.id, g.name_fi, g.name_sv, g.name_en, count(DISTINCT e.id) AS parties
    FROM group_facilitator f JOIN peer_group g ON g.id = f.group_id
    JOIN enrolment e ON e.group_id = g.id AND e.accompanies IS NULL
    JOIN booking b ON b.enrolment_id = e.id AND b.status = 'applied'
    JOIN slot s ON s.id = b.slot_id
    WHERE f.person_id = $1 AND s.state = 'open' AND s.ends_at > $2
    GROUP BY g.id ORDER BY min(s.starts_at), g.id LIMIT 50
"""


async def who_answers(tx: Tx, group_id: UUID) -> list[UUID]:
    """Those who facilitate the group and still serve."""
    return [row["id"] for row in await tx.fetch(WHO_ANSWERS, group_id)]


async def unanswered(tx: Tx, person_id: UUID, *, now: datetime) -> Sequence[UnansweredGroup]:
    """Of the groups that somebody leads, those with parties who have no answer; the next first."""
    return [
        UnansweredGroup(group_id=row["id"], name=words_of(row), parties=row["parties"])
        for row in await tx.fetch(UNANSWERED, person_id, now)
    ]
