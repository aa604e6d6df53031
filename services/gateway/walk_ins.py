"""Who has walked into which session from where: a nickname is all they give, and a place goes at once.

In memory and of this process, as limits are. What is over is forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.contracts.booking.groups import GroupSession
from services.contracts.refusals import Code, Refusal

FEWEST = 4
"""So many may always walk in from one network."""


def most_of(capacity: int) -> int:
    """How many may walk into a session of this size from one network: half of the places are for others."""
    return max(FEWEST, capacity // 2)


@dataclass
class _Came:
    """The keys under which people walked into one session, by network."""

    ends_at: datetime
    keys: dict[str, set[str]] = field(default_factory=dict)


class WalkIns:
    def __init__(self) -> None:
        self._sessions: dict[UUID, _Came] = {}

    @contextmanager
    def one_more(self, session: GroupSession, *, network: str, key: str, now: datetime) -> Iterator[None]:
        """Count somebody, for good unless they are refused within. A repetition under the same key counts
        once. Refuses `too_many`."""
        self._forget(now)
        came = self._sessions.setdefault(session.slot_id, _Came(session.ends_at))
        keys = came.keys.setdefault(network, set())
        repeated = key in keys
        if not repeated and len(keys) >= most_of(session.capacity):
            left = round((session.ends_at - now).total_seconds())
            raise Refusal(
                Code.TOO_MANY,
                "Many have come into this session from this network. Its other places are kept for others.",
                retry_after=max(1, left),
            )
        keys.add(key)
        try:
            yield
        except Refusal:
            if not repeated:
                keys.discard(key)
            raise

    def _forget(self, now: datetime) -> None:
        for slot_id in [slot_id for slot_id, came in self._sessions.items() if came.ends_at <= now]:
            del self._sessions[slot_id]
