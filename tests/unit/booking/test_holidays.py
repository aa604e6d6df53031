"""Public holidays: those of the library, without the rest of its world."""

import subprocess
import sys
from datetime import date

import holidays

from services.booking.service.deps import Holidays, finland

YEARS = range(2000, 2060)
LOADS = """
import sys
from services.booking.service.deps import Holidays
Holidays().load(range(2026, 2029))
assert "holidays" in sys.modules
print([name for name in sys.modules if name.startswith("holidays.countries")])
"""


def test_the_days_are_those_that_the_library_gives_by_name() -> None:
    ours = finland()
    for year in YEARS:
        ours.get(date(year, 1, 1))

    assert dict(ours) == dict(holidays.country_holidays("FI", years=YEARS))
    assert len(ours) > 10 * len(YEARS)


def test_eves_count_and_days_before_them_do_not() -> None:
    days = Holidays()

    assert date(2026, 12, 24) in days
    assert date(2026, 6, 19) in days  # Midsummer Eve
    assert date(2026, 12, 23) not in days


def test_no_other_country_is_kept_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
