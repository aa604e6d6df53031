"""Somebody who uses the JSON API: a browser's cookies, a program's headers, and every answer checked."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import aiohttp
import msgspec

from tests.support import described

NEEDED_HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
    "Cache-Control",
    "X-Request-ID",
)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str | None:
        """The code of a problem; None for what is none."""
        is_problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return self.json["code"] if is_problem else None

    @property
    def wrong(self) -> dict[str, str]:
        """The codes of a problem field by field."""
        return {error["field"]: error["code"] for error in self.json["errors"]}


class Visitor:
    """Cookies stay between requests; `csrf` is sent along once it is known."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.csrf: str | None = None
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=60)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """For what the shorter ways below cannot say."""
        return self._session

    async def get(self, path: str, **facts: Any) -> Reply:
        return await self.ask("GET", path, **facts)

    async def post(self, path: str, body: Any = None, **facts: Any) -> Reply:
        """With a fresh Idempotency-Key unless another is given; `key=None` sends none."""
        return await self.ask("POST", path, body, **({"key": str(uuid4())} | facts))

    async def put(self, path: str, body: Any = None, **facts: Any) -> Reply:
        return await self.ask("PUT", path, body, **facts)

    async def delete(self, path: str, **facts: Any) -> Reply:
        return await self.ask("DELETE", path, **facts)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        data: Any = None,
        params: Any = None,
    ) -> Reply:
        """`path` is below /api/v1 unless it is a whole address or begins with two slashes."""
        sent = {"Accept": "application/json"} | (headers or {})
        if key is not None:
            sent["Idempotency-Key"] = key
        if self.csrf is not None and "X-CSRF-Token" not in sent:
            sent["X-CSRF-Token"] = self.csrf
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            data = msgspec.json.encode(body)
        url = path[1:] if path.startswith("//") else f"/api/v1{path}"
        async with self._session.request(
            method, self.address + url, data=data, headers=sent, params=params, allow_redirects=False
        ) as response:
            reply = Reply(response.status, response.headers, await response.read())
        missing = [name for name in NEEDED_HEADERS if name not in reply.headers]
        assert not missing, f"{method} {path}: {missing} missing"
        media = reply.headers.get("Content-Type", "").partition(";")[0]
        described.check(method, url.partition("?")[0], reply.status, media, reply.body)
        return reply

    async def sign_in(self, token: str) -> None:
        """With the token from a sign-in mail."""
        confirmed = await self.post("/sign-in/confirm", {"token": token})
        assert confirmed.status == 204, confirmed.body
        self.csrf = (await self.get("/me")).json["csrf_token"]
