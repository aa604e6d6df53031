"""Bookings with a million behind them: tables and indices as they are after years."""

from bench.figures import Figure, beside
from bench.stage import ROUNDS, add_times, booked_per_second, bookings, run_script, system
from tests.support.stack import Stack

# Past times of many seats, so that a thousand rows make a million bookings. Rules are left out while
# they are written, and hold all the same. Keys and news are kept for days only: 50,000 of each are many.
PAST = """
    SET session_replication_role = replica;
    CREATE TEMPORARY TABLE past AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, {slots}) n;
    INSERT INTO booking.slot (id, kind, host_id, theme_id, starts_at, ends_at, local_start, time_zone,
                              languages, capacity, taken, bookable_until, created_at)
    SELECT past.id, 'event', (SELECT id FROM booking.person ORDER BY id LIMIT 1), 'digineuvonta',
           at, at + interval '25 minutes', at AT TIME ZONE 'UTC', 'UTC', '{{fi}}', 1000, 1000,
           at, at
    FROM past, LATERAL (SELECT now() - n * interval '30 minutes' AS at) times;
    CREATE TEMPORARY TABLE had AS
        SELECT gen_random_uuid() AS id, past.id AS slot_id, past.n, m
        FROM past, generate_series(1, 1000) m;
    INSERT INTO booking.booking (id, slot_id, status, seats, display_name, email, language, created_at,
                                 changed_at)
    SELECT id, slot_id, 'attended', 1, 'Kielo', 'ennen' || n || '-' || m || '@posti.example', 'fi',
           now() - n * interval '30 minutes', now()
    FROM had;
    INSERT INTO booking.booking_change (booking_id, what, by_kind, at)
    SELECT id, 'booked', 'system', now() FROM had;
    INSERT INTO booking.command (scope, key, fingerprint, reply)
    SELECT 'anyone', 'ennen-' || id, '\\x00', '{{}}' FROM had WHERE n <= 50;
    INSERT INTO booking.outbox (event_id, subject, body, published_at)
    SELECT id, 'booking.v1.event.booking_confirmed', '{{}}', now() FROM had WHERE n <= 50;
    ANALYZE booking.slot, booking.booking, booking.booking_change, booking.command, booking.outbox
"""


async def measure() -> list[Figure]:
    many, few = [], []
    async with system() as long, system() as young:
        await _had(long, 1000)
        await _had(young, 1)
        requests = [
            bookings(stack.gateway, await add_times(stack, hosts=40, each=2000)) for stack in (long, young)
        ]
        for stack, asked in zip((long, young), requests, strict=True):
            await booked_per_second(stack, asked)
        for _ in range(ROUNDS):
            many.append(await booked_per_second(long, requests[0]))
            few.append(await booked_per_second(young, requests[1]))
    return [
        beside(
            "bookings with 1,000,000 behind", many, few, unit="/s", limit="with 1,000 behind", target=0.9
        )
    ]


async def _had(stack: Stack, thousands: int) -> None:
    await run_script(stack, PAST.format(slots=thousands))
