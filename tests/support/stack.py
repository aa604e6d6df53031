"""The whole system as `make run` starts it: real processes, reached through HTTP and the mailbox only."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg

from deploy.embedded.installation import leave_refuge
from deploy.embedded.state import ROOT, read_json
from tests.support.eventually import eventually

LINK = re.compile(r"/t/([A-Za-z0-9_-]+)")
COORDINATOR = "koordinaattori@digiaula.example"


class Stack:
    """A running copy with a state folder of its own. `state` is what state.json says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: dict[str, Any] = {}
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._coordinator: SignedIn | None = None

    @property
    def gateway(self) -> str:
        return str(self.state["gateway"])

    async def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        session: "SignedIn | None" = None,
        key: str | None = None,
    ) -> tuple[int, Any]:
        """Status and JSON of one call; a POST brings an idempotency key."""
        headers = {"Idempotency-Key": key or uuid4().hex} if method == "POST" else {}
        if session:
            headers |= session.headers
        async with self._session.request(
            method, f"{self.gateway}/api/v1{path}", json=body, headers=headers
        ) as response:
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, await response.json() if is_json else await response.text()

    async def fetch(self, method: str, url: str, **options: Any) -> tuple[int, str]:
        """Any URL, as a mail scanner would."""
        async with self._session.request(method, url, **options) as response:
            return response.status, await response.text(errors="replace")

    async def sign_in(self, email: str) -> "SignedIn":
        """By the link in the mail, as people do."""
        await self.forget_mails()
        await self.api("POST", "/sign-in", {"email": email})
        mail = await self.mail(email)
        token = str(mail["links"][0]).rpartition("/")[2]
        async with self._session.post(
            f"{self.gateway}/api/v1/sign-in/confirm", json={"token": token}
        ) as response:
            assert response.status == 204, await response.text()
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        signed_in = SignedIn({"Cookie": cookie})
        _, me = await self.api("GET", "/me", session=signed_in)
        return SignedIn({"Cookie": cookie, "X-CSRF-Token": me["csrf_token"]}, me["id"], email)

    async def coordinator(self) -> "SignedIn":
        """The first one, signed in once: there is a limit to how often."""
        if self._coordinator is None:
            self._coordinator = await self.sign_in(COORDINATOR)
        return self._coordinator

    async def an_expert(self) -> "SignedIn":
        """Somebody new, of whose week nothing is taken: those of the demo have hours."""
        _, organisations = await self.api("GET", "/organisations")
        email = f"asiantuntija.{uuid4().hex[:8]}@digiaula.example"
        person = {
            "email": email,
            "display_name": "Asiantuntija",
            "role": "expert",
            "organisation_id": organisations["items"][0]["id"],
            "languages": ["fi"],
        }
        status, answer = await self.api("POST", "/people", person, session=await self.coordinator())
        assert status == 201, answer
        return await self.sign_in(email)

    async def mail(self, to: str, *, containing: str = "", within: float = 30) -> Any:
        """The newest message to that address, waited for."""

        async def arrived() -> Any:
            for listed in await self.mails(to):
                message = await self._mailbox("GET", f"/messages/{listed['id']}")
                if containing in message["subject"] + message["text"]:
                    return message | {"id": listed["id"]}
            return None

        return await eventually(arrived, within=within)

    async def mails(self, to: str) -> list[Any]:
        listed = await self._mailbox("GET", "/messages")
        return [message for message in listed if message["to"] == to]

    async def raw_mail(self, message_id: str) -> str:
        async with self._session.get(f"{self.state['mail']}/messages/{message_id}/raw") as response:
            return await response.text(errors="replace")

    async def forget_mails(self) -> None:
        await self._mailbox("DELETE", "/messages")

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.state["database"])
        try:
            rows: list[Any] = await connection.fetch(statement, *args)
            return rows
        finally:
            await connection.close()

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*"))

    def troubles(self) -> list[str]:
        """What the services warned of, in the order of its happening."""
        lines = [
            line for line in self.logs().splitlines() if '"level":"warning"' in line or '"error"' in line
        ]
        return sorted(lines, key=lambda line: line.rpartition('"timestamp"')[2].partition("}")[0])

    async def close(self) -> None:
        await self._session.close()

    async def _mailbox(self, method: str, path: str) -> Any:
        async with self._session.request(method, f"{self.state['mail']}{path}") as response:
            return await response.json() if response.content_type == "application/json" else None


class SignedIn:
    """The headers of a session."""

    def __init__(self, headers: dict[str, str], person_id: str = "", email: str = "") -> None:
        self.headers = headers
        self.person_id = person_id
        self.email = email


@asynccontextmanager
async def running_stack(folder: Path, **settings: str) -> AsyncIterator[Stack]:
    """Start a copy, wait until it is ready, stop it cleanly."""
    supervisor = _start(folder, settings)
    stack = Stack(folder)
    try:

        def ready() -> Any:
            assert supervisor.poll() is None, (folder / "said").read_text()
            return read_json(folder / "state.json")

        stack.state = await eventually(ready, within=120)
        yield stack
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)
    except BaseException:
        print("\n".join(stack.troubles()))  # noqa: T201 - shown beside what failed
        raise
    finally:
        supervisor.kill()
        supervisor.wait()
        await stack.close()
        leave_refuge(folder)


def _start(folder: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIGIAULA_")}
    environ |= {f"DIGIAULA_{name}": value for name, value in settings.items()}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.embedded"],
            cwd=ROOT,
            env=environ | {"DIGIAULA_STATE": str(folder)},
            stdout=said,
            stderr=said,
        )
