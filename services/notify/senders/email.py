"""E-mail over a few connections that are kept while there is something to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.headerregistry import Address
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPTimeoutError

from services.notify.senders import mail
from services.notify.senders.breaker import Breaker
from services.notify.senders.connection import SmtpServer
from services.notify.senders.conversation import Conversation, as_text
from services.notify.senders.letter import Letter, Postponed, Rejected, Resting
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
DONE, GO_ON = 250, 354
REFUSED, NOT_NOW = 400, 451  # and above; and the code for what we could not make out
ACCEPTED = (DONE, 251)


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
        self._idle: dict[Conversation, asyncio.TimerHandle] = {}
        self._breaker = Breaker()

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator["EmailLine"]:
        async with self._places.taken():
            self._breaker.check()
            line = EmailLine(self._take_idle() or await self._connected(), self)
            try:
                yield line
            finally:
                self._put_away(line)

    @property
    def silent(self) -> int:
        return self._places.silent

    def written(self, letter: Letter) -> Mail:
        return mail.compose(letter, sender=self._sender, reply_to=self._reply_to, date=self._clock.now())

    @property
    def envelope(self) -> bytes:
        return b"MAIL FROM:<%s>" % self._sender.addr_spec.encode("ascii")

    def trouble(self, code: str) -> Postponed:
        """The provider's own failure: counted, and no message's fault."""
        self._breaker.failed()
        return Postponed(code)

    def works(self) -> None:
        self._breaker.worked()

    async def close(self) -> None:
        while conversation := self._take_idle():
            conversation.close()

    async def _connected(self) -> Conversation:
        """Logging in wrongly is the provider's failure."""
        made = SMTP(timeout=COMMAND_SECONDS, local_hostname=self._greeting, **self._server.options())
        try:
            async with asyncio.timeout(CONNECT_SECONDS + COMMAND_SECONDS):
                await made.connect(timeout=CONNECT_SECONDS)
                if made.is_ehlo_or_helo_needed:
                    await _greet(made)
            several = made.supports_extension("pipelining")
            return Conversation(cast(asyncio.Transport, made.transport), pipelining=several)
        except (SMTPException, OSError, ValueError) as error:
            made.close()
            raise self.trouble(_code(error)) from None

    def _put_away(self, line: "EmailLine") -> None:
        conversation = line.conversation
        if line.unfinished or not conversation.is_open or len(self._idle) >= CONNECTIONS:
            conversation.close()
            return
        self._idle[conversation] = conversation.loop.call_later(IDLE_SECONDS, self._retire, conversation)

    def _take_idle(self) -> Conversation | None:
        """One that the server has not closed meanwhile."""
        while self._idle:
            conversation, timer = self._idle.popitem()
            timer.cancel()
            if conversation.is_open:
                return conversation
        return None

    def _retire(self, conversation: Conversation) -> None:
        del self._idle[conversation]
        conversation.close()


class EmailLine:
    """A conversation in use. Left `unfinished`, it is not used again."""

    def __init__(self, conversation: Conversation, owner: Email) -> None:
        self.conversation = conversation
        self.unfinished = False
        self._kept = conversation.used  # from another message
        self._owner = owner
        conversation.used = True

    async def send(self, letter: Letter) -> None:
        written = self._owner.written(letter)
        self.unfinished = True
        try:
            code = await self._handed_over(written)
            if code != DONE:
                await self._begin_anew()
        except OSError as error:
            raise self._owner.trouble(_code(error)) from None
        self._kept = False
        if code == CLOSING:
            raise self._owner.trouble(f"smtp_{code}")
        self._owner.works()
        if code != DONE:
            raise Rejected(f"smtp_{code}") if 500 <= code < 600 else Postponed(f"smtp_{code}")
        self.unfinished = False

    async def _handed_over(self, written: Mail) -> int:
        """The code that decides: of the receiver, the wish for the text, or the text."""
        receiver = b"RCPT TO:<%s>" % written.receiver.encode("ascii")
        commands = (self._owner.envelope, receiver, b"DATA")
        speak, heard = self.conversation.speak, self.conversation.heard
        answers = await self._begun(*(commands if self.conversation.pipelining else commands[:1]))
        code = await heard(answers[0] if answers else speak(receiver)[0], until=self._in(COMMAND_SECONDS))
        until = self._in(DATA_SECONDS)
        wish = await heard(answers[1], until=until) if answers else 0
        if code not in ACCEPTED:
            if wish == GO_ON:  # for a text to nobody, which it shall not get
                self.conversation.close()
            return code
        wish = wish or await heard(speak(b"DATA")[0], until=until)
        if wish == GO_ON:
            return await heard(speak(as_text(written.data))[0], until=until)
        return wish if wish >= REFUSED else NOT_NOW  # whoever asks for no text has been told nothing

    async def _begun(self, *commands: bytes) -> "list[asyncio.Future[int]]":
        """The answers to what was said with MAIL. A line kept from another message that the server has
        given up meanwhile, or leaves in silence, costs this one nothing: it goes over another."""
        try:
            answers = self.conversation.speak(*commands)
            code = await self.conversation.heard(answers[0], until=self._in(COMMAND_SECONDS))
        except OSError:
            if self._kept:
                raise Resting(0) from None
            raise
        if code == CLOSING and self._kept:
            raise Resting(0)
        if code != DONE:
            raise self._owner.trouble(f"smtp_{code}")
        return answers[1:]

    async def _begin_anew(self) -> None:
        """After a refusal the server still holds half an envelope."""
        with contextlib.suppress(OSError):
            answer = self.conversation.speak(b"RSET")[0]
            self.unfinished = await self.conversation.heard(answer, until=self._in(COMMAND_SECONDS)) != DONE

    def _in(self, seconds: float) -> float:
        return self.conversation.loop.time() + seconds


async def _greet(made: SMTP) -> None:
    """As the library would before the first mail: a server may know only the older word."""
    try:
        await made.ehlo()
    except SMTPHeloError:
        await made.helo()


def _code(error: Exception) -> str:
    """A word for what went wrong, without a word of the server's."""
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return "smtp_timeout"
    code = getattr(error, "code", None)
    return f"smtp_{code}" if isinstance(code, int) else "smtp_unreachable"
