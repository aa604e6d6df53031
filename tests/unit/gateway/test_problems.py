"""Every code has a status and a title, in the one place that knows them."""

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway.problems import TITLES, problem_of
from services.runtime.bus import AnswerFailed


def test_every_code_has_a_row() -> None:
    assert set(Code) <= set(TITLES)


def test_a_status_is_never_a_success_nor_unexpected() -> None:
    assert {status for status, _ in TITLES.values()} <= {
        400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 503,
    }  # fmt: skip


def test_the_facts_of_a_refusal_reach_the_asker_and_never_replace_what_a_problem_is() -> None:
    refusal = Refusal(Code.SLOT_TAKEN, "Taken.", next=[{"id": "x"}], status=200, type="evil")

    sent = problem_of(refusal, "r1").response().body
    assert isinstance(sent, bytes)
    body = msgspec.json.decode(sent)

    assert body["next"] == [{"id": "x"}]
    assert body["type"] == "/problems/slot-taken"
    assert body["status"] == 409
    assert body["request_id"] == "r1"
    assert body["errors"] == []


def test_what_is_away_is_said_to_be_so_with_a_time_to_come_again() -> None:
    problem = problem_of(Unavailable("booking.v1.rpc.book: no answer"), "r1")
    assert (problem.status, problem.headers["Retry-After"]) == (503, "2")
    assert "booking" not in problem.detail


def test_a_bug_says_nothing_of_itself() -> None:
    for bug in (ValueError("Key (email)=(kielo@posti.fi)"), AnswerFailed("booking.v1.rpc.book")):
        body = problem_of(bug, "r1").response().body
        assert isinstance(body, bytes)
        assert b"kielo" not in body
        assert b"rpc" not in body
        assert msgspec.json.decode(body)["status"] == 500


def test_a_wrong_method_names_the_right_ones() -> None:
    problem = problem_of(web.HTTPMethodNotAllowed("PUT", {"GET", "POST"}), "r1")
    assert (problem.status, problem.headers["Allow"]) == (405, "GET, POST")


def test_a_request_that_was_no_http_is_the_askers_fault() -> None:
    assert BadHttpMessage("x").code == 400
    assert problem_of(web.HTTPBadRequest(), "r1").status == 400
