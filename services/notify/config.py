"""Every setting that notify reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from services.contracts import links
from services.notify.senders.addresses import parse_mailbox
from services.notify.senders.connection import SmtpServer
from services.runtime.config import Common, Secret, SettingsError, check_lengths, setting


@dataclass(frozen=True, kw_only=True)
class Config(Common):
    """`smtp_url` is smtp://user:password@host:port or smtps://…; see the README for `?starttls=`.

    Without `sms_url` nobody can be reached by phone: such a message fails and a
    coordinator is told.
    """

    public_url: str = setting("DIGIAULA_PUBLIC_URL")
    time_zone: str = setting("DIGIAULA_TIME_ZONE", default="Europe/Helsinki")
    link_keys: Secret = setting("DIGIAULA_LINK_KEYS")
    smtp_url: Secret = setting("DIGIAULA_SMTP_URL")
    mail_from: str = setting("DIGIAULA_MAIL_FROM")
    mail_reply_to: str | None = setting("DIGIAULA_MAIL_REPLY_TO", default=None)
    sms_url: str | None = setting("DIGIAULA_SMS_URL", default=None)
    sms_token: Secret | None = setting("DIGIAULA_SMS_TOKEN", default=None)
    quiet_from: int = setting("DIGIAULA_QUIET_FROM", default=21)
    quiet_until: int = setting("DIGIAULA_QUIET_UNTIL", default=7)
    keep_messages_days: int = setting("DIGIAULA_KEEP_MESSAGES_DAYS", default=90)

    def __post_init__(self) -> None:
        """Refuse at the start what would otherwise fail at the first message."""
        check_lengths({"DIGIAULA_KEEP_MESSAGES_DAYS": self.keep_messages_days})
        readers: dict[str, tuple[Callable[[Any], object], Any]] = {
            "DIGIAULA_PUBLIC_URL": (_web_address, self.public_url),
            "DIGIAULA_TIME_ZONE": (ZoneInfo, self.time_zone),
            "DIGIAULA_LINK_KEYS": (links.parse_keys, self.link_keys),
            "DIGIAULA_SMTP_URL": (SmtpServer.parse, self.smtp_url),
            "DIGIAULA_MAIL_FROM": (parse_mailbox, self.mail_from),
            "DIGIAULA_MAIL_REPLY_TO": (parse_mailbox, self.mail_reply_to),
            "DIGIAULA_SMS_URL": (_web_address, self.sms_url),
            "DIGIAULA_QUIET_FROM": (_hour, self.quiet_from),
            "DIGIAULA_QUIET_UNTIL": (_hour, self.quiet_until),
        }
        unusable = [
            name for name, (read, value) in readers.items() if value is not None and not _reads(read, value)
        ]
        if unusable:
            raise SettingsError("unusable settings: " + ", ".join(unusable))


def _reads(read: Callable[[Any], object], value: Any) -> bool:
    try:
        read(value)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("not a web address")
    return text


def _hour(number: int) -> int:
    if not 0 <= number <= 23:
        raise ValueError("not an hour")
    return number
