"""A real SMTP server whose mood a test decides."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.embedded.mailbox import Message, read_mail
from tests.support.eventually import PATIENCE, eventually

Hook = Callable[[Message], Awaitable[None]]


class Mailroom:
    """Takes mail. `answers` are given to the next messages in turn, then "250 OK".

    `taken` are the messages it said yes to, the oldest first. `on_data` runs before
    the answer, when the message is already there: the place for a crash.
    """

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.asked_for: list[str] = []
        self.answers: deque[str] = deque()
        self.sender_answers: deque[str] = deque()
        self.receiver_answers: deque[str] = deque()
        self.on_data: Hook | None = None
        self.connections = 0
        self._sessions: list[SMTP] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"smtp://{host}:{port}"

    async def open(self, port: int = 0, **how: Any) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connected, "127.0.0.1", port, **how)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def hang_up(self) -> None:
        """Close every connection, as a server does with those that were idle too long."""
        for session in self._sessions:
            if session.transport is not None:
                cast(asyncio.Transport, session.transport).abort()

    async def mails(self, count: int, *, within: float = PATIENCE) -> list[Message]:
        """The first `count` messages, as soon as they are there."""

        def enough() -> list[Message]:
            assert len(self.taken) >= count, f"{len(self.taken)} of {count} came"
            return self.taken[:count]

        return await eventually(enough, within=within)

    async def mail(self, *, within: float = PATIENCE) -> Message:
        (only,) = await self.mails(1, within=within)
        return only

    def _connected(self) -> SMTP:
        self.connections += 1
        self._sessions.append(SMTP(self, hostname="localhost", enable_SMTPUTF8=True))
        return self._sessions[-1]

    async def handle_MAIL(  # noqa: N802 - the library looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        envelope.mail_from = address
        return self.sender_answers.popleft() if self.sender_answers else "250 OK"

    async def handle_RCPT(  # noqa: N802 - the same
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        self.asked_for.append(address)
        answer = self.receiver_answers.popleft() if self.receiver_answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - the same
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self.answers.popleft() if self.answers else "250 OK"
        content = envelope.content
        assert isinstance(content, bytes)
        message = read_mail(content, to=envelope.rcpt_tos[0])
        if answer.startswith("2"):
            self.taken.append(message)
        if self.on_data is not None:
            await self.on_data(message)
        return answer
