"""Real servers for every test: one PostgreSQL a session, a database and a NATS server for each test."""

import itertools
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets
from services.runtime.migrate import migrate
from tests.support import ports
from tests.support.clock import SetClock
from tests.support.system import System

DROPPED_AT_ONCE = 40
"""Each dropping waits until everything changed in memory is written: dear one by one, cheap in a row."""

# However slow a machine is, what is true of an example is true.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
ports.share_out()

_numbers = itertools.count(1)
_used: list[str] = []


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test draws is the same in every run, and other with another seed (`make test seed=7`)."""
    random.seed(f"{item.config.getoption('hypothesis_seed')} {item.nodeid}")


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """A server with one migrated database, from which each test's own is copied."""
    with tempfile.TemporaryDirectory(prefix="digiaula-") as folder:
        state = Path(folder)
        server = await Postgres(state, durable=False).start()
        try:
            secrets = load_secrets(state)
            await prepare_database(server, secrets)
            await migrate(server.dsn("migrator", secrets.roles["migrator"], DATABASE))
            yield server
        finally:
            await server.stop("immediate")
            server.remove()


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[str]:
    """The name of a fresh, migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(postgres.superuser_dsn())
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
        await connection.execute(
            f"GRANT CONNECT ON DATABASE {name} TO booking, rooms, notify, gateway, migrator"
        )
        yield name
        _used.append(name)
        if len(_used) >= DROPPED_AT_ONCE:
            for used in _used:
                await connection.execute(f"DROP DATABASE {used} WITH (FORCE)")
            _used.clear()
    finally:
        await connection.close()


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[Nats]:
    """A server of this test's own, with no streams yet."""
    server = await Nats(tmp_path / "nats").start()
    yield server
    await server.stop()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def system(
    postgres: Postgres, database: str, nats_server: Nats, clock: SetClock
) -> AsyncIterator[System]:
    """Start any of the four services in this process, on real servers and a clock that can be set."""
    running = System(postgres=postgres, database=database, nats=nats_server, clock=clock)
    yield running
    await running.stop()
