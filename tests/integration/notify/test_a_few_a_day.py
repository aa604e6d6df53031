"""However many groups somebody is in, news that can wait comes a few times a day; none of it is lost."""

from datetime import timedelta
from email import message_from_bytes
from functools import partial
from uuid import uuid4

import pytest
from msgspec.structs import replace

from services.contracts.booking.events import (
    BookingConfirmed,
    BookingMoved,
    HostMissing,
    SeatOffered,
)
from services.contracts.booking.slots import BookingStatus
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news, session_news
from tests.integration.notify.several_groups import (
    CHANGED,
    GATHERED,
    HELD,
    MORNING,
    SECOND,
    are,
    changes,
    count_of,
    due_now,
    the_days_few_are_used,
)
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.groups import WEEK, a_group, a_session
from tests.support.system import System

ADDRESS = "anna@example.org"


async def test_what_is_beyond_the_days_few_is_one_mail_in_the_morning(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=4)
    assert await count_of(notify, f"{HELD} AND due_at = '{MORNING.isoformat()}'") == 4
    assert len(mailroom.taken) == 3

    clock.set(MORNING + SECOND)
    await neighbours.nudge()
    together = (await mailroom.mails(4))[3]
    await eventually(partial(are, notify, 7, "kind = 'group_change' AND state = 'sent'"))

    assert together.to == ADDRESS
    assert together.subject == "Uutisia ryhmistäsi"
    assert together.text.count(CHANGED) == 4
    told = [{at for at in range(1, 8) if f"klo 13.0{at}" in mail.text} for mail in mailroom.taken]
    assert [len(each) for each in told] == [1, 1, 1, 4]
    assert set.union(*told) == set(range(1, 8))
    assert together.text.count("Hei!") == 1
    files = [part for part in message_from_bytes(together.raw).walk() if part.get_filename()]
    assert len(files) == 4
    assert await notify.sql("SELECT 1 FROM notify.held") == []
    clock.set(MORNING + timedelta(hours=2))
    await neighbours.nudge()
    await eventually(partial(are, notify, 6, "kind = 'links' AND state = 'skipped'"))
    assert len(mailroom.taken) == 4


