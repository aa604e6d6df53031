"""What services keep beside their facts goes when its time is over, by the database's clock."""

from datetime import timedelta

from services.runtime import commands, dead_letters, inbox, outbox
from services.runtime.forgetting import AT_ONCE, forget_all
from tests.integration.runtime.conftest import Pieces

PORTIONS = 2 * AT_ONCE + 1
OLD_AND_NEW = f"""
    WITH ages AS (
        SELECT now() - age AS at, n FROM generate_series(1, {PORTIONS}) AS n,
            unnest(ARRAY[$1::interval, $2::interval]) AS age
    ), news AS (
        INSERT INTO notify.outbox (event_id, subject, body, created_at, published_at)
        SELECT gen_random_uuid(), 'notify.v1.event.x', 'x', at, at FROM ages
    ), seen AS (
        INSERT INTO notify.inbox (consumer, event_id, taken_at) SELECT 'c', gen_random_uuid(), at FROM ages
    ), tried AS (
        INSERT INTO notify.delivery_try (consumer, event_id, tries, at)
        SELECT 'c', gen_random_uuid(), 1, at FROM ages
    ), dead AS (
        INSERT INTO notify.dead_letter (consumer, event_id, subject, body, reason, settled_at)
        SELECT 'c', gen_random_uuid(), 's', 'b', 'r', at FROM ages
    )
    INSERT INTO notify.command (scope, key, fingerprint, at)
    SELECT 's', gen_random_uuid(), 'f', at FROM ages
"""  # noqa: S608 - a number of ours
FORGETTING = {
    "outbox": (outbox.forget_old_news, "14 days"),
    "inbox": (inbox.forget_old_news, "30 days"),
    "delivery_try": (inbox.forget_tries, "30 days"),
    "dead_letter": (dead_letters.forget_settled, "30 days"),
    "command": (commands.forget_old_keys, "48 hours"),
}


async def test_each_kind_is_kept_for_its_time_and_no_longer(pieces: Pieces) -> None:
    database = await pieces.db("notify")
    left = {}
    for table, (forget, kept) in FORGETTING.items():
        number, unit = kept.split()
        length = timedelta(**{unit: int(number)})
        await pieces.system.sql(OLD_AND_NEW, length + timedelta(hours=1), length - timedelta(hours=1))
        forgotten = await forget_all(database, forget)
        [row] = await pieces.system.sql(f"SELECT count(*) AS n FROM notify.{table}")  # noqa: S608
        left[table] = (forgotten, row["n"])
        for each in FORGETTING:
            await pieces.system.sql(f"DELETE FROM notify.{each}")  # noqa: S608

    assert left == dict.fromkeys(FORGETTING, (PORTIONS, PORTIONS))


async def test_news_that_nobody_was_told_yet_is_kept_however_old(pieces: Pieces) -> None:
    database = await pieces.db("notify")
    await pieces.system.sql(
        """INSERT INTO notify.outbox (event_id, subject, body, created_at)
           VALUES (gen_random_uuid(), 's', 'b', now() - interval '99 days')"""
    )

    assert await forget_all(database, outbox.forget_old_news) == 0
