"""Text messages, handed to a provider over HTTP."""

import contextlib
from collections.abc import AsyncIterator

import aiohttp

from services.notify.senders.breaker import Breaker
from services.notify.senders.letter import Letter, Postponed, Rejected
from services.notify.senders.places import Places
from services.runtime.config import Secret

AT_ONCE = 4
# Beside them, those that the provider has left without an answer for so long.
SILENT_AT_ONCE = 24
SILENT_SECONDS = 1.5
SEND_SECONDS = 15.0
_TRY_AGAIN = {408, 425, 429}
_OUR_FAULT = {401, 403, 404, 405}  # the setting is wrong, not the message


class Sms:
    """POST `{to, text, id}` with a bearer token. `id` lets the provider take out repetitions."""

    def __init__(self, url: str | None, token: Secret | None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._places = Places(lively=AT_ONCE, silent=SILENT_AT_ONCE, patience=SILENT_SECONDS)
        self._breaker = Breaker()
        self._session: aiohttp.ClientSession | None = None

    @property
    def silent(self) -> int:
        return self._places.silent

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator["Sms"]:
        if self._url is None:
            raise Rejected("sms_not_set_up")
        async with self._places.taken():
            self._breaker.check()
            yield self

    async def send(self, letter: Letter) -> None:
        assert self._url is not None
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SEND_SECONDS))
        body = {"to": letter.to, "text": letter.text, "id": letter.id}
        try:
            async with self._session.post(
                self._url, json=body, headers=self._headers, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._breaker.failed()
            raise Postponed("sms_unreachable") from None
        self._judge(status)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _judge(self, status: int) -> None:
        if 200 <= status < 300:
            self._breaker.worked()
        elif 400 <= status < 500 and status not in _TRY_AGAIN | _OUR_FAULT:
            self._breaker.worked()
            raise Rejected(f"sms_{status}")
        else:
            self._breaker.failed()
            raise Postponed(f"sms_{status}")
