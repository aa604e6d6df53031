"""The names this service answers to. A link in a mail is never made of what a request says."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from services.gateway.config import LOOPBACK, Config


class Hosts:
    def __init__(self, names: Sequence[str], *, loopback: bool) -> None:
        self._names = {name.lower() for name in names}
        self._loopback = loopback

    @classmethod
    def of(cls, settings: Config) -> "Hosts":
        """The public address and what is named beside it; any loopback port when that is where we are."""
        parts = urlsplit(settings.public_url)
        standing = {"https": 443, "http": 80}.get(parts.scheme)
        names = [parts.netloc, *settings.list_of(settings.allowed_hosts)]
        if parts.port is None:
            names.append(f"{parts.netloc}:{standing}")
        return cls(names, loopback=settings.on_loopback)

    def allows(self, host: str) -> bool:
        host = host.lower()
        if host in self._names:
            return True
        if not self._loopback:
            return False
        try:
            return urlsplit(f"//{host}").hostname in LOOPBACK
        except ValueError:
            return False
