"""What the use cases need beside their transaction: settings as the domain speaks of them."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import holidays


class Holidays:
    """Finland's public holidays, the eves among them. Slow to work out, so done once a year."""

    def __init__(self) -> None:
        self._calendar = holidays.country_holidays("FI")

    def load(self, years: Iterable[int]) -> None:
        """Work out these years now; takes most of a second, which no request should wait for."""
        for year in years:
            self._calendar.get(date(year, 1, 1))

    def __contains__(self, day: object) -> bool:
        return day in self._calendar


@dataclass(frozen=True)
class Deps:
    """`confirm_first`: a booking is held for `hold` until its resident confirms it from the mail.

    `link_life`: how long after the meeting its link still answers. `book_together`: how many bookings may
    share one transaction. `rooms_open`: how long before the start, as rooms is told as well.
    """

    zone: ZoneInfo
    confirm_first: bool
    hold: timedelta
    link_life: timedelta
    book_together: int = 64
    rooms_open: timedelta = timedelta(minutes=15)
    holidays: Container[date] = field(default_factory=frozenset)
