"""The trail is forgotten when its time is over, and not a day before, whatever the service asks for."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.gateway import audit
from services.gateway.config import Config
from services.runtime import config, db
from services.runtime.config import SettingsError
from tests.support.clock import SetClock
from tests.support.system import System

ADD = "INSERT INTO gateway.audit (at, actor_id, action, request_id) VALUES ($1, $2, 'contact.read', 'r')"
KEPT = "SELECT at FROM gateway.audit ORDER BY at"
DAY = timedelta(days=1)


async def a_trail(system: System, *days_ago: int) -> list[datetime]:
    now = datetime.now(UTC)
    moments = sorted(now - days * DAY for days in days_ago)
    for moment in moments:
        await system.sql(ADD, moment, uuid4())
    return moments


async def test_rows_are_forgotten_after_their_time(system: System) -> None:
    moments = await a_trail(system, 800, 731, 729, 1)
    database = await db.connect(system.database_url("gateway"), schema="gateway", largest=2)

    await audit.forget_old(database, SetClock(), 730)
    kept = [row["at"] for row in await system.sql(KEPT)]
    later = SetClock()
    later.advance(3 * DAY)
    await audit.forget_old(database, later, 730)
    kept_later = [row["at"] for row in await system.sql(KEPT)]
    await database.close()

    assert kept == moments[2:]
    assert kept_later == moments[3:]


async def test_a_clock_gone_wild_loses_no_row_younger_than_a_year(system: System) -> None:
    moments = await a_trail(system, 370, 360, 1)
    database = await db.connect(system.database_url("gateway"), schema="gateway", largest=2)
    wild = SetClock()
    wild.advance(9000 * DAY)

    await audit.forget_old(database, wild, 730)
    await database.close()

    assert [row["at"] for row in await system.sql(KEPT)] == moments[1:]


@pytest.mark.parametrize("role", ["booking", "rooms", "notify"])
async def test_nobody_else_can_ask_for_it(system: System, role: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await system.sql("SELECT gateway.forget_audit(now(), 1)", role=role)


def test_a_trail_of_less_than_a_year_is_refused(system: System) -> None:
    system.give_port("gateway")
    environ = system.environment("gateway") | {"DIGIAULA_KEEP_AUDIT_DAYS": "365"}

    with pytest.raises(SettingsError, match="DIGIAULA_KEEP_AUDIT_DAYS"):
        config.load(Config, environ)
