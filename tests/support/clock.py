"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class SetClock:
    """Runs on from the real moment, moved by what the test says: deadlines and waits stay real.

    `moved_by` is on purpose, and said so; `strays_by` is what a broken clock is wrong by, unsaid.
    """

    def __init__(self) -> None:
        self.moved_by = timedelta()
        self.strays_by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved_by + self.strays_by

    def set(self, moment: datetime) -> None:
        """From now on it is `moment`, and time goes on from there."""
        self.moved_by = moment - datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        self.moved_by += by
