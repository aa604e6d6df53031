"""With the real booking: the mail to somebody whose place in a group has ended tells how it ended."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from deploy.embedded.mailbox import Message
from services.contracts.booking.enrolment import AnswerApplication, Enrolled, LeaveGroup
from services.contracts.booking.groups import EndGroup
from services.contracts.booking.slots import CancelSlot
from tests.integration.notify.mailroom import Mailroom
from tests.support.clock import SetClock
from tests.support.enrolling import DAY, Circle, bearer
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.system import System

GATHERED = timedelta(minutes=5, seconds=1)
ANNA, ANOTHER = "anna@example.org", "berit@example.org"
GOES_ON = "Ryhmä itse jatkuu."
CALLED_OFF = "ei kokoonnu"

Ends = Callable[[Circle, Enrolled], Awaitable[Any]]


async def by_coordinator(group: Circle, mine: Enrolled) -> None:
    await group.house.system.ask(LeaveGroup(booking_id=mine.booking_id), group.house.coordinator)


async def by_leader(group: Circle, mine: Enrolled) -> None:
    await group.house.system.ask(LeaveGroup(booking_id=mine.booking_id), group.host)


async def by_oneself(group: Circle, mine: Enrolled) -> None:
    await group.house.system.ask(LeaveGroup(booking_id=mine.booking_id), bearer(mine))


async def not_accepted(group: Circle, mine: Enrolled) -> None:
    await group.house.system.ask(AnswerApplication(booking_id=mine.booking_id, accept=False), group.host)


async def called_off(group: Circle, _: Enrolled) -> None:
    await group.house.system.ask(CancelSlot(slot_id=group.sessions[0], reason="Flunssa."), group.host)


async def closed(group: Circle, _: Enrolled) -> None:
    await group.house.system.ask(
        EndGroup(group_id=group.id, reason="Ryhmä päättyy."), group.house.coordinator
    )


@pytest.mark.parametrize(
    ("ends", "subject", "said"),
    [
        (by_coordinator, "Paikkasi ryhmässä on päättynyt", GOES_ON),
        (by_leader, "Paikkasi ryhmässä on päättynyt", GOES_ON),
        (by_oneself, "Et ole enää mukana ryhmässä", "Paikkasi torstaina"),
        (not_accepted, "Vastaus toiveeseesi liittyä ryhmään", "ottaa sinua"),
        (called_off, "Ryhmäsi on peruttu", CALLED_OFF),
        (closed, "Ryhmäsi on peruttu", CALLED_OFF),
    ],
)
async def test_the_mail_tells_how_it_ended(
    system: System, mailroom: Mailroom, clock: SetClock, ends: Ends, subject: str, said: str
) -> None:
    clock.set(A_TUESDAY)
    await system.start("booking")
    await system.start("notify", SMTP_URL=mailroom.url)
    house = await House.build(system)
    group = await Circle.build(house, A_TUESDAY + 2 * DAY, capacity=5, by_acceptance=ends is not_accepted)
    mine = await group.enrol(email=ANNA)
    await to(mailroom, ANNA, 1)
    clock.advance(timedelta(hours=1))

    await ends(group, mine)
    await eventually(lambda: planned(system))
    clock.advance(GATHERED)
    slot = await house.slot(await house.expert(), clock.now() + 3 * DAY)
    await house.book(slot.id, email=ANOTHER)  # news by which notify looks again

    mail = await to(mailroom, ANNA, 2)
    assert mail.subject == subject
    assert said in mail.text
    assert not [words for words in {GOES_ON, CALLED_OFF} - {said} if words in mail.text]


async def planned(system: System) -> bool:
    return bool(await system.sql("SELECT FROM notify.message WHERE kind = 'group_change'"))


async def to(mailroom: Mailroom, address: str, number: int) -> Message:
    """The message of this number to somebody, as soon as it is there."""

    def last() -> Message:
        theirs = [mail for mail in mailroom.taken if mail.to == address]
        assert len(theirs) >= number, f"{len(theirs)} of {number} came"
        return theirs[number - 1]

    return await eventually(last)
