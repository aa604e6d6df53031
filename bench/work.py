"""Processor time of each part for one booking, one join and one reminder, with all that follows.

Other work on the machine makes everything slower and disturbs this least: it tells what a change gave.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil  # type: ignore[import-untyped]

from bench.figures import Figure, alone
from bench.joins import joining
from bench.load import as_fast_as_it_goes
from bench.owed import owe_reminders
from bench.reminders import sink
from bench.scene import all_told, group
from bench.stage import CONNECTIONS, add_times, bookings, system
from tests.support.eventually import eventually
from tests.support.stack import Stack

ROUNDS = 3
BOOKINGS = 500
JOINS = 1000
REMINDERS = 400
# Everything booked was heard by both who listen.
UNHEARD = """
    SELECT 1 FROM booking.outbox WHERE published_at IS NULL
    OR subject = 'booking.v1.event.booking_confirmed' AND (
        event_id NOT IN (SELECT event_id FROM rooms.inbox)
        OR event_id NOT IN (SELECT event_id FROM notify.inbox))
    LIMIT 1
"""
SENT = "SELECT count(*) AS n FROM notify.message WHERE state = 'sent'"

Spent = dict[str, float]


async def measure() -> list[Figure]:
    with sink() as port:
        async with system(SMTP_URL=f"smtp://127.0.0.1:{port}") as stack:
            figures = [
                _figure("a booking and its mail", [spent async for spent in _booked(stack)]),
                _figure("a reminder", [spent async for spent in _reminded(stack)]),
            ]
    async with system() as stack:
        joined = [spent async for spent in _joined(stack)]
    return [*figures, _figure("a join of somebody who is in", joined)]


def _figure(name: str, rounds: list[Spent]) -> Figure:
    last = sorted(rounds[-1].items(), key=lambda part: -part[1])
    said = ", ".join(f"{part} {spent:.2f}" for part, spent in last if spent >= 0.01)
    totals = [sum(spent.values()) for spent in rounds]
    return alone(f"processor time of {name}", totals, unit="ms", target=None, said=said)


async def _booked(stack: Stack) -> AsyncIterator[Spent]:
    requests = bookings(stack.gateway, await add_times(stack, hosts=40, each=2500))
    for number in range(ROUNDS + 1):  # the first makes connections and plans
        async with _spent(stack, BOOKINGS) as spent:
            asked = iter([next(requests) for _ in range(BOOKINGS)])
            (await as_fast_as_it_goes(stack.gateway, asked, seconds=60, connections=CONNECTIONS)).only(
                b"201"
            )

            async def all_heard() -> bool:
                return not await stack.sql(UNHEARD)

            await eventually(all_heard, within=60)
            await all_told(stack)
        if number:
            yield spent


async def _joined(stack: Stack) -> AsyncIterator[Spent]:
    requests = joining(stack, await group(stack, await stack.an_expert()))
    for number in range(ROUNDS + 1):
        async with _spent(stack, JOINS) as spent:
            asked = iter([next(requests) for _ in range(JOINS)])
            (await as_fast_as_it_goes(stack.gateway, asked, seconds=60, connections=CONNECTIONS)).only(
                b"200"
            )
        if number:
            yield spent


async def _reminded(stack: Stack) -> AsyncIterator[Spent]:
    for number in range(ROUNDS + 1):
        await stack.sql("DELETE FROM notify.message")
        await owe_reminders(stack, REMINDERS, due="interval '1 second'")
        async with _spent(stack, REMINDERS) as spent:

            async def all_sent() -> bool:
                return bool((await stack.sql(SENT))[0]["n"] >= REMINDERS)

            await eventually(all_sent, within=120)
        if number:
            yield spent


@asynccontextmanager
async def _spent(stack: Stack, count: int) -> AsyncIterator[Spent]:
    """Filled at the end: milliseconds of each part for one of so many."""
    spent: Spent = {}
    before = _times(stack)
    yield spent
    await asyncio.sleep(0.2)
    for part, seconds in _times(stack).items():
        spent[part] = (seconds - before.get(part, 0.0)) * 1000 / count


def _times(stack: Stack) -> Spent:
    """PostgreSQL's by the service it works for. Without the mail server, which is the world outside."""
    times: Spent = {}
    for name, part in {**stack.state["parts"], **stack.state["services"]}.items():
        if name == "mail":
            continue
        process = psutil.Process(part["pid"])
        for each in (process, *process.children(recursive=True)):
            try:
                title, spent = each.cmdline(), each.cpu_times()
            except psutil.Error:  # it has just ended
                continue
            named = _named(name, " ".join(title).split())
            if named is not None:
                times[named] = times.get(named, 0.0) + spent.user + spent.system
    return times


def _named(part: str, title: list[str]) -> str | None:
    """`postgres: rooms digiaula …` works for rooms; who looks from outside for the measuring counts not."""
    if part != "postgres":
        return part
    who = title[1] if len(title) > 1 and title[0] == "postgres:" else ""
    if who in ("booking", "rooms", "notify", "gateway"):
        return f"{who}'s postgres"
    return None if who in ("postgres", "digiaula") else "postgres"
