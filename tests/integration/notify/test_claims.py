"""Claims and leases are kept where the messages lie: no index knows of them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from deploy.embedded.mailbox import Message
from services.contracts.booking.events import BookingConfirmed
from services.notify import store
from services.runtime import db as database
from services.runtime.db import Tx
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news, state_of
from tests.support.eventually import eventually
from tests.support.facts import NOW
from tests.support.system import System

PLAN = """
    INSERT INTO message (id, kind, about, occasion, due_at, not_after, give_up_at, next_try_at)
    SELECT gen_random_uuid(), 'reminder_hour', gen_random_uuid(), 0, $2, $2, $2, $2
    FROM generate_series(1, $1::integer)
"""
WRITTEN = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'message'"
LEASE = NOW + timedelta(seconds=12)


@pytest.fixture
async def notify(system: System) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        system.database_url("notify"), server_settings={"search_path": "notify"}
    )
    yield connection
    await connection.close()


async def claimed(
    notify: asyncpg.Connection, *, now: datetime = NOW, until: datetime = LEASE
) -> list[store.Due]:
    return await store.claim(Tx(notify), uuid4(), now=now, until=until, besides=[], most=32)


async def test_claims_and_leases_write_to_no_index(notify: asyncpg.Connection) -> None:
    await notify.execute(PLAN, 10, NOW)

    async with notify.transaction():
        worker = uuid4()
        due = await store.claim(Tx(notify), worker, now=NOW, until=LEASE, besides=[], most=32)
        await store.extend(Tx(notify), worker, [each.id for each in due], LEASE + timedelta(seconds=3))
        (row,) = await notify.fetch(WRITTEN)

    assert len(due) == 10
    assert tuple(row) == (20, 20)


async def test_the_end_of_a_lease_is_the_next_that_is_due(notify: asyncpg.Connection) -> None:
    await notify.execute(PLAN, 2, NOW)
    await notify.execute(PLAN, 1, NOW + timedelta(hours=1))

    assert await store.next_due(Tx(notify)) == NOW
    await claimed(notify)
    assert await store.next_due(Tx(notify)) == LEASE


async def test_with_nothing_but_messages_in_hand_the_first_lease_to_end_is_next(
    notify: asyncpg.Connection,
) -> None:
    await notify.execute(PLAN, 1, NOW - timedelta(hours=1))
    await claimed(notify, until=LEASE + timedelta(minutes=1))
    await notify.execute(PLAN, 1, NOW)
    await claimed(notify)

    assert await store.next_due(Tx(notify)) == LEASE


async def test_whose_lease_is_out_comes_before_what_became_due_later(notify: asyncpg.Connection) -> None:
    await notify.execute(PLAN, 1, NOW)
    (first,) = await claimed(notify)
    await notify.execute(PLAN, 40, NOW + timedelta(seconds=5))

    in_time = await claimed(notify, now=LEASE - timedelta(seconds=1), until=LEASE + timedelta(minutes=1))
    afterwards = await claimed(notify, now=LEASE, until=LEASE + timedelta(minutes=1))

    assert first.id not in {due.id for due in in_time}
    assert first.id in {due.id for due in afterwards}
    assert len(in_time) + len(afterwards) == 41


async def test_what_was_sent_is_written_down_though_the_table_was_in_other_hands(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a release changes the table: without trying again the mail would go out once more."""
    known = database._server_settings
    monkeypatch.setattr(
        database, "_server_settings", lambda schema: known(schema) | {"lock_timeout": "300ms"}
    )
    changing = await asyncpg.connect(
        system.database_url("notify"), server_settings={"search_path": "notify"}
    )

    async def change(_: Message) -> None:
        await changing.execute("BEGIN; LOCK TABLE message IN ACCESS EXCLUSIVE MODE")

    mailroom.on_data = change
    await system.start("notify", SMTP_URL=mailroom.url)
    with capture_logs() as logs:
        await neighbours.tell(news(BookingConfirmed, neighbours.has()))
        await eventually(lambda: [entry for entry in logs if entry["event"] == "outcome.waits"])
    await changing.close()

    await eventually(lambda: state_of(system, "confirmation", "sent"))
    (row,) = await system.sql("SELECT attempts FROM notify.message WHERE kind = 'confirmation'")
    assert (row["attempts"], len(mailroom.taken)) == (1, 1)
