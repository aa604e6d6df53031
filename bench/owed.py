"""Bookings that have reminders to come, straight into the tables of booking and notify."""

from bench.stage import add_times, run_script
from tests.support.stack import Stack

OWE = """
    SET session_replication_role = replica;
    CREATE TEMPORARY TABLE chosen AS
        SELECT slot.id AS slot_id, gen_random_uuid() AS id, starts_at, ends_at,
               row_number() OVER (ORDER BY starts_at) AS n
        FROM booking.slot JOIN booking.person ON person.id = host_id
        WHERE person.email LIKE 'mitta%' AND taken = 0 LIMIT {count};
    UPDATE booking.slot SET taken = 1 FROM chosen WHERE slot.id = chosen.slot_id;
    INSERT INTO booking.booking (id, slot_id, status, seats, display_name, email, language, created_at,
                                 changed_at)
    SELECT id, slot_id, 'confirmed', 1, 'Kielo', 'kielo' || n || '@posti.example', 'fi', now(), now()
    FROM chosen;
    INSERT INTO notify.meeting (booking_id, version, starts_at, ends_at, live)
    SELECT id, 1, starts_at, ends_at, true FROM chosen;
    INSERT INTO notify.message (id, kind, about, occasion, booking_id, starts_at, due_at, not_after,
                                give_up_at, next_try_at)
    SELECT gen_random_uuid(), 'reminder_hour', id, 0, id, starts_at, due, starts_at, starts_at, due
    FROM chosen, LATERAL (SELECT now() + {due} AS due) times;
    ANALYZE booking.slot, booking.booking, notify.message, notify.meeting
"""


async def owe_reminders(stack: Stack, count: int, *, due: str) -> None:
    """`due` is said in SQL as an interval from now, where `n` counts the messages from 1."""
    hosts = count // 100 + 1
    await add_times(stack, hosts=hosts, each=100, begins="2 hours")
    await run_script(stack, OWE.format(count=count, due=due))
