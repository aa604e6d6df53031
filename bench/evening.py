"""`python -m bench evening`: 600 people come to one evening within ten seconds, before and after its host.

Each presses once, at their own moment and over a connection of their own, as people do: nobody waits for
the one before. Many have the same nickname. Beside it the bare server, asked at the same moments.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from bench.figures import Figure, percentile
from bench.load import Seen, over, request
from bench.scene import THEME, all_told
from bench.stage import bare_server, system
from tests.support.eventually import eventually
from tests.support.stack import SignedIn, Stack

PEOPLE = 600
SECONDS = 10.0
TARGET_MS = 1000.0
AT_ONCE = 16
NAMES = ("Kielo", "Pihla", "Sini", "Ilta", "Vieras", "Oiva", "Tuuli", "Lumi", "Otso", "Mummo 75")


async def _come(stack: Stack, echo: str) -> list[Figure]:
    """Everybody waits at the door, the host comes, everybody presses again; nobody is refused."""
    expert = await stack.an_expert()
    slot_id, presses = await _an_evening(stack, expert)
    await all_told(stack)
    hello = [request(f"{echo}/", method="POST", body=b'{"display_name": "Kielo"}')] * PEOPLE
    limits = (await over(echo, hello, seconds=SECONDS)).only(b"200")
    wait = (await over(stack.gateway, presses, seconds=SECONDS)).only(b"202")
    await _host_joins(stack, expert, slot_id)
    come_in = (await over(stack.gateway, presses, seconds=SECONDS)).only(b"200")
    return [
        *_figures("600 wait in 10 s", wait, limits),
        *_figures("600 join in 10 s", come_in, limits),
    ]


async def _an_evening(stack: Stack, expert: SignedIn) -> tuple[str, list[bytes]]:
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    slot = {
        "theme": THEME,
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "languages": ["fi"],
        "kind": "event",
        "capacity": PEOPLE,
    }
    status, made = await stack.api("POST", "/slots", slot, session=expert)
    assert status == 201, made
    slot_id: str = made["id"]
    turns = asyncio.Semaphore(AT_ONCE)
    links = await asyncio.gather(*(_enrolled(stack, slot_id, number, turns) for number in range(PEOPLE)))
    return slot_id, [
        request(
            f"{stack.gateway}/api/v1/t/{link}/join",
            method="POST",
            body=json.dumps({"display_name": NAMES[number % len(NAMES)]}).encode(),
        )
        for number, link in enumerate(links)
    ]


async def _enrolled(stack: Stack, slot_id: str, number: int, turns: asyncio.Semaphore) -> str:
    person = {
        "slot_id": slot_id,
        "display_name": NAMES[number % len(NAMES)],
        "email": f"iltama{number}@posti.example",
        "consent": True,
    }
    async with turns:
        status, booked = await stack.api("POST", "/bookings", person)
    assert status == 201, booked
    return str(booked["manage_url"]).rpartition("/")[2]


async def _host_joins(stack: Stack, expert: SignedIn, slot_id: str) -> None:
    async def is_in() -> bool:
        status, _ = await stack.api("POST", f"/slots/{slot_id}/join", session=expert)
        return status == 200

    await eventually(is_in)


def _figures(name: str, seen: Seen, limits: Seen) -> list[Figure]:
    return [
        Figure(
            name=f"{name}, {label}",
            value=percentile(seen.took, part),
            unit="ms",
            target=TARGET_MS if label == "p99" else None,
            less=True,
            runs=1,
            spread=0.0,
            limit=percentile(limits.took, part),
            beside="echo at the same moments",
        )
        for label, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    ]


async def measure() -> list[Figure]:
    with bare_server() as echo:
        async with system() as stack:
            return await _come(stack, echo)
