"""What there is to book and to join: an expert's long weeks, and a group whose host is in."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any
from uuid import uuid4

from bench.load import request
from tests.support.eventually import eventually
from tests.support.stack import SignedIn, Stack

EXPERT = "digineuvoja@digiaula.example"
THEME = "digineuvonta"
PEOPLE = 64
FREE = """
    SELECT slot.id FROM booking.slot
    WHERE state = 'open' AND kind = 'appointment' AND taken = 0
        AND starts_at > now() + interval '2 days'
    ORDER BY starts_at, slot.id
"""
OWED = "SELECT 1 FROM notify.message WHERE state IN ('planned', 'sending') AND due_at <= now() LIMIT 1"


@dataclass(frozen=True)
class Scene:
    """`booking` and `joining` never end within a run: each gives the next request."""

    front: bytes
    pages: dict[str, bytes]
    bookings: Iterator[bytes]
    joins: Iterator[bytes]


async def set_scene(stack: Stack) -> Scene:
    expert = await stack.sign_in(EXPERT)
    for weekday in (5, 6, 7):
        await _made(stack, "/receptions", _hours(weekday), expert)
    tokens = await _group(stack, expert)
    free = [str(row["id"]) for row in await stack.sql(FREE)]
    at = stack.gateway
    return Scene(
        front=request(f"{at}/"),
        pages={
            "front": request(f"{at}/"),
            "times": request(f"{at}/times"),
            "book form": request(f"{at}/book/{free[-1]}"),
            "behind the link": request(f"{at}/t/{tokens[0]}"),
        },
        bookings=_bookings(at, free[:-1]),
        joins=cycle(
            request(f"{at}/api/v1/t/{token}/join", method="POST", body=b'{"display_name": "Kielo"}')
            for token in tokens
        ),
    )


async def all_told(stack: Stack) -> None:
    """Until every message that is due has gone: what comes next is measured without it."""

    async def nothing_owed() -> bool:
        return not await stack.sql(OWED)

    await eventually(nothing_owed, within=180)
    await asyncio.sleep(0.5)


def _hours(weekday: int) -> dict[str, Any]:
    return {
        "theme": THEME,
        "weekday": weekday,
        "starts": "07:00",
        "ends": "22:00",
        "slot_minutes": 25,
        "valid_from": str(datetime.now(UTC).date()),
        "languages": ["fi"],
        "horizon_days": 400,
        "skip_holidays": False,
    }


async def _group(stack: Stack, expert: SignedIn) -> list[str]:
    """The links of those who have a seat in a group that begins in some minutes and whose host is in."""
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    slot = await _made(
        stack,
        "/slots",
        {
            "theme": THEME,
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=1)).isoformat(),
            "languages": ["fi"],
            "kind": "group",
            "capacity": PEOPLE,
        },
        expert,
    )
    people = [await _made(stack, "/bookings", _booking(slot["id"], number)) for number in range(PEOPLE)]

    async def host_is_in() -> bool:
        status, _ = await stack.api("POST", f"/slots/{slot['id']}/join", session=expert)
        return status == 200

    await eventually(host_is_in)
    return [person["manage_url"].rpartition("/")[2] for person in people]


async def _made(stack: Stack, path: str, body: Any, session: SignedIn | None = None) -> Any:
    status, reply = await stack.api("POST", path, body, session=session)
    assert status == 201, reply
    return reply


def _bookings(at: str, slot_ids: list[str]) -> Iterator[bytes]:
    for number, slot_id in zip(count(), slot_ids, strict=False):
        body = json.dumps(_booking(slot_id, number)).encode()
        yield request(f"{at}/api/v1/bookings", method="POST", body=body, Idempotency_Key=uuid4().hex)


def _booking(slot_id: str, number: int) -> dict[str, Any]:
    return {
        "slot_id": slot_id,
        "display_name": "Kielo",
        "email": f"kielo{number}@posti.example",
        "consent": True,
    }
