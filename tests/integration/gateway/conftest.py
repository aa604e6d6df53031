"""The gateway beside booking and rooms as they are, with somebody of every kind at its door."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from services.contracts.gateway import PrepareSignIn
from tests.support.clock import SetClock
from tests.support.house import A_TUESDAY, House
from tests.support.system import System
from tests.support.visitor import Visitor


class Doorstep:
    """A running house and ways to come to its door."""

    def __init__(self, system: System, house: House, stack: AsyncExitStack) -> None:
        self.system = system
        self.house = house
        self._stack = stack

    async def visitor(self) -> Visitor:
        return await self._stack.enter_async_context(Visitor(self.system.http("gateway")))

    async def signed_in(self, person_id: UUID) -> Visitor:
        """By the way everybody takes, the mail's part being played by the test."""
        rows = await self.system.sql("SELECT email FROM booking.person WHERE id = $1", person_id)
        visitor = await self.visitor()
        assert (await visitor.post("/sign-in", {"email": rows[0]["email"]})).status == 202
        await visitor.sign_in(await self.token_of_latest_sign_in())
        return visitor

    async def token_of_latest_sign_in(self) -> str:
        rows = await self.system.sql("SELECT id FROM gateway.sign_in ORDER BY requested_at DESC LIMIT 1")
        return (await self.system.ask(PrepareSignIn(sign_in_id=rows[0]["id"]))).token


@pytest.fixture
async def doorstep(system: System) -> AsyncIterator[Doorstep]:
    """A Tuesday morning in winter; booking, rooms and the gateway run. For this test alone."""
    async with _opened(system) as doorstep:
        yield doorstep


@pytest.fixture(scope="module")
async def shared(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doorstep]:
    """The same for a whole file, for tests that each bring their own slots and leave the clock alone."""
    name = f"shared_{uuid4().hex[:8]}"
    server = await asyncpg.connect(postgres.superuser_dsn())
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    await server.execute(f"GRANT CONNECT ON DATABASE {name} TO booking, rooms, notify, gateway")
    nats = await Nats(tmp_path_factory.mktemp("nats")).start()
    system = System(postgres=postgres, database=name, nats=nats, clock=SetClock())
    async with _opened(system) as doorstep:
        yield doorstep
    await system.stop()
    await nats.stop()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@asynccontextmanager
async def _opened(system: System) -> AsyncIterator[Doorstep]:
    system.clock.set(A_TUESDAY)
    await system.start("booking", "rooms", "gateway")
    async with AsyncExitStack() as stack:
        yield Doorstep(system, await House.build(system), stack)


def a_booking(slot_id: object, **differs: object) -> dict[str, object]:
    """What a resident's program sends."""
    wanted: dict[str, object] = {
        "slot_id": str(slot_id),
        "display_name": "Kielo",
        "email": "kielo@posti.example",
        "language": "fi",
        "consent": True,
    }
    return {name: value for name, value in (wanted | differs).items() if value is not None}


def a_key() -> str:
    return str(uuid4())
