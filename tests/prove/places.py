"""Where proofs happen in this process: a database and a NATS server of their own, services beside them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets
from services.runtime.migrate import migrate
from tests.prove.proof import Run
from tests.support.clock import SetClock
from tests.support.house import A_TUESDAY, House
from tests.support.system import System


@asynccontextmanager
async def template_server(folder: Path) -> AsyncIterator[Postgres]:
    """A server with one migrated database, from which each proof's own is copied."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, before there is anything to hold up
    server = await Postgres(folder, durable=False).start()
    try:
        secrets = load_secrets(folder)
        await prepare_database(server, secrets)
        await migrate(server.dsn("migrator", secrets.roles["migrator"], DATABASE))
        yield server
    finally:
        await server.stop("immediate")
        server.remove()


@asynccontextmanager
async def a_system(run: Run) -> AsyncIterator[System]:
    """Servers of this proof's own; the services are started by whoever needs them."""
    postgres = await run.ground.shared("postgres", template_server)
    folder = run.new_folder()
    name = f"prove_{folder.name.lower().replace('-', '_')}"
    server = await asyncpg.connect(postgres.superuser_dsn())
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    await server.execute(f"GRANT CONNECT ON DATABASE {name} TO booking, rooms, notify, gateway")
    nats = await Nats(folder).start()
    system = System(postgres=postgres, database=name, nats=nats, clock=SetClock())
    try:
        yield system
    finally:
        await system.stop()
        await nats.stop()
        if not run.short:  # each dropping waits until all is written; the server itself goes soon
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


@asynccontextmanager
async def a_house(run: Run, *names: str, at: datetime = A_TUESDAY, **settings: Any) -> AsyncIterator[House]:
    """A house with a coordinator; `names` run beside booking."""
    async with a_system(run) as system:
        system.clock.set(at)
        await system.start("booking", *names, **settings)
        yield await House.build(system)
