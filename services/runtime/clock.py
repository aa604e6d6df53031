"""The one place that asks what time it is."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    @property
    def moved_by(self) -> timedelta:
        """How far it was set away from real time on purpose; whatever else it is off by is an error."""
        ...


class SystemClock:
    moved_by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC)
