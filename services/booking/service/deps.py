"""What the use cases need beside their transaction: settings as the domain speaks of them."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays


def finland() -> holidays.HolidayBase:
    """The library's Finland from its own file: by name it comes with two hundred countries, all kept."""
    file = Path(holidays.__file__).with_name("countries") / "finland.py"
    spec = spec_from_file_location("holidays.countries.finland", file)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    calendar: holidays.HolidayBase = module.Finland()
    return calendar


class Holidays:
    """Finland's public holidays, the eves among them. Worked out a year at a time, and kept."""

    def __init__(self) -> None:
        self._calendar = finland()

    def load(self, years: Iterable[int]) -> None:
        """Work out these years now, which no request should wait for."""
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
