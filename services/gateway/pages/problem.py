"""An answer of "no" as a page: in words, with a way on."""

from html import escape
from typing import Any
from urllib.parse import quote

from aiohttp import web

from services.contracts.refusals import Code
from services.gateway.forms import Form
from services.gateway.pages import sign_in
from services.gateway.pages.rendering import PAGES, for_anybody, language_of, render, say_for
from services.gateway.pages.words import N_, SENTENCES, sentence
from services.gateway.problems import Problem

HEADINGS = {
    400: N_("Something in the address or the form is wrong"),
    401: N_("Please sign in"),
    403: N_("This cannot be done here"),
    404: N_("There is no such page"),
    405: N_("This cannot be done here"),
    409: N_("This can no longer be done"),
    410: N_("This is no longer in use"),
    413: N_("The text is too long"),
    429: N_("Please wait a moment"),
    500: N_("Something went wrong on our side"),
    503: N_("Please try again in a moment"),
}
WORDS = {
    401: N_("You have been signed out, or have not signed in yet."),
    404: N_("Perhaps the address was copied only in part. Nothing is lost."),
    410: N_("It may have been replaced by a newer one."),
    500: N_("We have written it down and will mend it. Your booked times are safe."),
    503: N_("A part of the service is away, or there are many visitors. Your booked times are safe."),
}
BUSY = web.AppKey("busy_pages", dict[tuple[str, bool], str])
AGAIN, REFERENCE = "/-where-to-try-again-", "-the-reference-"
UNLIKE_ANY = N_("Go back and check what you wrote.")


async def show(request: web.Request, problem: Problem) -> web.StreamResponse:
    """The page for a problem. Links and sign-in links that no longer work have pages of their own."""
    if problem.code == Code.OVERLOADED:
        page = _busy(request, problem)
    else:
        page = _of_link(request, problem) or _plain(request, problem)
    page.headers.update(problem.headers)
    return page


def install(app: web.Application) -> None:
    app[BUSY] = {}


def _busy(request: web.Request, problem: Problem) -> web.Response:
    """There are too many already: made once for all of them, and the few words of each put in."""
    language, again = language_of(request), _again(request, problem)
    kept = request.config_dict[BUSY]
    text = kept.get((language, bool(again)))
    if text is None:
        pages = request.config_dict[PAGES]
        say = pages.texts.translations(language).gettext
        facts = {"heading": say(HEADINGS[503]), "words": _words(problem, request)}
        marks = {"again": AGAIN if again else "", "reference": REFERENCE}
        text = kept[language, bool(again)] = for_anybody(
            pages, "problem.html", language, **facts, **marks, sign_in=False
        )
    return web.Response(
        text=text.replace(AGAIN, escape(again)).replace(REFERENCE, problem.request_id),
        status=problem.status,
        content_type="text/html",
        headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"},
    )


def _of_link(request: web.Request, problem: Problem) -> web.Response | None:
    if request.path.startswith("/own-data/") and problem.status in (404, 410):
        return render(request, "own_data/old.html", status=problem.status)
    token = request.match_info.get("token")
    if token is None:
        return None
    if request.path.startswith("/sign-in/") and problem.status in (404, 410):
        return render(request, "sign_in_old.html", status=problem.status)
    if problem.code == Code.NOT_FOUND:
        return render(request, "link_unknown.html", status=problem.status, form=Form())
    if problem.code == Code.LINK_EXPIRED:
        return render(request, "link_old.html", status=problem.status, token=token)
    return None


def _plain(request: web.Request, problem: Problem) -> web.Response:
    say = say_for(request)
    status = problem.status
    facts: dict[str, Any] = {
        "heading": say(HEADINGS.get(status, HEADINGS[400])),
        "words": _words(problem, request),
        "sign_in": status == 401,
        "again": _again(request, problem),
        "reference": problem.request_id if status >= 500 else "",
    }
    response = render(request, "problem.html", status=status, **facts)
    if status == 401:
        sign_in.remember(request, response)
    return response


def _words(problem: Problem, request: web.Request) -> str:
    say = say_for(request)
    if problem.code in SENTENCES and problem.code != Code.FIELD_INVALID:
        return sentence(problem.code, say)
    return say(WORDS.get(problem.status, UNLIKE_ANY))


def _again(request: web.Request, problem: Problem) -> str:
    """Where to try again: the page itself, or the one behind the link."""
    token = request.match_info.get("token")
    if request.path.startswith("/t/") and token:
        return f"/t/{quote(token)}"
    if request.method in ("GET", "HEAD"):
        return request.path if problem.status in (429, 503) else ""
    return "/my/week" if request.path.startswith("/my/") else ""
