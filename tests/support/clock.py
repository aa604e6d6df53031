"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class SetClock:
    """Runs on from the real moment, moved by what the test says: deadlines and waits stay real."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def set(self, moment: datetime) -> None:
        """From now on it is `moment`, and time goes on from there."""
        self._shift = moment - datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        self._shift += by
