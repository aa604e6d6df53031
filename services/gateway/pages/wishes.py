"""What a visitor looks for. It says much about them, so it stands in no address: it is posted, kept in a
cookie of this browser until it is closed, and read from there. Empty texts mean "anything"."""

import json
from collections.abc import Mapping

from aiohttp import web

from services.contracts.refusals import Refusal
from services.gateway import body
from services.gateway.door import door_of

LONGEST = 1200
LONGEST_TEXT = 100


def keep(request: web.Request, response: web.Response, cookie: str, wish: Mapping[str, str]) -> None:
    """For the page at this address and none else."""
    response.set_cookie(
        cookie,
        json.dumps({name: text[:LONGEST_TEXT] for name, text in wish.items()}).encode().hex(),
        path=request.path,
        httponly=True,
        samesite="Lax",
        secure=door_of(request).settings.secure,
    )


def kept(request: web.Request, cookie: str) -> dict[str, str]:
    """The cookie is the visitor's own and may hold anything: what it does not say well is not said."""
    try:
        facts = body.parse(bytes.fromhex(request.cookies.get(cookie, "")[: 2 * LONGEST]))
    except (Refusal, ValueError):
        return {}
    if not isinstance(facts, dict):
        return {}
    return {name: text[:LONGEST_TEXT] for name, text in facts.items() if isinstance(text, str)}
