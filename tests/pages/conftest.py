"""The gateway with its neighbours as tables of answers, and a visitor without script at its door.

One gateway serves all of these tests: what they change is in the tables and the
clock, which each test finds as they were.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots, ListOrganisations, ListThemes
from services.contracts.rooms import Look
from tests.pages import examples
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.patience import patience
from tests.support.system import System

__all__ = ["patience"]

NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)  # a Tuesday, 11.00 in Helsinki
NAME = "test_pages"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a page in a browser here does so for everybody's reach: `make a11y` runs these."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "browser" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.a11y)


@asynccontextmanager
async def _database(postgres: Postgres) -> AsyncIterator[str]:
    connection = await asyncpg.connect(postgres.superuser_dsn())
    try:
        await connection.execute(f"CREATE DATABASE {NAME} TEMPLATE {DATABASE}")
        await connection.execute(f"GRANT CONNECT ON DATABASE {NAME} TO gateway")
        yield NAME
        await connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def standing(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[System, Neighbours]]:
    folder: Path = tmp_path_factory.mktemp("pages")
    nats = await Nats(folder / "nats").start()
    async with _database(postgres) as name:
        running = System(postgres=postgres, database=name, nats=nats, clock=SetClock())
        tables = await Neighbours.beside(running)
        await running.start("gateway")
        yield running, tables
        await running.stop()
    await nats.stop()


@pytest.fixture
def clock(standing: tuple[System, Neighbours]) -> SetClock:
    clock = standing[0].clock
    assert isinstance(clock, SetClock)
    clock.set(NOW)
    return clock


@pytest.fixture
def system(standing: tuple[System, Neighbours], clock: SetClock) -> System:
    return standing[0]


@pytest.fixture
async def neighbours(standing: tuple[System, Neighbours], clock: SetClock) -> AsyncIterator[Neighbours]:
    """Booking with themes, organisations and free times; rooms and booking knowing one coming meeting."""
    tables = standing[1]
    tables.forget()
    tables.answers(ListThemes, examples.THEMES)
    tables.answers(ListOrganisations, examples.ORGANISATIONS)
    tables.answers(FindSlots, FreeSlots(items=examples.FREE))
    tables.answers(DescribeBooking, examples.booking())
    tables.answers(Look, examples.view())
    yield tables
    await tables.all_back()


@pytest.fixture
async def visitor(system: System, neighbours: Neighbours) -> AsyncIterator[Visitor]:
    async with Visitor(system.http("gateway")) as somebody:
        yield somebody
