"""An ordinary stop finishes what is in hand and leaves nothing to be sent twice."""

import asyncio

import pytest

from deploy.embedded.mailbox import Message
from services.contracts.booking.events import BookingConfirmed
from services.notify import jobs
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news, state_of
from tests.support.eventually import eventually
from tests.support.system import System


async def test_a_message_in_hand_at_a_stop_is_finished_and_written_down(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    async def take_its_time(_: Message) -> None:
        await asyncio.sleep(1.5)  # longer than a loop that is only cancelled would live

    mailroom.on_data = take_its_time
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))
    await mailroom.mail()

    await notify.stop("notify")

    assert await state_of(notify, "confirmation", "sent")
    assert len(mailroom.taken) == 1


async def test_nothing_new_is_claimed_once_a_stop_has_begun(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FEWEST", 1)
    go_on = asyncio.Event()

    async def hold_up(_: Message) -> None:
        await go_on.wait()

    mailroom.on_data = hold_up
    for number in range(jobs.AT_ONCE + 4):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))
    await eventually(lambda: waiting(notify, in_hand=jobs.AT_ONCE, planned=4))

    stopping = asyncio.create_task(notify.stop("notify"))
    await asyncio.sleep(0)  # the stop has begun
    go_on.set()
    await stopping

    assert await waiting(notify, in_hand=0, planned=4)
    assert len(mailroom.taken) == jobs.AT_ONCE


async def waiting(system: System, *, in_hand: int, planned: int) -> bool:
    (row,) = await system.sql(
        "SELECT count(*) FILTER (WHERE state = 'sending'), count(*) FILTER (WHERE state = 'planned') "
        "FROM notify.message WHERE kind = 'confirmation'"
    )
    return tuple(row) == (in_hand, planned)
