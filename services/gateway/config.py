"""Every setting of the gateway."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from services.runtime.config import Common, Secret, check_lengths, setting

YEAR_DAYS = 365
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Config(Common):
    """Lists are separated by commas. `limits` off lifts the request limits for loopback clients only."""

    public_url: str = setting("DIGIAULA_PUBLIC_URL")
    link_keys: Secret = setting("DIGIAULA_LINK_KEYS")
    form_key: Secret = setting("DIGIAULA_FORM_KEY")
    time_zone: str = setting("DIGIAULA_TIME_ZONE", default="Europe/Helsinki")
    jitsi_domain: str = setting("DIGIAULA_JITSI_DOMAIN", default="")
    limits: Literal["on", "off"] = setting("DIGIAULA_LIMITS", default="on")
    trusted_proxies: str = setting("DIGIAULA_TRUSTED_PROXIES", default="")
    copies: int = setting("DIGIAULA_GATEWAY_COPIES", default=1)
    allowed_hosts: str = setting("DIGIAULA_ALLOWED_HOSTS", default="")
    phone: str = setting("DIGIAULA_PHONE", default="")
    controller: str = setting("DIGIAULA_CONTROLLER", default="")
    feedback_email: str = setting("DIGIAULA_FEEDBACK_EMAIL", default="")
    accessibility_url: str = setting("DIGIAULA_ACCESSIBILITY_URL", default="")
    metrics_port: int = setting("DIGIAULA_METRICS_PORT", default=0)
    room_opens_minutes: int = setting("DIGIAULA_ROOM_OPENS_MINUTES", default=15)
    session_idle_minutes: int = setting("DIGIAULA_SESSION_IDLE_MINUTES", default=120)
    keep_contact_days: int = setting("DIGIAULA_KEEP_CONTACT_DAYS", default=30)
    keep_note_days: int = setting("DIGIAULA_KEEP_NOTE_DAYS", default=7)
    keep_attendance_days: int = setting("DIGIAULA_KEEP_ATTENDANCE_DAYS", default=90)
    keep_messages_days: int = setting("DIGIAULA_KEEP_MESSAGES_DAYS", default=90)
    keep_audit_days: int = setting("DIGIAULA_KEEP_AUDIT_DAYS", default=730)

    def __post_init__(self) -> None:
        """The trail is kept for a year at least: the database itself gives up no younger row."""
        check_lengths({"DIGIAULA_KEEP_AUDIT_DAYS": self.keep_audit_days - YEAR_DAYS})

    @property
    def origin(self) -> str:
        """The public address without a path or a last slash: what every link of ours begins with."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def on_loopback(self) -> bool:
        return urlsplit(self.public_url).hostname in LOOPBACK

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def rooms_open(self) -> timedelta:
        """How long before its start a room opens."""
        return timedelta(minutes=self.room_opens_minutes)

    def list_of(self, text: str) -> list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]
