"""The database as the services expect it: their roles, schemas and passwords, before migrations."""

import asyncio
from pathlib import Path

import asyncpg

from deploy.embedded.outside import OutsidePostgres
from deploy.embedded.postgres import Postgres
from deploy.embedded.secrets import Secrets
from deploy.embedded.state import ROOT

DATABASE = "digiaula"
ROLES_SQL = ROOT / "deploy" / "postgres" / "roles.sql"


async def prepare_database(
    postgres: Postgres | OutsidePostgres,
    secrets: Secrets,
    *,
    database: str = DATABASE,
    roles_sql: Path = ROLES_SQL,
) -> None:
    """Create the database, run roles.sql in it and set each role's password. Repeating is safe."""
    server = await asyncpg.connect(postgres.superuser_dsn())
    try:
        known = "SELECT 1 FROM pg_database WHERE datname = $1"
        if not await server.fetchval(known, database):
            await server.execute(f'CREATE DATABASE "{database}"')
    finally:
        await server.close()
    roles = await asyncio.to_thread(roles_sql.read_text, encoding="utf-8")
    inside = await asyncpg.connect(postgres.superuser_dsn(database))
    try:
        await inside.execute(roles)
        for role, password in secrets.roles.items():
            await inside.execute(await _alter_role(inside, role, password))
    finally:
        await inside.close()


async def _alter_role(server: "asyncpg.Connection[asyncpg.Record]", role: str, word: str) -> str:
    """The statement, quoted by the server itself: a password cannot be a parameter of it."""
    ask = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"
    statement: str = await server.fetchval(ask, role, word)
    return statement
