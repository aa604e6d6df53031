"""Every setting booking reads."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.booking.service.forgetting.forgetting import Keep
from services.runtime.config import Common, check_lengths, setting


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
    room_opens_minutes: int = setting("DIGIAULA_ROOM_OPENS_MINUTES", default=15)
    keep_contact_days: int = setting("DIGIAULA_KEEP_CONTACT_DAYS", default=30)
    keep_note_days: int = setting("DIGIAULA_KEEP_NOTE_DAYS", default=7)
    keep_unconfirmed_hours: int = setting("DIGIAULA_KEEP_UNCONFIRMED_HOURS", default=24)
    keep_words_days: int = setting("DIGIAULA_KEEP_WORDS_DAYS", default=365)
    first_coordinator: str = setting("DIGIAULA_FIRST_COORDINATOR", default="")

    def __post_init__(self) -> None:
        """Refuse to start with what would forget people before they have come, or never."""
        lengths = {
            "DIGIAULA_KEEP_CONTACT_DAYS": self.keep_contact_days,
            "DIGIAULA_KEEP_NOTE_DAYS": self.keep_note_days,
            "DIGIAULA_KEEP_UNCONFIRMED_HOURS": self.keep_unconfirmed_hours,
            "DIGIAULA_KEEP_WORDS_DAYS": self.keep_words_days,
        }
        check_lengths(lengths)

    @property
    def keep(self) -> Keep:
        return Keep(
            contact=timedelta(days=self.keep_contact_days),
            note=timedelta(days=self.keep_note_days),
            unconfirmed=timedelta(hours=self.keep_unconfirmed_hours),
            words=timedelta(days=self.keep_words_days),
        )
