"""What is said to a mail server over a line that stands, and the codes it answers with.

The library makes the line: names, passwords, TLS. It waits for each answer before the next word, also where
the server would hear several at once, and for a mail its steps cost more than what they carry.
"""

import asyncio
import re
from collections import deque

LONGEST_LINE = 8192
LOOK_SECONDS = 0.25  # between two looks whether somebody has waited for long enough
_ANY_LINE_END = re.compile(rb"\r\n|\n|\r")


class Conversation(asyncio.Protocol):
    """Takes over `transport` from the library. `pipelining`: the server hears several commands at once.
    `used`: it has begun a message before."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool) -> None:
        self.pipelining = pipelining
        self.used = False
        self.loop = asyncio.get_running_loop()
        self._transport = transport
        self._heard = b""
        self._expected: deque[asyncio.Future[int]] = deque()
        self._awaited: tuple[asyncio.Future[int], float] | None = None
        self._looks: asyncio.TimerHandle | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def speak(self, *commands: bytes) -> "list[asyncio.Future[int]]":
        """All of them at once; an answer for each, to be waited for in this order. They end with OSError
        when the line is lost."""
        if not self.is_open:
            raise ConnectionResetError
        answers: list[asyncio.Future[int]] = [self.loop.create_future() for _ in commands]
        self._expected.extend(answers)
        self._transport.write(b"".join(command + b"\r\n" for command in commands))
        return answers

    async def heard(self, answer: "asyncio.Future[int]", *, until: float) -> int:
        """The code, or TimeoutError some time after `until`, by the loop's clock. One waits at a time.

        One clock looks after all the waits of a conversation: one for each costs more than they do.
        """
        self._awaited = (answer, until)
        if self._looks is None:
            self._looks = self.loop.call_later(LOOK_SECONDS, self._look)
        try:
            return await answer
        finally:
            self._awaited = None

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            if line[3:4] != b"-":
                self._answered(line[:3])
        if len(self._heard) > LONGEST_LINE:
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        while self._expected:
            answer = self._expected.popleft()
            if not answer.done():
                answer.set_exception(ConnectionResetError())
                answer.exception()  # perhaps nobody waits for it any more

    def _look(self) -> None:
        self._looks = None
        if self._awaited is None:
            return
        answer, until = self._awaited
        if self.loop.time() < until:
            self._looks = self.loop.call_later(LOOK_SECONDS, self._look)
        elif not answer.done():
            answer.set_exception(TimeoutError())

    def _answered(self, code: bytes) -> None:
        """Whoever speaks unasked says that it is closing, and who says no code is no mail server."""
        if not self._expected or not code.isdigit():
            self.close()
            return
        answer = self._expected.popleft()
        if not answer.done():
            answer.set_result(int(code))


def as_text(data: bytes) -> bytes:
    """A mail as it stands between DATA and the end of its text, with the last dot."""
    if not data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n"):  # ours are put together well
        data = _ANY_LINE_END.sub(b"\r\n", data)
    lines = data.removesuffix(b"\r\n")
    return (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:] + b"\r\n."
