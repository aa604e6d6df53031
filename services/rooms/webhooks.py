"""Reading what Jitsi's `event_sync` sends: missing or odd parts are lived with, where possible."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from services.rooms.store.sightings import Sighting


class Unreadable(Exception):
    """Not JSON, or not an object."""


@dataclass(frozen=True)
class Webhook:
    """One message, read at the moment `now`: what it leaves out happened now, and nothing later."""

    content: dict[str, Any]
    now: datetime

    @property
    def room(self) -> str | None:
        name = self.content.get("room_name")
        return name if isinstance(name, str) and name else None

    @property
    def is_breakout(self) -> bool:
        """A side room, told of under the main room's name."""
        return self.content.get("is_breakout") is True

    @property
    def destroyed_at(self) -> datetime:
        return self._moment(self.content.get("destroyed_at")) or self.now

    @property
    def joined(self) -> Sighting | None:
        """Whoever came, or None when that is somebody without a token of ours."""
        return self._sighting(self.content.get("occupant"), left=None)

    @property
    def left(self) -> Sighting | None:
        return self._sighting(self.content.get("occupant"), left=self.now)

    @property
    def everybody(self) -> list[Sighting]:
        """All who were there. Nobody is `{}` instead of a list."""
        told = self.content.get("all_occupants")
        listed = told if isinstance(told, list) else []
        seen = [self._sighting(one, left=self.destroyed_at) for one in listed]
        return [one for one in seen if one is not None]

    def _sighting(self, occupant: Any, *, left: datetime | None) -> Sighting | None:
        """`left` is when they went if the occupant does not say it; None when they only came."""
        if not isinstance(occupant, dict):
            return None
        try:
            participant_id = UUID(occupant["id"])
        except (KeyError, ValueError, TypeError, AttributeError):
            return None
        joined_at = self._moment(occupant.get("joined_at"))
        return Sighting(
            participant_id=participant_id,
            connection=sha256(str(occupant.get("occupant_jid", "")).encode(errors="replace")).digest(),
            joined_at=joined_at if left else joined_at or self.now,
            left_at=(self._moment(occupant.get("left_at")) or left) if left else None,
        )

    def _moment(self, seconds: Any) -> datetime | None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            return None
        try:
            return min(datetime.fromtimestamp(seconds, UTC), self.now)
        except (OverflowError, ValueError, OSError):
            return None


def read(body: bytes, now: datetime) -> Webhook:
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(content, dict):
        raise Unreadable
    return Webhook(content, now)
