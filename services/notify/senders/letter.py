"""What is handed to a sender, and how handing it over may end."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True)
class Paragraph:
    """Words, and where they lead if they are a link; or the lines of a list; or a heading."""

    words: str
    url: str | None = None
    listed: Sequence[str] = ()
    heading: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class Letter:
    """A message to one person, in full. Has no repr: it would end up in a log one day.

    `id` is the same at every repetition and becomes the Message-ID; with others along it goes by which
    they are. `paragraphs` is what a mail says, undressed. `along`: other messages that it tells too, with
    their calendar objects in `more_calendars`.
    """

    id: str
    channel: Channel
    to: str
    language: str
    text: str
    subject: str = ""
    html: str = ""
    calendar: bytes | None = None
    calendar_method: str = ""
    paragraphs: Sequence[Paragraph] = ()
    along: tuple[UUID, ...] = ()
    more_calendars: tuple[tuple[bytes, str], ...] = ()


class Postponed(Exception):
    """It may go another time: a timeout, a refused connection, a 4xx."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Rejected(Exception):
    """It will never go like this: a 5xx, an address that is none, no provider at all."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Resting(Exception):
    """The provider has failed too often in a row and is left alone for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class Line(Protocol):
    async def send(self, letter: Letter) -> None:
        """Hand the letter over, or raise Postponed or Rejected."""
        ...


class Sender(Protocol):
    @property
    def silent(self) -> int:
        """How many letters wait for an answer so long that they hold up no others."""
        ...

    def line(self) -> AbstractAsyncContextManager[Line]:
        """Wait for a place and a provider that is ready; raises Postponed or Resting."""
        ...

    async def close(self) -> None: ...
