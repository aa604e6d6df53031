"""The system under test: services started in this process against real servers."""

import importlib
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.secrets import load_secrets
from services.contracts.envelope import Actor, Anyone, Request
from services.runtime import bus, config, main
from services.runtime.bus import Bus
from services.runtime.call import Call
from tests.support.clock import SetClock
from tests.support.eventually import PATIENCE
from tests.support.ports import free_port

R = TypeVar("R")

FIRST_COORDINATOR = "koordinaattori@digiaula.example"
LINK_KEYS = "k1:" + "QUFB" * 11
FORM_KEY = "QUJD" * 11
FIXED_SETTINGS = {
    "DIGIAULA_TIME_ZONE": "Europe/Helsinki",
    "DIGIAULA_LINK_KEYS": LINK_KEYS,
    "DIGIAULA_FORM_KEY": FORM_KEY,
    "DIGIAULA_LIMITS": "off",
    "DIGIAULA_FIRST_COORDINATOR": FIRST_COORDINATOR,
    "DIGIAULA_JITSI_APP_ID": "digiaula",
    "DIGIAULA_JITSI_APP_SECRET": "a-secret-of-at-least-32-bytes-for-tests",
    "DIGIAULA_ROOMS_CALLBACK_SECRET": "callback-secret",
    "DIGIAULA_SMTP_URL": "smtp://127.0.0.1:1",
    "DIGIAULA_MAIL_FROM": "digiaula@digiaula.example",
}
INVARIANTS = (Path(__file__).parent / "check_invariants.sql").read_text(encoding="utf-8")


class System:
    """Services by name, their addresses, and a way to ask them as the gateway would."""

    def __init__(self, *, postgres: Postgres, database: str, nats: Nats, clock: SetClock) -> None:
        self.postgres = postgres
        self.database = database
        self.nats = nats
        self.clock = clock
        self.ports: dict[str, int] = {}
        self._living: dict[str, main.Living] = {}
        self._askers: dict[str, Bus] = {}
        self._secrets = load_secrets(postgres.state)

    async def start(self, *names: str, **settings: str) -> None:
        """Start services by name; `settings` are environment variables without their DIGIAULA_."""
        for name in names:
            module = importlib.import_module(f"services.{name}.app")
            settings_type = importlib.import_module(f"services.{name}.config").Config
            self.give_port(name)
            environ = self.environment(name) | {f"DIGIAULA_{k}": v for k, v in settings.items()}
            self._living[name] = await main.start(
                name, module.build, config.load(settings_type, environ), self.clock
            )

    async def stop(self, *names: str) -> None:
        for name in names or tuple(reversed(self._living)):
            await self._living.pop(name).stop()
        if not names:
            for asker in self._askers.values():
                await asker.close()
            self._askers.clear()

    def give_port(self, name: str) -> None:
        """Where the service will listen, here or in a process of its own."""
        self.ports[name] = free_port()

    def environment(self, name: str) -> dict[str, str]:
        return {
            "DIGIAULA_DATABASE_URL": self.database_url(name),
            "DIGIAULA_NATS_URL": self.nats.url(name),
            "DIGIAULA_HTTP_PORT": str(self.ports[name]),
            "DIGIAULA_PUBLIC_URL": f"http://127.0.0.1:{self.ports.get('gateway', 8000)}",
            **FIXED_SETTINGS,
        }

    def database_url(self, role: str) -> str:
        return self.postgres.dsn(role, self._secrets.roles[role], self.database)

    def http(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    async def ask(self, request: Request[R], actor: Actor | None = None, *, key: str | None = None) -> R:
        """Ask as the service that may: the gateway unless the request is a neighbour's."""
        asker = await self.bus(min(request.asked_by))
        now = self.clock.now()
        call = Call(
            actor=actor or Anyone(),
            now=now,
            deadline=now + timedelta(seconds=PATIENCE),
            request_id=f"test-{uuid4().hex[:8]}",
            key=key,
        )
        return await asker.call(request, call)

    async def bus(self, user: str) -> Bus:
        """A connection with the rights of that service."""
        if user not in self._askers:
            self._askers[user] = await bus.connect(user, self.nats.url(user), self.clock)
        return self._askers[user]

    async def sql(self, statement: str, *args: Any, role: str | None = None) -> list[Any]:
        """Look (or reach) into the database behind the services' backs, as superuser or a role."""
        url = self.database_url(role) if role else self.postgres.superuser_dsn(self.database)
        connection = await asyncpg.connect(url)
        try:
            rows: list[Any] = await connection.fetch(statement, *args)
            return rows
        finally:
            await connection.close()

    async def check_invariants(self) -> None:
        """Fail, naming all that is broken, unless everything holds that must hold at every moment."""
        broken = [f"{row['broken']}: {row['what']}" for row in await self.sql(INVARIANTS)]
        assert not broken, "\n".join(broken)
