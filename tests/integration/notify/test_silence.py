"""A mail server that leaves some messages without an answer: the others do not wait for them."""

import asyncio

import pytest

from deploy.embedded.mailbox import Message
from services.contracts.booking.events import BookingConfirmed
from services.notify.senders import email
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.eventually import eventually
from tests.support.system import System


async def test_messages_left_without_an_answer_hold_up_no_others(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are connections, and than are in hand at once."""
    monkeypatch.setattr(email, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(email, "SILENT_CONNECTIONS", 50)
    await system.start("notify", SMTP_URL=mailroom.url)
    answer = asyncio.Event()

    async def hold_up(mail: Message) -> None:
        if mail.to.startswith("hanging"):
            await answer.wait()

    mailroom.on_data = hold_up
    for number in range(40):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"hanging{number}@example.org")))
    await mailroom.mails(40)
    for number in range(40):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))

    await eventually(lambda: confirmed(system, 40))

    answer.set()
    await eventually(lambda: confirmed(system, 80))
    assert len(mailroom.taken) == 80


async def test_what_a_quick_server_leaves_without_an_answer_gives_way_long_before_its_patience_ends(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would have fallen silent for a minute, had the others not been quick."""
    monkeypatch.setattr(email, "SILENT_SECONDS", 60)
    await system.start("notify", SMTP_URL=mailroom.url)
    answer = asyncio.Event()

    async def hold_up(mail: Message) -> None:
        if mail.to.startswith("hanging"):
            await answer.wait()

    mailroom.on_data = hold_up
    for number in range(60):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))
    await eventually(lambda: confirmed(system, 60))
    for number in range(email.CONNECTIONS):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"hanging{number}@example.org")))
    await mailroom.mails(60 + email.CONNECTIONS)
    await neighbours.tell(news(BookingConfirmed, neighbours.has(email="after@example.org")))

    await eventually(lambda: confirmed(system, 61))

    answer.set()
    await eventually(lambda: confirmed(system, 61 + email.CONNECTIONS))


async def test_of_those_left_without_an_answer_only_so_many_are_waited_for(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SILENT_SECONDS", 0.01)
    monkeypatch.setattr(email, "SILENT_CONNECTIONS", 3)
    await system.start("notify", SMTP_URL=mailroom.url)
    answer = asyncio.Event()

    async def hold_up(_: Message) -> None:
        await answer.wait()

    mailroom.on_data = hold_up
    for number in range(20):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))

    await mailroom.mails(email.CONNECTIONS + 3)
    assert mailroom.connections == email.CONNECTIONS + 3
    answer.set()
    await mailroom.mails(20)


async def confirmed(system: System, count: int) -> bool:
    (row,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE kind = 'confirmation' AND state = 'sent'"
    )
    return bool(row[0] == count)
