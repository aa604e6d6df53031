"""How an attempt to send may end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.senders.letter import Channel


@dataclass(frozen=True)
class Sent:
    """`along`: the messages that the same letter told besides."""

    channel: Channel
    along: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """What it would have said is no longer so, or there is nobody to say it to."""

    reason: str


@dataclass(frozen=True)
class PutBack:
    """Not the message's fault and not an attempt: a neighbour away, a provider resting, the night."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """News that can wait, to one who has had the day's few: it goes with the next, or by itself at `until`.

    `person` is a digest. Not an attempt.
    """

    person: UUID
    until: datetime
    not_after: datetime
    give_up_at: datetime


@dataclass(frozen=True)
class Retry:
    at: datetime
    code: str
    channel: Channel | None = None


@dataclass(frozen=True)
class Failed:
    """Given up. A coordinator is told."""

    code: str
    channel: Channel | None = None


Outcome = Sent | Skipped | PutBack | Held | Retry | Failed


def code_of(outcome: Outcome) -> str:
    """Why it did not go out, where there is something to say."""
    match outcome:
        case Skipped(reason=code) | Retry(code=code) | Failed(code=code):
            return code
        case _:
            return ""
