"""A place in the database where transactions meet, so that a race is run and not hoped for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.eventually import eventually
from tests.support.system import System

_PLACE = 20_270_202
HERE = f"pg_advisory_xact_lock_shared({_PLACE})"
"""Stands in the statement of those who are to meet: each waits here until all have come."""
_WAIT = """
    SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND objid = $1 AND NOT granted AND datname = current_database()
"""
_WAITING = "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"


async def waiting(system: System) -> int:
    """How many wait for a row that somebody else holds."""
    return len(await system.sql(_WAITING))


@asynccontextmanager
async def meeting(system: System, of: int = 2) -> AsyncIterator[None]:
    """The first `of` go on from HERE when they all are there, and whoever comes later does not wait."""
    keeper = await asyncpg.connect(system.postgres.superuser_dsn(system.database))
    await keeper.execute("SELECT pg_advisory_lock($1)", _PLACE)

    async def all_there() -> bool:
        return bool(await keeper.fetchval(_WAIT, _PLACE) >= of)

    async def let_go() -> None:
        await eventually(all_there)
        await keeper.execute("SELECT pg_advisory_unlock($1)", _PLACE)

    letting_go = asyncio.create_task(let_go())
    try:
        yield
        await letting_go
    finally:
        letting_go.cancel()
        await keeper.close()
