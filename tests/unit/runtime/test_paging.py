"""Lists in pages: a cursor leads on, a forged one nowhere."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.contracts.refusals import Code, Refusal
from services.runtime.paging import check_limit, page_of, read_cursor


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


@given(some.lists(some.integers(min_value=0, max_value=2**31), unique=True), some.integers(1, 10))
def test_pages_together_are_the_whole_list_in_order(numbers: list[int], limit: int) -> None:
    rows, seen, cursor = sorted(numbers), list[int](), None

    while True:
        (after,) = read_cursor(cursor, int)
        fetched = [row for row in rows if after is None or row > after][: limit + 1]
        page, cursor = page_of(fetched, limit, lambda row: (row,))
        seen += page
        assert len(page) <= limit
        if cursor is None:
            break

    assert seen == rows


def test_a_cursor_carries_moments_and_ids_as_they_were() -> None:
    key = (datetime(2027, 3, 28, 0, 30, 0, 123456, tzinfo=UTC), uuid4())

    _, cursor = page_of([key, key], 1, lambda row: row)

    assert cursor is not None
    assert read_cursor(cursor, datetime, UUID) == key


def test_the_first_page_needs_no_cursor() -> None:
    assert read_cursor(None, datetime, UUID) == (None, None)


@pytest.mark.parametrize("limit", [-1, 0, 101, 1_000_000])
def test_a_page_is_neither_empty_nor_endless(limit: int) -> None:
    with pytest.raises(Refusal) as refused:
        check_limit(limit)

    assert refused.value.code is Code.PAGE_INVALID


@pytest.mark.parametrize("limit", [1, 100])
def test_a_page_may_be_as_small_and_as_large_as_promised(limit: int) -> None:
    assert check_limit(limit) == limit


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "%%%", "AAAA", "=" * 5, "A" * 10_000]
    + [
        forged(value)
        for value in ([], [1], ["2027-01-01T00:00:00Z"], {"a": 1}, None, ["x", "y"], [1, 2, 3])
    ]
    + [forged(["2027-01-01T00:00:00Z", str(UUID(int=1)), 3]), forged(["2027-01-01T00:00:00Z", None])],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor(cursor, datetime, UUID)

    assert refused.value.code is Code.PAGE_INVALID


@given(some.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(Refusal):
        read_cursor(text, datetime, UUID)
