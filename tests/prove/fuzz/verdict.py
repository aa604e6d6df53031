"""What every answer must be, whatever was asked."""

import re
from collections.abc import Iterator

import msgspec

from services.gateway.problems import TITLES
from tests.prove.fuzz.cases import Case
from tests.prove.fuzz.shown import Reader, read
from tests.prove.fuzz.wire import NO_ANSWER, Said
from tests.support import described
from tests.support.page import Page

STACK = re.compile(rb'Traceback|File "|\.py\b|asyncpg|msgspec|aiohttp')
PROBLEM = "application/problem+json"
KEEPS = ("location", "set-cookie")  # what somebody looks for stays with them
MARKUP = "x-kanari"
STATUSES = {str(code): status for code, (status, _) in TITLES.items()}
SAVED = (
    "text/css",
    "text/javascript",
    "image/svg+xml",
    "text/calendar",
    "application/json",
    "text/event-stream",
)


def wrong(case: Case, said: Said) -> Iterator[str]:
    """Everything about this answer that must not be."""
    if said.status == NO_ANSWER:
        if case.sent.framed:
            yield "there was no answer"
        return
    if said.status >= 500 and not (said.status == 503 and "retry-after" in said.headers):
        yield f"answered {said.status}"
    if STACK.search(said.body) and said.media not in SAVED:
        yield "speaks of its own code"
    if any(case.word in value for name, value in said.headers.items() if name not in KEEPS):
        yield "a header says what was sent"
    if "x-request-id" not in said.headers:
        yield from _by_the_server(case, said)
    elif 300 <= said.status < 400:
        yield from _sent_on(said)
    elif _is_api(case, said):
        yield from _api(case, said)
    else:
        yield from _page(case, said)


def _is_api(case: Case, said: Said) -> bool:
    """By an address that says more than a path, too."""
    target = case.sent.target
    return target.startswith(b"/api/") or (said.media == PROBLEM and b"/api/" in target)


def _by_the_server(case: Case, said: Said) -> Iterator[str]:
    """What is not HTTP is refused before there is a request: plainly, and without a word of it."""
    if not (said.status in (400, 413, 414, 417, 431) and said.media == "text/plain"):
        yield f"{said.status} without a request's id"
    if case.word.encode() in said.body:
        yield "says what was sent"


def _sent_on(said: Said) -> Iterator[str]:
    where = said.headers.get("location", "/")
    if not where.startswith("/") or where.startswith(("//", "/\\")):
        yield "leads away from here"


def _api(case: Case, said: Said) -> Iterator[str]:
    if said.status >= 400:
        yield from _problem(case, said)
    if case.sent.method != "HEAD" and said.media != "text/event-stream":
        path = case.sent.target.partition(b"?")[0].decode("latin-1")
        try:
            described.check(case.sent.method, path, said.status, said.media, said.body)
        except Exception as error:  # a schema that does not fit, or JSON that is none
            yield f"is not as described: {str(error)[:200]}"


def _problem(case: Case, said: Said) -> Iterator[str]:
    if said.media != PROBLEM:
        yield f"a refusal as {said.media!r}"
        return
    try:
        problem = msgspec.json.decode(said.body)
    except msgspec.MsgspecError:
        yield "a problem that cannot be read"
        return
    if STATUSES.get(problem["code"]) != said.status or not problem["title"] or not problem["detail"]:
        yield f"the code {problem['code']} for {said.status}"
    for error in problem["errors"]:
        error["field"] = ""  # said back by design where it looks like the name of a field
    if case.word.encode() in msgspec.json.encode(problem):
        yield "says what was sent"


def _page(case: Case, said: Said) -> Iterator[str]:
    if said.media != "text/html":
        if case.route.path.startswith("/calendar/") and said.media == "text/plain":
            return  # a calendar program shows it as it is
        if said.status >= 400 or (said.body and said.media not in SAVED):
            yield f"a page as {said.media!r}"
        return
    html = said.body.decode("utf-8", "replace")
    try:
        Page(url=case.sent.target.partition(b"?")[0].decode("latin-1"), status=said.status, html=html)
    except Exception as error:  # what cannot be read is no page either
        yield f"is no page: {str(error)[:200]}"
    if case.word in html:
        yield from _said_back(case, said, read(html))


def _said_back(case: Case, said: Said, page: Reader) -> Iterator[str]:
    """What was typed stands in its field again. What was taken in may stand anywhere, as text."""
    if MARKUP in page.tags:
        yield "shows what was sent as markup"
    if (said.status >= 400 or case.sent.method == "GET") and any(
        case.word in text for text in page.outside
    ):
        yield "says what was sent"
