"""Numbered SQL files, applied in order, once, forward only.

`python -m services.runtime.migrate` brings every service's schema up to date
as the role `migrator`; a service itself only checks that its schema is current.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg
import structlog

from services.runtime import config, log
from services.runtime.db import Database, Tx

SERVICES = ("booking", "rooms", "notify", "gateway")

_HERE = Path(__file__).parent
_LOCK = 7_205_759  # any number will do, as long as every migrator uses the same

CREATE_LEDGER = """
    CREATE TABLE IF NOT EXISTS migration (
        name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""
APPLIED = "SELECT name, checksum FROM migration"
RECORD = "INSERT INTO migration (name, checksum) VALUES ($1, $2)"

logger = structlog.get_logger()


class MigrationError(Exception):
    """The schema and the files do not fit together."""


@dataclass(frozen=True)
class Migration:
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def migrations_of(service: str) -> list[Migration]:
    """What every service has, then its own."""
    found = []
    for owner in ("runtime", service):
        for path in sorted((_HERE.parent / owner / "migrations").glob("*.sql")):
            found.append(Migration(name=f"{owner}/{path.name}", sql=path.read_text(encoding="utf-8")))
    return found


async def migrate(url: str, services: Sequence[str] = SERVICES) -> None:
    """Apply what is missing. Safe to run twice at once; one of the two waits."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        for service in services:
            await connection.execute(f"SET search_path = {service}")  # from SERVICES, never from outside
            await _migrate_schema(connection, service)
    finally:
        await connection.close()


async def _migrate_schema(connection: asyncpg.Connection, service: str) -> None:
    await connection.execute(CREATE_LEDGER)
    applied = {row["name"]: row["checksum"] for row in await connection.fetch(APPLIED)}
    for migration in migrations_of(service):
        if migration.name not in applied:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(RECORD, migration.name, migration.checksum)
            logger.info("migration.applied", schema=service, migration=migration.name)
        elif applied[migration.name] != migration.checksum:
            raise MigrationError(f"{service}: {migration.name} was changed after it was applied")


async def check(db: Database, service: str) -> None:
    """Raise MigrationError when the schema lacks a migration this code was written for."""

    async def work(tx: Tx) -> set[str]:
        return {row["name"] for row in await tx.fetch(APPLIED)}

    try:
        applied = await db.transact(work)
    except asyncpg.UndefinedTableError:
        applied = set()
    if missing := [m.name for m in migrations_of(service) if m.name not in applied]:
        raise MigrationError(f"{service}: not applied yet: {', '.join(missing)}")


@dataclass(frozen=True, kw_only=True)
class MigrateConfig:
    url: config.Secret = config.setting("DIGIAULA_MIGRATOR_DATABASE_URL")


if __name__ == "__main__":
    log.configure("migrate")
    asyncio.run(migrate(config.load(MigrateConfig).url))
