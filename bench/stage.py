"""What every subject needs: a bare server, a whole system, and times to book in it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import asyncpg

from bench.load import as_fast_as_it_goes, request
from tests.support.stack import Stack, running_stack

ROUNDS = 5
CONNECTIONS = 64
SECONDS = 1.5
BODY = b'{"display_name": "Kielo"}'

ADD_HOSTS = """
    INSERT INTO booking.person (id, email, display_name, role, organisation_id, languages, created_at)
    SELECT gen_random_uuid(), 'mitta' || $2::text || n || '@digiaula.example', 'Neuvoja ' || n, 'expert',
           (SELECT id FROM booking.organisation ORDER BY id LIMIT 1), '{fi}', now()
    FROM generate_series(1, $1::integer) n RETURNING id
"""
ADD_SLOTS = """
    INSERT INTO booking.slot (id, kind, host_id, theme_id, starts_at, ends_at, local_start, time_zone,
                              languages, capacity, bookable_until, created_at)
    SELECT gen_random_uuid(), 'appointment', host, 'digineuvonta', at, at + interval '25 minutes',
           at AT TIME ZONE 'Europe/Helsinki', 'Europe/Helsinki', '{fi}', 1, at, now()
    FROM unnest($1::uuid[]) host,
         LATERAL (SELECT date_trunc('hour', now()) + $3::interval + n * $4::interval AS at
                  FROM generate_series(1, $2::integer) n) times
    RETURNING id
"""


@contextmanager
def folder() -> Iterator[Path]:
    """A place that the user whom PostgreSQL runs as can read too."""
    with tempfile.TemporaryDirectory(prefix="digiaula-bench-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def bare_server() -> Iterator[str]:
    """An aiohttp server that answers JSON with JSON, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.echo"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


@asynccontextmanager
async def system(**settings: str) -> AsyncIterator[Stack]:
    """Everything that `make run` starts, over a folder of its own."""
    with folder() as place:
        async with running_stack(place / "state", LIMITS="off", **settings) as stack:
            yield stack


async def add_times(
    stack: Stack, *, hosts: int, each: int, begins: str = "3 days", every: str = "30 minutes"
) -> list[str]:
    """Free times of that many hosts, straight into the table; the ids, host by host."""
    people = await stack.sql(ADD_HOSTS, hosts, uuid4().hex[:8])
    rows: list[Any] = []
    for some in range(0, len(people), 50):
        ids = [row["id"] for row in people[some : some + 50]]
        rows += await stack.sql(ADD_SLOTS, ids, each, _span(begins), _span(every))
    await stack.sql("ANALYZE booking.slot, booking.person, booking.booking, booking.command")
    return [str(row["id"]) for row in rows]


async def run_script(stack: Stack, script: str) -> None:
    """Several statements, however long they take."""
    connection = await asyncpg.connect(stack.state["database"])
    try:
        await connection.execute(script)
    finally:
        await connection.close()


def _span(text: str) -> timedelta:
    number, unit = text.split()
    return timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(number)})


def bookings(at: str, slot_ids: Sequence[str]) -> Iterator[bytes]:
    """A request for each time, each with a key of its own."""
    for number, slot_id in enumerate(slot_ids):
        told = {
            "slot_id": slot_id,
            "display_name": "Kielo",
            "email": f"kielo{number}@posti.example",
            "consent": True,
        }
        yield request(
            f"{at}/api/v1/bookings",
            method="POST",
            body=json.dumps(told).encode(),
            Idempotency_Key=uuid4().hex,
        )


class Door(Protocol):
    """Whatever takes bookings."""

    @property
    def gateway(self) -> str: ...


async def booked_per_second(
    stack: Door, requests: Iterator[bytes], *, connections: int = CONNECTIONS, refused: float = 0.01
) -> float:
    """Only what was booked counts; more refusals than that make it no figure."""
    seen = await as_fast_as_it_goes(stack.gateway, requests, seconds=SECONDS, connections=connections)
    booked = seen.by_status.get(b"201", 0)
    if booked < (1 - refused) * len(seen.took):
        raise AssertionError(f"answered {seen.by_status}")
    return booked / seen.seconds


async def echoed_per_second(echo: str, *, connections: int = CONNECTIONS) -> float:
    asked = repeat(request(f"{echo}/", method="POST", body=BODY))
    seen = await as_fast_as_it_goes(echo, asked, seconds=SECONDS, connections=connections)
    return seen.only(b"200").per_second


@contextmanager
def nobody_listens(*stacks: Stack) -> Iterator[None]:
    """What booking, gateway and relay can do by themselves: on two cores the listeners take their share."""
    with held_still("rooms", "notify", of=stacks):
        yield


@contextmanager
def held_still(*names: str, of: Sequence[Stack]) -> Iterator[None]:
    """Those services do nothing for a while, and go on where they were."""
    pids = [stack.state["services"][name]["pid"] for stack in of for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
