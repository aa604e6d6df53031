"""How an attempt to send may end."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.senders.letter import Channel


@dataclass(frozen=True)
class Sent:
    channel: Channel


@dataclass(frozen=True)
class Skipped:
    """What it would have said is no longer so, or there is nobody to say it to."""

    reason: str


@dataclass(frozen=True)
class PutBack:
    """Not the message's fault and not an attempt: a neighbour away, a provider resting, the night."""

    until: datetime


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


Outcome = Sent | Skipped | PutBack | Retry | Failed
