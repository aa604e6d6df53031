"""A mail server as bad as they come."""

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes
from random import Random
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class BadMailServer:
    """Of a hundred messages it puts ten off, refuses two, leaves five without an answer, and takes one
    and hangs up before saying so. It thinks for `slow` seconds about each that it takes."""

    def __init__(self, chance: Random, *, slow: float = 0) -> None:
        self.taken: list[tuple[str, str, datetime]] = []  # receiver, Message-ID, when
        self.refused: set[str] = set()
        self.put_off: set[str] = set()  # left without an answer too
        self.cut: list[str] = []
        self._chance = chance
        self._slow = slow
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0)
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server:
            self._server.close()

    async def handle_RCPT(  # noqa: N802 - the library looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        lot = self._chance.random()
        if not address.startswith("asukas"):  # coordinators are told in peace
            lot = 1.0
        if lot < 0.10:
            self.put_off.add(address)
            return "451 Later"
        if lot < 0.12:
            self.refused.add(address)
            return "550 No such person"
        if lot < 0.145:
            self.put_off.add(address)
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the same
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        lot = self._chance.random()
        to = envelope.rcpt_tos[0]
        if lot < 0.025 and to.startswith("asukas"):
            self.put_off.add(to)
            await asyncio.Event().wait()
        assert isinstance(envelope.content, bytes)
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self.taken.append((to, str(message_from_bytes(head)["Message-ID"]), datetime.now(UTC)))
        if self._slow:
            await asyncio.sleep(self._slow)
        if lot > 0.99 and to.startswith("asukas"):
            self.cut.append(to)
            cast(asyncio.Transport, server.transport).abort()
        return "250 OK"
