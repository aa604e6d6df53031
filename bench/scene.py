"""What there is to see and to join: an expert's long weeks, and a group whose host is in."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.eventually import eventually
from tests.support.stack import SignedIn, Stack

THEME = "digineuvonta"
PEOPLE = 64
OWED = "SELECT 1 FROM notify.message WHERE state IN ('planned', 'sending') AND due_at <= now() LIMIT 1"


async def all_told(stack: Stack) -> None:
    """Until every message that is due has gone: what comes next is measured without it."""

    async def nothing_owed() -> bool:
        return not await stack.sql(OWED)

    await eventually(nothing_owed, within=180)
    await asyncio.sleep(0.5)


async def long_weeks(stack: Stack, expert: SignedIn) -> None:
    """Hours at weekends from tomorrow, for more than a year: thousands of times."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for weekday in (5, 6, 7):
        await _made(
            stack,
            "/receptions",
            {
                "theme": THEME,
                "weekday": weekday,
                "starts": "07:00",
                "ends": "22:00",
                "slot_minutes": 25,
                "valid_from": str(tomorrow),
                "languages": ["fi"],
                "horizon_days": 400,
                "skip_holidays": False,
            },
            expert,
        )


async def group(stack: Stack, expert: SignedIn) -> list[str]:
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


def _booking(slot_id: str, number: int) -> dict[str, Any]:
    return {
        "slot_id": slot_id,
        "display_name": "Kielo",
        "email": f"kielo{number}@posti.example",
        "consent": True,
    }
