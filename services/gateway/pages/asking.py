"""What every page of those who serve does: ask an owner, write down what is done, and know who serves."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from aiohttp import web

from services.contracts.booking.people import ListPeople, Person
from services.contracts.envelope import Request
from services.gateway import audit
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.rendering import say_for
from services.gateway.who import caller_of

R = TypeVar("R")

MOST_PAGES = 10


async def do(request: web.Request, asked: Request[R], *, key: str | None = None) -> R:
    """Ask on behalf of whoever is signed in."""
    return await door_of(request).bus.call(asked, call_for(request, caller_of(request).actor, key=key))


async def note(request: web.Request, action: Action, **about: UUID) -> None:
    """A row of the trail, before what it tells of is asked for."""
    await audit.note(door_of(request), call_for(request, caller_of(request).actor), action, **about)


async def everybody(request: web.Request) -> Sequence[Person]:
    """All who serve, by name; those shut out come last."""
    found: list[Person] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await do(request, ListPeople(limit=100, cursor=cursor))
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    return sorted(found, key=lambda person: (person.disabled, person.display_name.casefold()))


def done_in(request: web.Request, known: Mapping[str, str]) -> str:
    """What has just been done, as the address says; nothing for words that are not ours."""
    done = request.query.get("done", "")
    return say_for(request)(known[done]) if done in known else ""
