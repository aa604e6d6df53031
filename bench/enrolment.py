"""`python -m bench enrolment`: 200 people want the 50 seats of one group at the same instant.

Over HTTP, through everything. That is more than the door lets in at one time: whoever is asked to come
again does so with the same key, and what counts is the time until the answer. Then all who got a seat
leave, and the first 50 of those who wait are offered theirs. It must be exact. Beside it the bare server,
asked by as many at once.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from bench.figures import Figure, beside, percentile
from bench.load import over, request
from bench.stage import ADD_HOSTS, BODY, bare_server, system
from deploy.embedded.secrets import load_secrets
from services.contracts import links
from services.contracts.links import Link, Purpose
from tests.support.stack import Stack

PEOPLE, SEATS = 200, 50
ROUNDS = 3
COME_AGAIN = 0.2
AT_ONCE = 16

ADD_GROUP = """
    INSERT INTO booking.peer_group (id, name_fi, name_sv, name_en, description_fi, description_sv,
                                    description_en, is_open, theme_id, organisation_id, languages, capacity,
                                    created_at)
    SELECT gen_random_uuid(), 'Ryhmä', 'Grupp', 'Group', '–', '–', '–', true, 'digineuvonta', id, '{fi}',
           $1, now()
    FROM booking.organisation ORDER BY id LIMIT 1 RETURNING id
"""
ADD_SESSION = """
    INSERT INTO booking.slot (id, kind, host_id, theme_id, group_id, starts_at, ends_at, local_start,
                              time_zone, languages, capacity, bookable_until, created_at)
    SELECT gen_random_uuid(), 'group', $1, 'digineuvonta', $2, at, at + interval '1 hour',
           at AT TIME ZONE 'Europe/Helsinki', 'Europe/Helsinki', '{fi}', $3, at + interval '1 hour', now()
    FROM (SELECT date_trunc('hour', now()) + interval '3 days' AS at) times RETURNING id
"""
STANDING = """
    SELECT b.id, b.status, e.place FROM booking.booking b JOIN booking.enrolment e ON e.id = b.enrolment_id
    WHERE b.slot_id = $1 ORDER BY e.place
"""
TAKEN = "SELECT taken FROM booking.slot WHERE id = $1"


@dataclass(frozen=True)
class Session:
    group_id: str
    slot_id: Any


async def _a_session(stack: Stack) -> Session:
    (host,) = await stack.sql(ADD_HOSTS, 1, uuid4().hex[:8])
    (group,) = await stack.sql(ADD_GROUP, SEATS)
    (slot,) = await stack.sql(ADD_SESSION, host["id"], group["id"], SEATS)
    return Session(str(group["id"]), slot["id"])


async def _enrol(http: aiohttp.ClientSession, url: str, session: Session, number: int) -> float:
    """How many milliseconds until they knew."""
    told = {
        "slot_id": str(session.slot_id),
        "display_name": "Kielo",
        "email": f"kielo{number}@posti.example",
        "consent": True,
    }
    headers = {"Idempotency-Key": uuid4().hex}
    began = time.perf_counter()
    while True:
        async with http.post(url, json=told, headers=headers) as response:
            answer = await response.text()
        if response.status == 201:
            return (time.perf_counter() - began) * 1000
        assert response.status == 503, answer  # a figure made of refusals would be a lie
        await asyncio.sleep(COME_AGAIN)


async def _wrong(stack: Stack, session: Session, expected: list[str]) -> int:
    """How many stand elsewhere than they should, in the order of coming; and seats miscounted."""
    rows = await stack.sql(STANDING, session.slot_id)
    (slot,) = await stack.sql(TAKEN, session.slot_id)
    found = [row["status"] for row in rows]
    wrong = sum(1 for one, other in zip(found, expected, strict=True) if one != other)
    return wrong + abs(int(slot["taken"]) - SEATS)


async def _leave(stack: Stack, links: list[str]) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(link: str) -> None:
        async with turns:
            status, answer = await stack.api("POST", f"/t/{link}/leave-group")
        assert status == 200, answer

    await asyncio.gather(*map(one, links))


async def _links_of_seated(stack: Stack, session: Session) -> list[str]:
    """As the messages to them have them."""
    keys = links.parse_keys(f"k1:{load_secrets(stack.folder).link_key}")
    rows = await stack.sql(STANDING, session.slot_id)
    return [
        links.make(keys, Link(purpose=Purpose.BOOKING, subject_id=row["id"], version=1))
        for row in rows
        if row["status"] == "confirmed"
    ]


async def _race(stack: Stack, echo: str) -> tuple[list[float], list[float], int]:
    """How long each took, how long the bare server did, and how many got what was not theirs."""
    session = await _a_session(stack)
    hello = [request(f"{echo}/", method="POST", body=BODY)] * PEOPLE
    limits = (await over(echo, hello, seconds=0)).only(b"200")
    url = f"{stack.gateway}/api/v1/groups/{session.group_id}/enrolments"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        took = await asyncio.gather(*(_enrol(http, url, session, number) for number in range(PEOPLE)))
    waiting = PEOPLE - SEATS
    wrong = await _wrong(stack, session, ["confirmed"] * SEATS + ["waiting"] * waiting)
    await _leave(stack, await _links_of_seated(stack, session))
    offered = ["cancelled"] * SEATS + ["offered"] * SEATS + ["waiting"] * (waiting - SEATS)
    return took, limits.took, wrong + await _wrong(stack, session, offered)


async def measure() -> list[Figure]:
    with bare_server() as echo:
        async with system() as stack:
            rounds = [await _race(stack, echo) for _ in range(ROUNDS)]
    wrong = sum(each for _, _, each in rounds)
    return [
        beside(
            f"200 enrol at once for 50 seats, {label}",
            [percentile(took, part) for took, _, _ in rounds],
            [percentile(limit, part) for _, limit, _ in rounds],
            unit="ms",
            limit="echo, as many at once",
            target=None,
            less=True,
        )
        for label, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    ] + [
        Figure(
            name="seats and places on the list that went wrong",
            value=float(wrong),
            unit="of them",
            target=0.0,
            less=True,
            runs=ROUNDS,
            spread=0.0,
        )
    ]
