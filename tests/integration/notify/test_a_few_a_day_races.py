"""The day's few hold when several take a place at one moment, and are forgotten with the day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notify import app
from services.notify.config import Config
from services.notify.groups import few, few_store
from services.notify.jobs import forgetting
from services.runtime import config, db, main
from services.runtime.db import Database, Tx
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.integration.notify.several_groups import HELD, are, changes
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS, ZONE
from tests.support.system import System

ANNA = uuid4()
TODAY = few.day_of(NOW, ZONE)
OWED = """
    INSERT INTO notify.message (id, kind, about, occasion, starts_at, due_at, not_after, give_up_at,
        next_try_at)
    VALUES ($1, 'announcement', $1, 0, $2, $2, $2, $2, $2)
"""


@pytest.fixture
async def tables(notify: System) -> AsyncIterator[Database]:
    """Notify's own tables, with nobody at work on them."""
    await notify.stop("notify")
    tables = await db.connect(notify.database_url("notify"), schema="notify", largest=8)
    yield tables
    await tables.close()


async def some_messages(system: System, count: int) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    for message_id in ids:
        await system.sql(OWED, message_id, STARTS)
    return ids


async def take(tables: Database, message_id: UUID) -> bool:
    return await tables.transact(lambda tx: few_store.take_place(tx, message_id, ANNA, TODAY), attempts=1)


async def test_of_many_who_take_a_place_at_one_moment_three_get_one(
    notify: System, tables: Database
) -> None:
    ids = await some_messages(notify, 24)

    assert sum(await asyncio.gather(*(take(tables, each) for each in ids))) == few.MOST_A_DAY


async def test_without_their_taking_turns_the_constraint_still_lets_no_more_in(
    notify: System, tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two look before either has written: without the lock, the second one is refused by name."""
    first, second = await some_messages(notify, 2)
    both = asyncio.Barrier(2)

    async def nobody_waits(_: Tx, __: UUID) -> None:
        return None

    async def take_after_both_began(message_id: UUID) -> bool:
        async def work(tx: Tx) -> bool:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await tx.fetchval(few_store.HAS_PLACE, message_id)
            await both.wait()
            return await few_store.take_place(tx, message_id, ANNA, TODAY)

        return await tables.transact(work, attempts=1)

    monkeypatch.setattr(few_store, "hold", nobody_waits)
    results = await asyncio.gather(
        *(take_after_both_began(each) for each in (first, second)), return_exceptions=True
    )

    (refused,) = (each for each in results if each is not True)
    assert isinstance(refused, asyncpg.UniqueViolationError)
    assert refused.constraint_name == "told_pkey"


async def test_there_is_no_fourth_place(notify: System, tables: Database) -> None:
    (message_id,) = await some_messages(notify, 1)

    with pytest.raises(asyncpg.CheckViolationError, match="told_few"):
        await notify.sql("INSERT INTO notify.told VALUES ($1, $2, 4, $3)", ANNA, TODAY, message_id)


async def test_a_message_keeps_its_place_when_tried_again_and_takes_another_on_another_day(
    notify: System, tables: Database
) -> None:
    (message_id,) = await some_messages(notify, 1)

    assert [await take(tables, message_id) for _ in range(5)] == [True] * 5
    assert len(await notify.sql("SELECT 1 FROM notify.told")) == 1
    tomorrow = TODAY + timedelta(days=1)
    await tables.transact(lambda tx: few_store.take_place(tx, message_id, ANNA, tomorrow))
    assert [row["day"] for row in await notify.sql("SELECT day FROM notify.told")] == [tomorrow]


async def test_whom_a_day_brought_news_is_forgotten_when_it_is_over(
    notify: System, tables: Database, clock: SetClock
) -> None:
    for message_id in await some_messages(notify, 2):
        await take(tables, message_id)
    forget = forgetting(tables, clock, zone=ZONE)

    counts = []
    for moment in (datetime(2027, 1, 5, 21, 59, tzinfo=UTC), datetime(2027, 1, 5, 22, 1, tzinfo=UTC)):
        clock.set(moment)
        await forget()
        counts.append(len(await notify.sql("SELECT 1 FROM notify.told")))
    assert counts == [2, 0]


async def test_two_copies_together_send_no_more_than_one_would(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    notify.give_port("notify")
    environ = notify.environment("notify") | {"DIGIAULA_SMTP_URL": mailroom.url}
    second = await main.start("notify", app.build, config.load(Config, environ), clock)
    try:
        await changes(neighbours, 40)
        await eventually(partial(are, notify, 40, "kind = 'group_change' AND state = 'planned'"))
        clock.advance(timedelta(minutes=5, seconds=1))
        await neighbours.nudge()
        await eventually(partial(are, notify, 39, HELD), within=60)
        await eventually(partial(are, notify, 1, "kind = 'group_change' AND state = 'sent'"))
        assert len(mailroom.taken) == 1

        clock.advance(timedelta(minutes=5, seconds=1))
        await neighbours.nudge()
        await eventually(partial(are, notify, 40, "kind = 'group_change' AND state = 'sent'"), within=60)
    finally:
        await second.stop()

    assert len(mailroom.taken) == 2
