"""A write must come from our own page: where it says it comes from, and the token it carries."""

import hmac

from aiohttp import web

from services.contracts.refusals import Code, Refusal
from services.gateway.hosts import Hosts

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "X-CSRF-Token"


def check_origin(request: web.Request, hosts: Hosts, *, is_api: bool) -> None:
    """Refuse a write that a browser says comes from another site.

    Programs say nothing and pass. `null` is what a browser sends with the forms
    of pages that hide their address, as ours do: those are told apart by
    Sec-Fetch-Site, or in browsers too old for it by the form's own token.
    """
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise refusal()
    origin = request.headers.get("Origin")
    if origin == "null":
        if is_api and site is None:
            raise refusal()
        return
    if origin is not None and not hosts.allows(origin.partition("://")[2]):
        raise refusal()


def check_token(given: str | None, expected: str) -> None:
    if given is None or not hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), expected.encode()
    ):
        raise refusal()


def refusal() -> Refusal:
    return Refusal(Code.CSRF, "Open the page again and repeat what you did.")
