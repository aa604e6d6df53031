"""Every setting rooms reads. How tokens are signed is checked before anything starts."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from services.rooms import keys, tokens
from services.rooms.domain import Hours
from services.rooms.keys import KeysUnusable
from services.rooms.tokens import Signer
from services.runtime.config import Common, Secret, SettingsError, check_lengths, setting


class JitsiMode(StrEnum):
    """How Jitsi knows a token is ours: a shared secret, a key pair, or 8x8's key pair."""

    HS256 = "hs256"
    RS256 = "rs256"
    JAAS = "jaas"


@dataclass(frozen=True, kw_only=True)
class Config(Common):
    mode: JitsiMode = setting("DIGIAULA_JITSI_MODE", default=JitsiMode.HS256)
    domain: str = setting("DIGIAULA_JITSI_DOMAIN", default="")
    app_id: str = setting("DIGIAULA_JITSI_APP_ID")
    app_secret: Secret = setting("DIGIAULA_JITSI_APP_SECRET", default=Secret())
    subject: str = setting("DIGIAULA_JITSI_SUBJECT", default="meet.jitsi")
    audience: str = setting("DIGIAULA_JITSI_AUDIENCE", default="")
    private_keys: Secret = setting("DIGIAULA_JITSI_PRIVATE_KEYS", default=Secret())
    callback_secret: Secret = setting("DIGIAULA_ROOMS_CALLBACK_SECRET", default=Secret())
    opens_minutes: int = setting("DIGIAULA_ROOM_OPENS_MINUTES", default=15)
    closes_minutes: int = setting("DIGIAULA_ROOM_CLOSES_MINUTES", default=30)
    keep_attendance_days: int = setting("DIGIAULA_KEEP_ATTENDANCE_DAYS", default=90)

    def __post_init__(self) -> None:
        """Refuse to start with what could not sign a token, or would open rooms at odd times."""
        check_lengths({"DIGIAULA_KEEP_ATTENDANCE_DAYS": self.keep_attendance_days})
        unusable = []
        if not 0 <= self.opens_minutes <= 24 * 60:
            unusable.append("DIGIAULA_ROOM_OPENS_MINUTES")
        if not 0 <= self.closes_minutes <= 24 * 60:
            unusable.append("DIGIAULA_ROOM_CLOSES_MINUTES")
        try:
            _ = self.signer
        except KeysUnusable as error:
            unusable.append(f"{self._signs_with} ({error})")
        if unusable:
            raise SettingsError("unusable settings: " + ", ".join(unusable))

    @property
    def hours(self) -> Hours:
        return Hours(
            before=timedelta(minutes=self.opens_minutes), after=timedelta(minutes=self.closes_minutes)
        )

    @cached_property
    def signer(self) -> Signer:
        """Made once: reading a key takes a hundred times as long as signing with it."""
        audience = self.audience or self.app_id
        match self.mode:
            case JitsiMode.HS256:
                return tokens.shared_secret(
                    keys.secrets_of(self.app_secret),
                    issuer=self.app_id,
                    audience=audience,
                    subject=self.subject,
                    domain=self.domain,
                )
            case JitsiMode.RS256:
                return tokens.key_pair(
                    keys.rsa_keys(self.private_keys),
                    issuer=self.app_id,
                    audience=audience,
                    subject=self.subject,
                    domain=self.domain,
                )
            case JitsiMode.JAAS:
                own = keys.rsa_keys(self.private_keys, prefix=f"{self.app_id}/")
                return tokens.jaas(own, app_id=self.app_id, domain=self.domain)

    @property
    def _signs_with(self) -> str:
        shared = self.mode is JitsiMode.HS256
        return "DIGIAULA_JITSI_APP_SECRET" if shared else "DIGIAULA_JITSI_PRIVATE_KEYS"
