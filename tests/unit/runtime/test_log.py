"""Logs are facts: an error leaves its kind and its place, never its words."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from typing import Any

import asyncpg
import msgspec
import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMessage

from services.runtime import log as logs
from tests.support.eventually import eventually

SECRET = "anna@example.fi"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What a service has logged, line by line."""
    out = TextIOWrapper(BytesIO(), encoding="utf-8")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stdout", out)
    # What pytest hangs on the root stays: it would be taken off and closed.
    monkeypatch.setattr(root, "handlers", [])
    logs.configure("booking")

    def lines() -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in out.buffer.getvalue().splitlines()]

    yield lines
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = before
    root.setLevel(level)


def unique_violation() -> asyncpg.UniqueViolationError:
    """As asyncpg makes it of what the server sends."""
    fields = {
        "C": "23505",
        "M": 'duplicate key value violates unique constraint "person_email_once"',
        "D": f"Key (lower(email))=({SECRET}) already exists.",
        "n": "person_email_once",
        "S": "ERROR",
    }
    error = asyncpg.exceptions.PostgresError.new(fields)
    assert isinstance(error, asyncpg.UniqueViolationError)
    return error


def test_a_line_is_json_with_the_service_the_moment_and_the_facts(written: Lines) -> None:
    structlog.get_logger().info("booking.confirmed", booking_id=7)

    (line,) = written()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "booking.confirmed", "booking_id": 7, "level": "info", "service": "booking"}


def test_an_error_is_logged_without_its_words(written: Lines) -> None:
    error = unique_violation()
    assert SECRET in str(error)  # the control
    try:
        raise error
    except asyncpg.UniqueViolationError:
        structlog.get_logger().exception("request.failed", subject="x")

    (line,) = written()
    assert "exc_info" not in line
    assert SECRET not in str(line)
    assert line["error"][0].endswith("UniqueViolationError [23505 person_email_once]")
    assert "test_an_error_is_logged_without_its_words" in line["error"][1]


def test_neither_are_its_causes_nor_those_in_a_group(written: Lines) -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise ExceptionGroup(SECRET, [KeyError(SECRET), RuntimeError(SECRET)]) from cause
    except ExceptionGroup:
        structlog.get_logger().exception("request.failed")

    (line,) = written()
    kinds = [entry for entry in line["error"] if not entry.startswith("  ")]
    assert [kind.rpartition(".")[2] for kind in kinds] == [
        "ExceptionGroup",
        "KeyError",
        "RuntimeError",
        "ValueError",
    ]
    assert SECRET not in str(line)


def test_an_error_that_causes_itself_is_described_once() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one

    assert logs.describe(one) == ["builtins.ValueError", "builtins.KeyError"]


def test_libraries_speak_their_sentence_and_not_what_they_put_into_it(written: Lines) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("a.library").exception("could not write to %s", SECRET)
    logging.getLogger("a.library").info("chatter")

    (line,) = written()
    assert (line["event"], line["library"], line["message"]) == (
        "library.logged",
        "a.library",
        "could not write to %s",
    )
    assert SECRET not in str(line)


async def test_an_error_nobody_waited_for_is_logged_without_its_words(written: Lines) -> None:
    """asyncio's own handler would print the task with the repr of its error."""
    loop = asyncio.get_running_loop()

    async def fail() -> None:
        raise ValueError(SECRET)

    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    logs.stray_error(
        loop,
        {"message": "Task exception was never retrieved", "exception": task.exception(), "task": task},
    )
    logs.stray_error(loop, {"message": "Something else"})

    lines = written()
    assert [line["event"] for line in lines] == ["task.failed", "task.failed"]
    assert lines[0]["error"][0] == "builtins.ValueError"
    assert SECRET not in str(lines)


async def test_everyday_lines_wait_for_each_other_and_for_nothing_urgent(written: Lines) -> None:
    log = structlog.get_logger()
    log.info("one")
    log.info("two")
    assert written() == []

    log.warning("three")
    assert [line["event"] for line in written()] == ["one", "two", "three"]

    log.info("four")

    async def four_lines() -> bool:
        return len(written()) == 4

    await eventually(four_lines)


ENDS = """
import asyncio
import structlog
from services.runtime import log

async def say(word):
    structlog.get_logger().info(word)

log.configure("booking")
asyncio.run(say("one"))
asyncio.run(say("two"))
"""


def test_a_process_that_ends_has_said_all_of_it() -> None:
    said = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, check=True).stdout

    assert [msgspec.json.decode(line)["event"] for line in said.splitlines()] == ["one", "two"]


def test_a_stranger_who_sends_what_is_no_http_is_no_error_of_ours(written: Lines) -> None:
    try:
        raise BadHttpMessage(f"Invalid header {SECRET}")
    except BadHttpMessage:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "192.0.2.1")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request")

    unreadable, bug = written()
    assert (unreadable["event"], unreadable["level"]) == ("http.unreadable", "info")
    assert bug["level"] == "error"
    assert SECRET not in str((unreadable, bug))
