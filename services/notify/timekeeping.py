"""The time by which messages are sent: the database's, as long as no clock contradicts it."""

import time
from datetime import datetime, timedelta

import structlog

from services.runtime.clock import Clock

log = structlog.get_logger()

FARTHEST_APART = timedelta(minutes=5)
SAY_EVERY = timedelta(minutes=1)
# Goes on while the machine sleeps, where a system has such a clock; nobody can set either.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> timedelta:
    """The time since some moment in the past: of use only beside another answer."""
    return timedelta(seconds=time.clock_gettime(_STEADY))


class DatabaseTime:
    """The database's clock as it was when last looked at, carried on by one that nobody can set.

    A step of our own clock or of the database's changes nothing here. It is found at the next look,
    and nothing is to be sent until the clocks fit again, or until a restart takes them as they are.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[datetime, timedelta] | None = None
        self._said_at: timedelta | None = None

    @property
    def moved_by(self) -> timedelta:
        return self._clock.moved_by

    def now(self) -> datetime:
        """Before the first look there is only our own clock."""
        if self._seen is None:
            return self._clock.now()
        there, at = self._seen
        return there + (steady() - at) + self.moved_by

    def look(self, there: datetime) -> bool:
        """Whether the time may be believed, `there` being what the database has just said it is."""
        at = steady()
        own = self._clock.now() - self.moved_by
        believed = self.now() - self.moved_by if self._seen else there
        apart = max(abs(there - own), abs(there - believed), abs(own - believed))
        if apart > FARTHEST_APART:
            self._say(at, there, own, believed)
            return False
        if self._said_at is not None:
            log.info("clock.fits_again")
            self._said_at = None
        self._seen = (there, at)
        return True

    def _say(self, at: timedelta, there: datetime, own: datetime, believed: datetime) -> None:
        if self._said_at is not None and at - self._said_at < SAY_EVERY:
            return
        self._said_at = at
        log.error(
            "clock.jumped",
            database_seconds=round((there - believed).total_seconds()),
            own_seconds=round((own - believed).total_seconds()),
        )
