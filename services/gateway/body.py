"""Reading JSON from strangers: every way in which it can be wrong has a code, and none is a crash."""

import json
import math
import re
from typing import Any, NoReturn

from aiohttp import web

from services.contracts.refusals import Code, Refusal

DEEPEST = 16
LONGEST_NUMBER = 20

# One that nobody closed goes on to the end: were it no string, each quote in it would be tried anew.
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


async def read_object(request: web.Request, *, empty_is_fine: bool) -> dict[str, Any]:
    """The JSON object in a request's body, or a refusal that says what is wrong with it."""
    data = await _read(request)
    if not data:
        if empty_is_fine:
            return {}
        raise Refusal(Code.BODY_MISSING, "Send a JSON object.")
    _check_type(request)
    parsed = parse(data)
    if not isinstance(parsed, dict):
        raise Refusal(Code.JSON_TYPE, "The body must be a JSON object.")
    return parsed


def parse(data: bytes) -> Any:
    """The value that these bytes say, strictly: UTF-8, no name twice, no number that is none."""
    text = _text(data)
    _check_depth(text)
    try:
        parsed = json.loads(
            text,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise Refusal(Code.JSON_INVALID, "The body is not JSON.") from error
    check_text(parsed)
    return parsed


def check_text(value: Any) -> None:
    """Refuse text that no page could show and no database would take."""
    match value:
        case str():
            if _UNUSABLE.search(value):
                raise Refusal(Code.TEXT_INVALID, "A text holds characters that cannot be used.")
        case dict():
            for name, inner in value.items():
                check_text(name)
                check_text(inner)
        case list():
            for inner in value:
                check_text(inner)


async def _read(request: web.Request) -> bytes:
    """It has arrived already, and is no larger than the application lets it be."""
    try:
        return await request.read()
    except (web.RequestPayloadError, ValueError) as error:
        raise Refusal(Code.JSON_INVALID, "The body could not be read.") from error


def _check_type(request: web.Request) -> None:
    if request.content_type != "application/json":
        raise Refusal(Code.CONTENT_TYPE, "Send the body as application/json.")
    charset = request.charset
    if charset is not None and charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise Refusal(Code.CHARSET_UNSUPPORTED, "Send the body in UTF-8.")


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(Code.JSON_NOT_UTF8, "Send the body in UTF-8.") from error
    # A byte order mark, or the zero bytes of another encoding: both are UTF-8 and neither is JSON.
    if text.startswith("\ufeff") or "\0" in text:
        raise Refusal(Code.JSON_NOT_UTF8, "Send the body in UTF-8, without a byte order mark.")
    return text


def _check_depth(text: str) -> None:
    """Counted before parsing: the parser would run out of stack, not out of patience."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            raise Refusal(Code.JSON_TOO_DEEP, "The body is nested too deeply.")


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        _no_number(text)
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_number(text)
    return number


def _no_number(_: str) -> NoReturn:
    raise Refusal(Code.JSON_NUMBER, "A number in the body cannot be used.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal(Code.JSON_DUPLICATE_KEY, "A name stands twice in one object.")
    return found
