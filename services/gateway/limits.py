"""How often one client may do what costs something: kept in memory, per process.

Of several copies each counts for itself, and the proxy sends a client to the same
one as long as that is there. What is counted of everybody together is divided.
"""

import asyncio
import ipaddress
import secrets
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from time import time

from aiohttp import web
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from services.contracts.refusals import Code, Refusal
from services.gateway.places import Places, too_much

IN_FLIGHT = 64
ARRIVING = 500
STREAMS = 2000


class Limit(Enum):
    """What is counted, and how much of it one client may do."""

    BOOKING = RateLimitItemPerHour(5, namespace="booking")
    # A class that enrols, or many who walk in at one time, may sit in one library.
    ENROL = RateLimitItemPerHour(60, namespace="enrol")
    ENROL_CONTACT = RateLimitItemPerHour(5, namespace="enrol_contact")
    WALK_IN = RateLimitItemPerHour(60, namespace="walk_in")
    LINKS = RateLimitItemPerMinute(3, 15, namespace="links")
    SIGN_IN = RateLimitItemPerMinute(5, 15, namespace="sign_in")
    TOKEN = RateLimitItemPerMinute(10, namespace="token")
    CODE = RateLimitItemPerMinute(10, 15, namespace="code")
    ALL_CODES = RateLimitItemPerHour(600, namespace="all_codes")


class Limits:
    """Counts by address of the client and by digest of a contact; off for loopback clients if so set."""

    def __init__(self, *, on: bool, trusted_proxies: Sequence[str], copies: int = 1) -> None:
        self._on = on
        self._copies = copies
        self._trusted = [ipaddress.ip_network(item, strict=False) for item in trusted_proxies]
        self._counts = MovingWindowRateLimiter(MemoryStorage())
        self._salt = secrets.token_bytes(16)
        self.places = Places(IN_FLIGHT)
        self._arriving = asyncio.Semaphore(ARRIVING)
        self._streams = asyncio.Semaphore(STREAMS)

    async def spend(self, limit: Limit, request: web.Request) -> None:
        """Count one request of this client, or refuse `too_many`."""
        client = self.client(request)
        if self._lifted(client):
            return
        await self._spend(limit.value, _neighbourhood(client))

    async def spend_everybody(self, limit: Limit, request: web.Request) -> None:
        """Count one request of all clients together: this copy gives out its share."""
        if self._lifted(self.client(request)):
            return
        await self._spend(self.share(limit), "everybody")

    def share(self, limit: Limit) -> RateLimitItem:
        """What this copy may give out of it."""
        whole: RateLimitItem = limit.value
        return type(whole)(max(1, whole.amount // self._copies), whole.multiples, whole.namespace)

    async def spend_contact(self, limit: Limit, request: web.Request, contact: str) -> None:
        """Count one request about this address or number, whoever asks."""
        if self._lifted(self.client(request)):
            return
        digest = sha256(self._salt + contact.strip().lower().encode()).hexdigest()
        await self._spend(limit.value, digest)

    def network(self, request: web.Request) -> str | None:
        """Where this client sits; None for one whom no limit counts."""
        client = self.client(request)
        return None if self._lifted(client) else _neighbourhood(client)

    async def _spend(self, item: RateLimitItem, who: str) -> None:
        if await self._counts.hit(item, who):
            return
        reset, _ = await self._counts.get_window_stats(item, who)
        raise Refusal(
            Code.TOO_MANY,
            "Too many requests of this kind. Wait a while and try again.",
            retry_after=max(1, round(reset - time())),
        )

    def place(self, *, stream: bool) -> Places | asyncio.Semaphore:
        """For one request in hand. There is no line for streams: who has one keeps it."""
        if not stream:
            return self.places
        if self.is_full_of_streams():
            raise too_much()
        return self._streams

    def is_full_of_streams(self) -> bool:
        return self._streams.locked()

    def arriving(self) -> asyncio.Semaphore:
        """A place for one request whose body is still on its way. There are many of these: whoever sends
        slowly, from a bad connection or on purpose, keeps nobody from being served."""
        if self._arriving.locked():
            raise too_much()
        return self._arriving

    def client(self, request: web.Request) -> str:
        """The client's address; what proxies say of it counts only from proxies we know."""
        peer = request.transport.get_extra_info("peername") if request.transport else None
        address = str(peer[0]) if peer else "unknown"
        if not self._trusted:
            return address
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        while self._is_trusted(address) and forwarded and _is_address(forwarded[-1]):
            address = forwarded.pop()
        return address

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        ip = ipaddress.ip_address(address)
        return any(ip in network for network in self._trusted)

    def _lifted(self, client: str) -> bool:
        return not self._on and _is_loopback(client)


@lru_cache(maxsize=64)
def _is_loopback(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _neighbourhood(address: str) -> str:
    """One subscriber's addresses count as one: a whole /64 in IPv6."""
    if not _is_address(address):
        return address
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
