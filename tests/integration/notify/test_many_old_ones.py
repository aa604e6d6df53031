"""What is asked every minute does not cost more with every message that was ever sent."""

import asyncpg

from services.notify import store
from tests.support.system import System

SENT = """
    INSERT INTO message
        (id, kind, about, occasion, due_at, not_after, give_up_at, next_try_at, state, sent_at)
    SELECT gen_random_uuid(), 'confirmation', gen_random_uuid(), 0, at, at, at, at, 'sent', at
    FROM (SELECT now() - minutes * interval '1 minute' AS at
          FROM generate_series(1, 20000) AS minutes) AS old
"""


async def test_how_late_the_oldest_is_reads_none_of_those_that_were_sent(system: System) -> None:
    notify = await asyncpg.connect(system.database_url("notify"), server_settings={"search_path": "notify"})
    await notify.execute(SENT)
    await notify.execute("ANALYZE message")

    [row] = await notify.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {store.OLDEST_OWED}")

    await notify.close()
    plan = row[0]
    assert "message_owed_idx" in plan
    assert "Rows Removed" not in plan
