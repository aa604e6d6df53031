"""A standby of PostgreSQL: services wait for one that takes writes, and lose nothing when it takes over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.ready import answers
from deploy.embedded.secrets import load_secrets
from services.contracts.refusals import Unavailable
from services.runtime.db import dedicated
from services.runtime.migrate import migrate
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.standby import Standby, follow_synchronously, let_follow
from tests.support.system import System

T = TypeVar("T")

BOOKED = "SELECT id FROM booking.booking"


class Pair:
    def __init__(self, primary: Postgres, standby: Standby) -> None:
        self.primary = primary
        self.standby = standby

    def url(self, role: str) -> str:
        """Both servers, as an operator writes them."""
        own = f"127.0.0.1:{self.primary.port}"
        password = load_secrets(self.primary.state).roles[role]
        return self.primary.dsn(role, password, DATABASE).replace(
            own, f"{own},127.0.0.1:{self.standby.port}"
        )


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    folder.chmod(0o711)
    (folder / "primary").mkdir(mode=0o711)
    primary = await Postgres(folder / "primary", durable=False).start()
    secrets = load_secrets(primary.state)
    await prepare_database(primary, secrets)
    await migrate(primary.dsn("migrator", secrets.roles["migrator"], DATABASE))
    standby = Standby(folder / "standby", of=primary, follows_as=let_follow(primary, folder / "secrets"))
    try:
        await standby.start()
        await follow_synchronously(primary)
        yield Pair(primary, standby)
    finally:
        for server in (primary, standby):
            await server.stop("immediate")
            server.remove()


async def test_a_standby_is_no_database_for_a_service(pair: Pair) -> None:
    password = load_secrets(pair.primary.state).roles["booking"]

    plain = await asyncpg.connect(pair.standby.dsn("booking", password, DATABASE))
    assert await plain.fetchval("SELECT 1") == 1  # the control: it lets us in, and answers
    await plain.close()

    with pytest.raises(Unavailable):
        await dedicated(pair.standby.dsn("booking", password, DATABASE), schema="booking")

    connection = await dedicated(pair.url("booking"), schema="booking")
    assert not await connection.fetchval("SELECT pg_is_in_recovery()")
    await connection.close()


async def test_what_was_confirmed_is_there_when_the_standby_has_taken_over(
    pair: Pair, nats_server: Nats, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last in this file: the pair is none afterwards."""
    clock.set(A_TUESDAY)
    system = System(postgres=pair.primary, database=DATABASE, nats=nats_server, clock=clock)
    monkeypatch.setattr(system, "database_url", pair.url)
    await system.start("booking", "rooms")
    ready = f"{system.http('booking')}/health/ready"
    house = await House.build(system)
    host = await house.expert()
    slots = [await house.slot(host, A_TUESDAY + timedelta(days=day)) for day in (1, 2)]
    first = await house.book(slots[0].id)

    await pair.primary.kill()
    assert not await answers(ready)
    with pytest.raises(Unavailable):
        await house.book(slots[1].id)
    assert not await answers(ready)  # a standby alone is no database to work with
    await pair.standby.take_over()

    await eventually(lambda: answers(ready), within=60)
    key = str(uuid4())
    second = await eventually(lambda: _unless_away(lambda: house.book(slots[1].id, key=key)), within=60)
    assert second
    kept = await _kept(pair)
    assert kept == {first.id, second.id}
    await system.stop()


async def _unless_away(ask: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await ask()
    except Unavailable:
        return None


async def _kept(pair: Pair) -> set[object]:
    server = await asyncpg.connect(pair.standby.superuser_dsn(DATABASE))
    try:
        return {row["id"] for row in await server.fetch(BOOKED)}
    finally:
        await server.close()
