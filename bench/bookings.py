"""Durable bookings over HTTP: many at once, and one client alone. Everything runs, the relay too."""

from collections.abc import Iterator
from itertools import repeat
from statistics import median

from bench.figures import Figure, beside
from bench.load import as_fast_as_it_goes, request
from bench.scene import all_told
from bench.stage import (
    BODY,
    ROUNDS,
    add_times,
    bare_server,
    booked_per_second,
    bookings,
    echoed_per_second,
    nobody_listens,
    system,
)
from bench.waiting import cores, on_the_way
from tests.support.stack import Stack

ECHO = "aiohttp JSON echo, one process"


async def measure() -> list[Figure]:
    with bare_server() as echo:
        async with system() as stack:
            requests = bookings(stack.gateway, await add_times(stack, hosts=60, each=2500))
            await booked_per_second(stack, requests)  # connections and plans are made
            await all_told(stack)  # one client must not wait for the mails of many
            one = [await _one_client(stack, requests, echo, "one client books, p50", target=12)]
            await all_told(stack)
            many, limits = [], []
            quiet, quiet_limits = [], []
            for _ in range(ROUNDS):
                limits.append(await echoed_per_second(echo))
                many.append(await booked_per_second(stack, requests))
            with nobody_listens(stack):
                one.append(await _one_client(stack, requests, echo, "… rooms and notify held still"))
                for _ in range(ROUNDS):
                    quiet_limits.append(await echoed_per_second(echo))
                    quiet.append(await booked_per_second(stack, requests))
    return [
        beside("bookings, 64 connections", many, limits, unit="/s", limit=ECHO, target=0.35),
        beside(
            "the same, rooms and notify held still",
            quiet,
            quiet_limits,
            unit="/s",
            limit=ECHO,
            target=None,
            said="the relay is on; nobody takes the news in or sends mail meanwhile",
        ),
        *one,
    ]


async def _one_client(
    stack: Stack, requests: Iterator[bytes], echo: str, name: str, *, target: float | None = None
) -> Figure:
    """Each booking also shares the machine with what follows the one before it."""
    ours, theirs, booked = [], [], 0
    on_its_way = await on_the_way(stack)
    before = cores(on_its_way)
    for _ in range(ROUNDS):
        seen = await as_fast_as_it_goes(stack.gateway, requests, seconds=1, connections=1)
        ours.append(median(seen.only(b"201").took))
        booked += len(seen.took)
        asked = repeat(request(f"{echo}/", method="POST", body=BODY))
        seen = await as_fast_as_it_goes(echo, asked, seconds=0.5, connections=1)
        theirs.append(median(seen.only(b"200").took))
    said = cores(on_its_way).since(before, each=booked)
    return beside(name, ours, theirs, unit="ms", limit="echo p50", target=target, less=True, said=said)