async def test_news_of_several_groups_within_minutes_is_one_mail_after_the_first(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await changes(neighbours, 5)
    await due_now(notify, neighbours, clock, 5)
    await mailroom.mail()
    await eventually(partial(are, notify, 1, "kind = 'group_change' AND state = 'sent'"))
    await eventually(partial(are, notify, 4, HELD))

    clock.advance(GATHERED)
    await neighbours.nudge()

    assert (await mailroom.mails(2))[1].text.count(CHANGED) == 4
    await eventually(partial(are, notify, 5, "kind = 'group_change' AND state = 'sent'"))
    assert len(await notify.sql("SELECT 1 FROM notify.told")) == len(mailroom.taken) == 2


async def test_each_person_has_a_few_of_their_own(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The same news, of as many people: nothing is held back."""
    for number in range(7):
        await changes(neighbours, 1, email=f"a{number}@example.org")
    await eventually(partial(are, notify, 7, "kind = 'group_change' AND state = 'planned'"))
    clock.advance(GATHERED)
    await neighbours.nudge()

    assert len({mail.to for mail in await mailroom.mails(7)}) == 7
    assert await notify.sql("SELECT 1 FROM notify.held") == []


async def test_capitals_in_an_address_make_nobody_else_of_its_owner(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock)
    await changes(neighbours, 1, email=ADDRESS.title())
    await due_now(notify, neighbours, clock, 1)

    await eventually(partial(are, notify, 1, HELD))
    assert len(mailroom.taken) == 3


async def test_a_session_within_twelve_hours_is_told_at_once_and_takes_along_what_waits(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=2)

    await changes(neighbours, 1, starts_at=clock.now() + timedelta(hours=11))
    await eventually(partial(are, notify, 6, "kind = 'group_change'"))
    clock.advance(GATHERED)
    await neighbours.nudge()

    urgent = (await mailroom.mails(4))[3]
    assert urgent.text.count(CHANGED) == 3
    await eventually(partial(are, notify, 6, "kind = 'group_change' AND state = 'sent'"))
    assert len(mailroom.taken) == 4


async def test_what_somebody_must_answer_or_has_asked_for_is_never_held_back(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await the_days_few_are_used(notify, neighbours, mailroom, clock)
    until = clock.now() + timedelta(hours=20)
    offered = a_session(booking_id=uuid4(), status=BookingStatus.OFFERED)
    waits = neighbours.has_group(a_group(offered, status=BookingStatus.OFFERED, offered_until=until))
    enrolled = neighbours.has_group(a_group(a_session(booking_id=uuid4())))
    missing = neighbours.has(booking_id=uuid4())

    await neighbours.tell(session_news(SeatOffered, waits, offered, offered_until=until))
    await neighbours.tell(session_news(BookingConfirmed, enrolled, enrolled.sessions[0]))
    await neighbours.tell(news(HostMissing, missing))

    mails = await mailroom.mails(6)
    assert {mail.to for mail in mails} == {ADDRESS}
    assert {mail.subject.split(" ")[0] for mail in mails[3:]} == {"Sinulle", "Paikkasi", "Ryhmäsi"}


async def test_one_more_change_of_what_waits_is_told_with_it(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """It is looked at anew, waits again, and both changes are in the morning's mail."""
    groups = await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=1)
    (row,) = await notify.sql(f"SELECT about FROM notify.message m WHERE {HELD}")  # noqa: S608
    (held,) = (group for group in groups if group.enrolment_id == row["about"])
    off, stays = held.sessions
    moved = replace(
        stays,
        starts_at=stays.starts_at + WEEK,
        ends_at=stays.ends_at + WEEK,
        sequence=1,
        changed_at=clock.now() + SECOND,
    )
    neighbours.has_group(replace(held, sessions=[off, moved]))
    await neighbours.tell(session_news(BookingMoved, held, moved, version=2, from_slot_id=moved.slot_id))
    await eventually(partial(are, notify, 0, HELD))
    clock.advance(GATHERED)
    await neighbours.nudge()
    await eventually(partial(are, notify, 1, f"{HELD} AND due_at = '{MORNING.isoformat()}'"))
    assert len(mailroom.taken) == 3

    clock.set(MORNING + SECOND)
    await neighbours.nudge()

    told = (await mailroom.mails(4))[3]
    assert told.subject == CHANGED
    assert "on peruttu" in told.text
    assert "Uusi aika on tiistaina 26. tammikuuta" in told.text


async def test_when_the_first_that_waits_has_nothing_to_say_any_more_the_others_are_heard_of(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    groups = await the_days_few_are_used(notify, neighbours, mailroom, clock, besides=3)
    (first,) = await notify.sql(
        f"SELECT about FROM notify.message m WHERE {HELD} ORDER BY next_try_at LIMIT 1"  # noqa: S608
    )
    (group,) = (each for each in groups if each.enrolment_id == first["about"])
    neighbours.has_group(replace(group, sessions=[replace(group.sessions[1], sequence=1)]))
    clock.set(MORNING + SECOND)
    await neighbours.nudge()

    assert (await mailroom.mails(4))[3].text.count(CHANGED) == 2
    await eventually(
        partial(ended, notify, group.enrolment_id, "group_change", "skipped", "nothing_to_say")
    )
    assert len(mailroom.taken) == 4


@pytest.mark.parametrize(("answer", "waits"), [("550 no such mailbox", 0), ("250 OK", 1)])
async def test_a_message_that_could_not_be_delivered_is_none_of_the_few(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock, answer: str, waits: int
) -> None:
    mailroom.answers.append(answer)
    await changes(neighbours, 1)
    await eventually(partial(are, notify, 1, "kind = 'group_change' AND state = 'planned'"))
    clock.advance(GATHERED)
    await neighbours.nudge()
    await eventually(partial(are, notify, 1, "kind = 'group_change' AND state IN ('sent', 'failed')"))

    for left in (0, 0, waits):
        await changes(neighbours, 1)
        await due_now(notify, neighbours, clock, 1)
        await eventually(partial(are, notify, left, "state IN ('planned', 'sending')"))
    await eventually(partial(are, notify, waits, HELD))
    assert [mail.to for mail in mailroom.taken].count(ADDRESS) == 3
