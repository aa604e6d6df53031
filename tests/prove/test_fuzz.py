"""The judge of generated requests is no rubber stamp, and a seed makes the same request again."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.gateway.routes import ROUTES
from tests.prove.fuzz import verdict
from tests.prove.fuzz.cases import Case, Maker
from tests.prove.fuzz.crowd import Actor, Crowd
from tests.prove.fuzz.shown import Fields
from tests.prove.fuzz.wire import Said, Sent

ROWS = {route.named: route for route in ROUTES}
WORD = "kanari0123"
ID = {"x-request-id": "1", "content-type": verdict.PROBLEM}
PLAIN = {"content-type": "text/plain"}
HTML = {"x-request-id": "1", "content-type": "text/html"}


def a_case(row: str = "GET /api/v1/themes", **differs: Any) -> Case:
    sent = Sent(row.split()[0], row.split()[1].encode())
    return replace(Case(ROWS[row], 1, Actor("anonymous"), sent, WORD, ()), **differs)


def a_problem(**differs: Any) -> bytes:
    usual = {
        "type": "/problems/field-unknown",
        "title": "There is a field too many",
        "status": 400,
        "detail": "There is no such field.",
        "code": "field_unknown",
        "errors": [],
        "request_id": "1",
    }
    return msgspec.json.encode(usual | differs)


def test_an_answer_as_it_must_be_passes() -> None:
    assert list(verdict.wrong(a_case(), Said(400, ID, a_problem()))) == []
    busy = a_problem(code="overloaded", status=503)
    assert list(verdict.wrong(a_case(), Said(503, ID | {"retry-after": "2"}, busy))) == []


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (Said(0), "there was no answer"),
        (Said(500, ID, a_problem(status=500)), "answered 500"),
        (Said(503, ID, a_problem()), "answered 503"),
        (Said(400, ID, b"Traceback (most recent call last)"), "speaks of its own code"),
        (Said(400, PLAIN, WORD.encode()), "says what was sent"),
        (Said(400, ID | PLAIN, b"no"), "a refusal as 'text/plain'"),
        (Said(400, ID, a_problem(code="no_such")), "the code no_such for 400"),
        (Said(404, ID, a_problem()), "the code field_unknown for 404"),
        (Said(400, ID, a_problem(detail=f"What is {WORD}?")), "says what was sent"),
        (Said(400, ID | {"x-a": WORD}, a_problem()), "a header says what was sent"),
        (Said(200, ID | {"content-type": "application/json"}, b'{"a": 1}'), "is not as described"),
        (Said(303, ID | {"location": "//evil.fi"}), "leads away from here"),
    ],
)
def test_what_must_not_be_is_seen(said: Said, what: str) -> None:
    assert any(found.startswith(what) for found in verdict.wrong(a_case(), said))


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<!doctype html><p>no frame</p>", "is no page"),
        (f"<!doctype html><p>{WORD}</p>", "says what was sent"),
        (f"<!doctype html><x-kanari>{WORD}</x-kanari>", "shows what was sent as markup"),
    ],
)
def test_a_page_that_must_not_be_is_seen(html: str, what: str) -> None:
    said = Said(200, HTML, html.encode())
    assert any(found.startswith(what) for found in verdict.wrong(a_case("GET /about"), said))


def test_what_was_typed_may_stand_in_its_field() -> None:
    html = f'<!doctype html><input value="{WORD}"><textarea>{WORD}</textarea>'
    said = Said(400, HTML, html.encode())
    assert "says what was sent" not in list(verdict.wrong(a_case("GET /about"), said))


def test_a_seed_makes_the_same_requests_again() -> None:
    made = [_request(seed, number) for seed in (7, 7, 8) for number in range(1, 30)]
    assert made[:29] == made[29:58] != made[58:]


def test_there_is_a_request_for_every_row_whatever_is_drawn() -> None:
    shown = [[("theme", "a", "one"), ("note", "", "text"), ("act", "go", "button")]]
    forms = dict.fromkeys(ROWS, shown)
    for route in ROUTES:
        for number in range(40):
            _maker(7, forms).make(route, number).sent.raw()


def _request(seed: int, number: int) -> Sent:
    return _maker(seed, {}).make(ROWS["GET /api/v1/slots"], number).sent


def _maker(seed: int, forms: dict[str, list[Fields]]) -> Maker:
    actors = {name: Actor(name) for name in ("anonymous", "volunteer", "expert", "coordinator")}
    bundle = {"owner": "expert", "calendar": "c" * 56, "sign-in": "s" * 43}
    crowd = Crowd(None, "form key", actors, [bundle])  # type: ignore[arg-type]  # nobody signs in
    return Maker(crowd, "127.0.0.1:1", seed, forms)


def test_a_request_can_be_pasted_into_a_shell() -> None:
    sent = Sent("POST", b"/a%00?b=c", ((b"Host", b"h:1"), (b"X", b"\xff'")), b'{"a": "\\ud800"}\n')

    assert sent.curl("http://h:1") == (
        r"""curl -i --path-as-is --globoff -X POST -H $'X: \xff\x27' """
        r"""--data-binary $'{"a": "\x5cud800"}\x0a' 'http://h:1/a%00?b=c'"""
    )
