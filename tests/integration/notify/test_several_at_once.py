"""A mail server that hears several commands at once (PIPELINING) is told them at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from services.contracts.booking.events import BookingConfirmed
from tests.integration.notify.neighbours import Neighbours, ended, news, state_of
from tests.support.eventually import eventually
from tests.support.system import System


class PatientServer:
    """Says nothing to MAIL and RCPT until DATA has come too: whoever waits for each answer gets none.

    `receivers` is what is answered to RCPT, in turn, and then yes; `wishes` to DATA, and then it asks for
    the text, in any case.
    """

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.receivers: list[bytes] = []
        self.wishes: list[bytes] = []
        self.connections = 0
        self.greeting = b"250-patient\r\n250 PIPELINING\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"220 patient\r\n")
        held = b""
        while command := (await reader.readline())[:4]:
            if command == b"EHLO":
                writer.write(self.greeting)
            elif command == b"MAIL":
                held = b"250 fine\r\n"
            elif command == b"RCPT":
                held += self.receivers.pop(0) if self.receivers else b"250 fine\r\n"
            elif command == b"DATA" and self.wishes:
                writer.write(held + self.wishes.pop(0))
            elif command == b"RSET":
                writer.write(b"250 fine\r\n")
            elif command == b"DATA":
                writer.write(held + b"354 go on\r\n")
                with suppress(asyncio.IncompleteReadError):
                    self.texts.append(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 kept\r\n")
        writer.close()


@pytest.fixture
async def server(system: System) -> AsyncIterator[PatientServer]:
    patient = PatientServer()
    listening = await asyncio.start_server(patient.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    await system.start("notify", SMTP_URL=f"smtp://127.0.0.1:{port}")
    yield patient
    listening.close()


async def test_messages_reach_it_over_a_few_connections(
    neighbours: Neighbours, server: PatientServer
) -> None:
    addresses = {f"a{number}@example.org" for number in range(20)}
    for address in addresses:
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=address)))

    await eventually(lambda: len(server.texts) == len(addresses))

    assert {
        address for address in addresses for text in server.texts if address.encode() in text
    } == addresses
    assert server.connections <= 4


async def test_who_is_refused_gets_no_text_and_the_next_gets_theirs(
    system: System, neighbours: Neighbours, server: PatientServer
) -> None:
    """Though the server wished for a text to nobody."""
    neighbours.coordinators = []
    server.receivers.append(b"550 no such person\r\n")
    refused = neighbours.has(email="nobody@example.org")
    await neighbours.tell(news(BookingConfirmed, refused))
    await eventually(lambda: ended(system, refused.booking_id, "confirmation", "failed", "smtp_550"))

    await neighbours.tell(news(BookingConfirmed, neighbours.has(email="next@example.org")))

    await eventually(lambda: state_of(system, "confirmation", "sent"))
    assert [b"next@example.org" in text for text in server.texts] == [True]


async def test_a_server_that_takes_what_it_has_not_been_told_has_got_nothing(
    system: System, neighbours: Neighbours, server: PatientServer
) -> None:
    """It says that all is done instead of asking for the text: the message is tried again."""
    server.wishes.append(b"250 fine\r\n")
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))

    await eventually(lambda: ended(system, facts.booking_id, "confirmation", "planned", "smtp_451"))
    assert server.texts == []


async def test_who_does_not_say_so_is_told_one_after_the_other(
    system: System, neighbours: Neighbours, server: PatientServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so this one, which keeps what it can do to itself, gets nothing at all."""
    server.greeting = b"250 patient\r\n"
    monkeypatch.setattr("services.notify.senders.email.COMMAND_SECONDS", 0.2)
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))

    await eventually(lambda: timed_out(system))

    assert server.texts == []


async def timed_out(system: System) -> bool:
    return bool(await system.sql("SELECT 1 FROM notify.message WHERE last_error = 'smtp_timeout'"))
