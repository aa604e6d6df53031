"""Changes in several groups of one person, and what of them is still owed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from services.contracts.booking.enrolment import MyGroup
from services.contracts.booking.events import BookingCancelled
from services.contracts.booking.slots import BookingStatus, SlotState
from tests.integration.notify.neighbours import Neighbours, session_news
from tests.support.facts import STARTS
from tests.support.groups import WEEK, a_group, a_session
from tests.support.system import System

SECOND = timedelta(seconds=1)


async def changes(
    neighbours: Neighbours,
    count: int,
    *,
    starts_at: datetime = STARTS,
    minute: int = 1,
    **contact: Any,
) -> list[MyGroup]:
    """So many enrolments, of each of which one session is called off; all belong to whom `contact` says."""
    groups = []
    for number in range(count):
        off = a_session(
            starts_at=starts_at + timedelta(minutes=number + minute),
            booking_id=uuid4(),
            sequence=1,
            state=SlotState.CANCELLED,
            status=BookingStatus.CANCELLED,
            changed_at=neighbours.now() + SECOND,
        )
        group = neighbours.has_group(
            a_group(off, a_session(booking_id=uuid4(), starts_at=STARTS + WEEK)), **contact
        )
        await neighbours.tell(session_news(BookingCancelled, group, off, version=2, by="host"))
        groups.append(group)
    return groups


async def count_of(system: System, where: str) -> int:
    (row,) = await system.sql(f"SELECT count(*) FROM notify.message m WHERE {where}")  # noqa: S608
    return int(row["count"])


HELD = "EXISTS (SELECT FROM notify.held h WHERE h.message_id = m.id) AND state = 'planned' AND attempts = 0"


async def are(system: System, count: int, where: str) -> bool:
    return await count_of(system, where) == count
