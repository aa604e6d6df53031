"""Words of those who lead are news too: they wait, go along and are dropped as other news is."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

from msgspec.structs import replace

from services.contracts.booking.events import BookingCancelled, BookingMoved
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, session_news
from tests.integration.notify.several_groups import (
    CHANGED,
    HELD,
    MORNING,
    SECOND,
    WORDS,
    are,
    changes,
    count_of,
    due_now,
    the_days_few_are_used,
    words_are_said,
)
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.groups import a_group, a_session
from tests.support.system import System


async def test_words_of_those_who_lead_are_news_too(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=1)
    await words_are_said(neighbours)
    await eventually(partial(are, notify, 2, HELD))
    assert len(mailroom.taken) == 3

    clock.set(MORNING + SECOND)
    await neighbours.nudge()

    together = (await mailroom.mails(4))[3]
    assert WORDS in together.text
    assert CHANGED in together.text


async def test_words_that_wait_for_the_morning_wait_for_it_also_when_their_session_is_moved_at_night(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    (group,) = await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=1)
    session = group.sessions[1]
    await words_are_said(neighbours, booking_id=session.booking_id, starts_at=session.starts_at)
    await eventually(partial(are, notify, 2, HELD))

    clock.set(MORNING - timedelta(hours=6, minutes=30))
    moved = replace(session, starts_at=MORNING + timedelta(days=2), sequence=1)
    await neighbours.tell(session_news(BookingMoved, group, moved, version=2, from_slot_id=moved.slot_id))
    await neighbours.nudge()
    await eventually(partial(are, notify, 5, "kind = 'links' AND state = 'skipped'"))

    assert await count_of(notify, f"kind = 'announcement' AND next_try_at >= '{MORNING.isoformat()}'") == 1
    assert len(mailroom.taken) == 3


async def test_words_about_a_session_that_somebody_leaves_give_back_their_place_among_the_few(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """They could not be handed over yet, and have a place."""
    group = neighbours.has_group(a_group(a_session(booking_id=uuid4())))
    (session,) = group.sessions
    mailroom.answers.append("451 not just now")
    await words_are_said(neighbours, booking_id=session.booking_id, starts_at=session.starts_at)
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    assert len(await notify.sql("SELECT 1 FROM notify.told")) == 1

    await neighbours.tell(session_news(BookingCancelled, group, session, version=2, by="resident"))

    await eventually(partial(are, notify, 1, "kind = 'announcement' AND state = 'skipped'"))
    assert await notify.sql("SELECT 1 FROM notify.told") == []


async def test_of_what_waits_the_next_goes_when_words_that_were_first_are_dropped(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock)
    group = neighbours.has_group(a_group(a_session(booking_id=uuid4())))
    (session,) = group.sessions
    await words_are_said(neighbours, booking_id=session.booking_id, starts_at=session.starts_at)
    await eventually(partial(are, notify, 1, HELD))
    await changes(neighbours, 1)
    await due_now(notify, neighbours, clock, 1)
    await eventually(partial(are, notify, 2, HELD))
    assert await count_of(notify, f"{HELD} AND next_try_at = due_at") == 1

    await neighbours.tell(session_news(BookingCancelled, group, session, version=2, by="resident"))

    await eventually(partial(are, notify, 1, f"{HELD} AND next_try_at = due_at AND kind = 'group_change'"))
