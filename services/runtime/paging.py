"""Lists in pages: the cursor is the last row's sort key, opaque to whoever carries it."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from services.contracts.refusals import Code, Refusal

T = TypeVar("T")

LARGEST = 100


def check_limit(limit: int) -> int:
    if not 1 <= limit <= LARGEST:
        raise Refusal(Code.PAGE_INVALID, f"A page has 1 to {LARGEST} items.")
    return limit


def read_cursor(cursor: str | None, *types: Any) -> tuple[Any, ...]:
    """The sort key that a cursor carries; all None for the first page."""
    if cursor is None:
        return (None,) * len(types)
    try:
        data = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = msgspec.json.decode(data, type=list[Any])
        if len(values) != len(types):
            raise ValueError
        return tuple(msgspec.convert(value, kind) for value, kind in zip(values, types, strict=True))
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise Refusal(Code.PAGE_INVALID, "This page cannot be found. Start from the first one.") from error


def page_of(
    rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]
) -> tuple[Sequence[T], str | None]:
    """Cut `limit` + 1 fetched rows into a page and the cursor of the next one, if there is one."""
    if len(rows) <= limit:
        return rows, None
    last = msgspec.json.encode(list(key(rows[limit - 1])))
    return rows[:limit], base64.urlsafe_b64encode(last).rstrip(b"=").decode("ascii")
