"""Changes in several groups of one person, and what of them is still owed."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.enrolment import AnnouncementFacts, MyGroup
from services.contracts.booking.events import AnnouncementMade, BookingCancelled
from services.contracts.booking.slots import BookingStatus, SlotState
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news, session_news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS, a_slot
from tests.support.groups import WEEK, a_group, a_session
from tests.support.system import System

SECOND = timedelta(seconds=1)
MORNING = datetime(2027, 1, 6, 5, tzinfo=UTC)  # 7 in Helsinki
CHANGED = "Ryhmässäsi on muutoksia"
WORDS = "Ota mukaan kuppi kahvia."
GATHERED = timedelta(minutes=5, seconds=1)


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


async def due_now(system: System, neighbours: Neighbours, clock: SetClock, count: int) -> None:
    """So many changes have been heard of, and minutes pass."""
    await eventually(partial(are, system, count, "kind = 'group_change' AND state = 'planned'"))
    clock.advance(GATHERED)
    await neighbours.nudge()


async def the_days_few_are_used(
    system: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock, *, besides: int = 0
) -> list[MyGroup]:
    """Three have gone out, and `besides` more are held back: which of them, chance decides."""
    for number in range(1, 4):
        await changes(neighbours, 1, minute=number)
        await due_now(system, neighbours, clock, 1)
        await mailroom.mails(number)
        await eventually(partial(are, system, number, "kind = 'group_change' AND state = 'sent'"))
    groups = await changes(neighbours, besides, minute=4)
    await due_now(system, neighbours, clock, besides)
    await eventually(partial(are, system, besides, HELD))
    return groups


async def words_are_said(
    neighbours: Neighbours,
    words: str = WORDS,
    *,
    booking_id: UUID | None = None,
    starts_at: datetime = STARTS,
) -> UUID:
    """By somebody who leads, to the same person. They are due at once."""
    said: UUID = uuid4()
    neighbours.announcements[said] = AnnouncementFacts(words, holds=True)
    facts = neighbours.has(booking_id=booking_id or uuid4(), slot=a_slot(starts_at))
    await neighbours.tell(news(AnnouncementMade, facts, announcement_id=said))
    return said
