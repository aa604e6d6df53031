"""Every setting booking reads."""

from dataclasses import dataclass
from enum import StrEnum

from services.runtime.config import Common, setting


class BookingMode(StrEnum):
    """`confirm`: a new booking is held until its resident presses the button in the mail."""

    INSTANT = "instant"
    CONFIRM = "confirm"


@dataclass(frozen=True, kw_only=True)
class Config(Common):
    time_zone: str = setting("DIGIAULA_TIME_ZONE", default="Europe/Helsinki")
    mode: BookingMode = setting("DIGIAULA_BOOKING_MODE", default=BookingMode.INSTANT)
    hold_minutes: int = setting("DIGIAULA_HOLD_MINUTES", default=60)
    link_days: int = setting("DIGIAULA_LINK_DAYS", default=7)
    book_together: int = setting("DIGIAULA_BOOK_TOGETHER", default=64)
    first_coordinator: str = setting("DIGIAULA_FIRST_COORDINATOR", default="")
