"""Workers that die and workers that are slow: a message may come twice, and never not at all."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.embedded.mailbox import Message
from deploy.embedded.ready import answers
from services.contracts.booking.events import BookingConfirmed
from services.notify import jobs
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news, state_of
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS, a_slot
from tests.support.ports import free_port
from tests.support.system import System

ROOT = Path(__file__).parents[3]


async def test_a_dead_workers_message_is_taken_over_when_its_lease_is_out(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    dead = uuid4()
    await notify.sql(
        "INSERT INTO notify.message (id, kind, about, occasion, booking_id, starts_at, due_at, not_after,"
        " give_up_at, state, worker, attempts, next_try_at)"
        " VALUES ($1, 'confirmation', $2, 0, $2, $3, $4, $3, $3, 'sending', $5, 1, $6)",
        uuid4(),
        facts.booking_id,
        STARTS,
        NOW,
        dead,
        NOW + timedelta(seconds=30),
    )
    await neighbours.nudge()
    await eventually(lambda: state_of(notify, "links", "skipped"))
    assert mailroom.taken == []  # it may still be alive

    clock.advance(timedelta(seconds=31))
    await neighbours.nudge()

    await mailroom.mail()


async def test_a_message_in_hand_is_not_taken_over_however_long_it_takes(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The mail server takes its time; the lease runs out by the clock, and the message is ours still."""
    answer = asyncio.Event()

    async def hold_up(_: Message) -> None:
        await answer.wait()

    mailroom.on_data = hold_up
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()

    clock.advance(timedelta(minutes=2))
    await neighbours.nudge()
    await eventually(lambda: state_of(notify, "links", "skipped"))
    answer.set()

    await eventually(lambda: state_of(notify, "confirmation", "sent"))
    assert len(mailroom.taken) == 1


async def test_killed_between_handing_over_and_writing_down_it_repeats_under_the_same_message_id(
    system: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.set(datetime.now(NOW.tzinfo))  # the killed one is a process with a clock of its own
    facts = neighbours.has(slot=a_slot(clock.now() + timedelta(days=3)))
    process = await a_notify_process(system, mailroom)

    async def kill(_: Message) -> None:
        process.kill()
        await process.wait()

    mailroom.on_data = kill
    await neighbours.tell(news(BookingConfirmed, facts))
    await asyncio.wait_for(process.wait(), 60)
    assert len(mailroom.taken) == 1

    mailroom.on_data = None
    clock.advance(timedelta(seconds=31))
    await system.start("notify", SMTP_URL=mailroom.url)

    mails = await mailroom.mails(2)
    ids = {message_from_bytes(mail.raw)["Message-ID"] for mail in mails}
    assert len(ids) == 1
    await eventually(lambda: state_of(system, "confirmation", "sent"))
    assert len(mailroom.taken) == 2


async def test_a_lease_is_kept_while_the_mail_server_takes_its_time(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "EXTEND_EVERY", timedelta(seconds=0.05))
    await system.start("notify", SMTP_URL=mailroom.url)
    answer = asyncio.Event()

    async def hold_up(_: Message) -> None:
        await answer.wait()

    async def lease() -> datetime:
        (row,) = await system.sql("SELECT next_try_at FROM notify.message WHERE state = 'sending'")
        moment: datetime = row[0]
        return moment

    mailroom.on_data = hold_up
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))
    await mailroom.mail()
    first = await lease()

    await eventually(lambda: longer_than(first, lease))
    answer.set()


async def test_two_copies_share_the_work_and_send_nothing_twice(
    system: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    both = asyncio.Event()

    async def hold_up(_: Message) -> None:
        await both.wait()

    clock.set(datetime.now(NOW.tzinfo))
    await system.start("notify", SMTP_URL=mailroom.url)
    process = await a_notify_process(system, mailroom)
    try:
        ready = f"{system.http('notify')}/health/ready"
        await eventually(lambda: answers(ready), within=60)
        mailroom.on_data = hold_up
        slot = a_slot(clock.now() + timedelta(days=3))
        for number in range(60):
            facts = neighbours.has(email=f"a{number}@example.org", slot=slot)
            await neighbours.tell(news(BookingConfirmed, facts))
        await eventually(lambda: two_at_work(system))
        both.set()
        await mailroom.mails(60)
        await eventually(lambda: sent(system, 60))
    finally:
        process.terminate()
        await process.wait()

    assert len({mail.to for mail in mailroom.taken}) == len(mailroom.taken) == 60


async def two_at_work(system: System) -> bool:
    (row,) = await system.sql("SELECT count(DISTINCT worker) FROM notify.message WHERE state = 'sending'")
    return bool(row[0] == 2)


async def longer_than(first: datetime, lease: Callable[[], Awaitable[datetime]]) -> bool:
    return await lease() > first


async def sent(system: System, count: int) -> bool:
    (row,) = await system.sql("SELECT count(*) FROM notify.message WHERE state = 'sent'")
    return bool(row[0] == count)


async def a_notify_process(system: System, mailroom: Mailroom) -> asyncio.subprocess.Process:
    """The service as it runs outside of tests, to be killed."""
    system.ports["notify"] = free_port()
    environ = {**system.environment("notify"), "DIGIAULA_SMTP_URL": mailroom.url}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notify", env=environ, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
