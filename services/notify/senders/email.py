"""E-mail over a few connections that are kept while there is something to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.headerregistry import Address

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from services.notify.senders import mail
from services.notify.senders.breaker import Breaker
from services.notify.senders.connection import SmtpServer
from services.notify.senders.letter import Letter, Postponed, Rejected
from services.notify.senders.mail import Mail
from services.notify.senders.places import Places
from services.runtime.clock import Clock

CONNECTIONS = 4
# Beside them, those on which the server has left a message without an answer for so long.
SILENT_CONNECTIONS = 44
SILENT_SECONDS = 1.5
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 5.0
# A server may look into a message before it takes it; given up on too early, it goes out twice.
DATA_SECONDS = 15.0
IDLE_SECONDS = 15.0
CLOSING = 421  # the code of a server that hangs up


class Email:
    """Four connections, besides those on which the server has gone silent; each is used again for the next
    message that comes soon enough.
    """

    def __init__(
        self,
        server: SmtpServer,
        *,
        sender: Address,
        reply_to: Address | None,
        greeting: str,
        clock: Clock,
    ) -> None:
        self._server = server
        self._sender = sender
        self._reply_to = reply_to
        self._greeting = greeting
        self._clock = clock
        self._places = Places(lively=CONNECTIONS, silent=SILENT_CONNECTIONS, patience=SILENT_SECONDS)
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}
        self._breaker = Breaker()

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator["EmailLine"]:
        async with self._places.taken():
            self._breaker.check()
            line = EmailLine(await self._begun(), self)
            try:
                yield line
            finally:
                self._put_away(line)

    @property
    def silent(self) -> int:
        return self._places.silent

    def written(self, letter: Letter) -> Mail:
        return mail.compose(letter, sender=self._sender, reply_to=self._reply_to, date=self._clock.now())

    def trouble(self, error: Exception) -> Postponed:
        """The provider's own failure: counted, and no message's fault."""
        self._breaker.failed()
        return Postponed(_code(error))

    def works(self) -> None:
        self._breaker.worked()

    async def close(self) -> None:
        while self._idle:
            self._take_idle().close()

    async def _begun(self) -> SMTP:
        """A connection with an envelope begun. One that the server has closed meanwhile, or leaves in
        silence, costs the message nothing: another one is taken. Logging in wrongly is the provider's
        failure.
        """
        while self._idle:
            connection = self._take_idle()
            try:
                await self.begin(connection)
            except SMTPSenderRefused as error:
                connection.close()
                if error.code != CLOSING:
                    raise self.trouble(error) from None
            except (SMTPException, OSError):
                connection.close()
            else:
                return connection
        connection = SMTP(timeout=COMMAND_SECONDS, local_hostname=self._greeting, **self._server.options())
        try:
            async with asyncio.timeout(CONNECT_SECONDS + COMMAND_SECONDS):
                await connection.connect(timeout=CONNECT_SECONDS)
            await self.begin(connection)
        except (SMTPException, OSError, ValueError) as error:
            connection.close()
            raise self.trouble(error) from None
        return connection

    async def begin(self, connection: SMTP) -> None:
        async with asyncio.timeout(COMMAND_SECONDS):
            await connection.mail(self._sender.addr_spec, timeout=None)

    def _put_away(self, line: "EmailLine") -> None:
        connection = line.connection
        if line.unfinished or not connection.is_connected or len(self._idle) >= CONNECTIONS:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        self._idle[connection] = loop.call_later(IDLE_SECONDS, self._retire, connection)

    def _take_idle(self) -> SMTP:
        connection, timer = self._idle.popitem()
        timer.cancel()
        return connection

    def _retire(self, connection: SMTP) -> None:
        del self._idle[connection]
        connection.close()


class EmailLine:
    """A connection in use, with an envelope begun for the first letter. Left `unfinished`, it is not used
    again."""

    def __init__(self, connection: SMTP, owner: Email) -> None:
        self.connection = connection
        self.unfinished = True
        self._owner = owner

    async def send(self, letter: Letter) -> None:
        written = self._owner.written(letter)
        try:
            if not self.unfinished:
                self.unfinished = True
                await self._owner.begin(self.connection)
            # The library's own clocks, one for each answer it waits for, cost as much as its steps.
            async with asyncio.timeout(COMMAND_SECONDS):
                await self.connection.rcpt(written.receiver, timeout=None)
            async with asyncio.timeout(DATA_SECONDS):
                await self.connection.data(written.data, timeout=None)
        except (SMTPRecipientRefused, SMTPDataError) as error:
            await self._begin_anew()
            raise self._refused(error) from None
        except (SMTPException, OSError) as error:
            raise self._owner.trouble(error) from None
        self.unfinished = False
        self._owner.works()

    async def _begin_anew(self) -> None:
        """After a refusal the server still holds half an envelope."""
        with contextlib.suppress(SMTPException, OSError):
            await self.connection.rset()
            self.unfinished = False

    def _refused(self, error: SMTPRecipientRefused | SMTPDataError) -> Postponed | Rejected:
        """The server spoke about this message. 421 is about itself: it is closing."""
        code = f"smtp_{error.code}"
        if error.code == CLOSING:
            return self._owner.trouble(error)
        self._owner.works()
        return Rejected(code) if 500 <= error.code < 600 else Postponed(code)


def _code(error: Exception) -> str:
    """A word for what went wrong, without a word of the server's."""
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return "smtp_timeout"
    code = getattr(error, "code", None)
    return f"smtp_{code}" if isinstance(code, int) else "smtp_unreachable"
