"""Every way in which a body can be wrong has its code (the reading itself, without a server)."""

import json
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.refusals import Code, Refusal
from services.gateway.body import parse

BAD = {
    "half an object": (b"{", Code.JSON_INVALID),
    "two values": (b"{} {}", Code.JSON_INVALID),
    "a trailing comma": (b'{"a": 1,}', Code.JSON_INVALID),
    "an unfinished string": (b'{"a": "', Code.JSON_INVALID),
    "a byte that is no UTF-8": (b'{"a": "\xff"}', Code.JSON_NOT_UTF8),
    "a byte order mark": (b"\xef\xbb\xbf{}", Code.JSON_NOT_UTF8),
    "UTF-16": ('{"a": 1}'.encode("utf-16-le"), Code.JSON_NOT_UTF8),
    "UTF-16 with its mark": ('{"a": 1}'.encode("utf-16"), Code.JSON_NOT_UTF8),
    "a tower of lists": (b"[" * 60_000, Code.JSON_TOO_DEEP),
    "a tower of objects": (b'{"a":' * 10_000, Code.JSON_TOO_DEEP),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", Code.JSON_NUMBER),
    "NaN": (b'{"a": NaN}', Code.JSON_NUMBER),
    "minus infinity": (b'{"a": -Infinity}', Code.JSON_NUMBER),
    "a number beyond every double": (b'{"a": 1e999}', Code.JSON_NUMBER),
    "half a surrogate pair": (rb'{"a": "\ud800"}', Code.TEXT_INVALID),
    "a zero character": (rb'{"a": "\u0000"}', Code.TEXT_INVALID),
    "a zero character in a name": (rb'{"a\u0000": 1}', Code.TEXT_INVALID),
    "a zero character deep inside": (rb'{"a": [{"b": ["\u0000"]}]}', Code.TEXT_INVALID),
    "the same name twice": (b'{"a": 1, "a": 2}', Code.JSON_DUPLICATE_KEY),
    "the same name twice inside": (b'{"a": [{"b": 1, "b": 1}]}', Code.JSON_DUPLICATE_KEY),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_body_has_its_code(case: str) -> None:
    data, code = BAD[case]

    with pytest.raises(Refusal) as refused:
        parse(data)

    assert refused.value.code is code


def test_brackets_inside_a_text_are_not_counted() -> None:
    assert parse(json.dumps({"a": "[" * 1000 + '\\"' + "{" * 1000}).encode())


def test_a_text_that_nobody_closed_is_read_through_once() -> None:
    """Begun anew at each of its quotes, it would hold everybody up for a minute."""
    began = process_time()
    with pytest.raises(Refusal):
        parse(b"[" * 15 + b'{"a": [1], "b": "' + b'\\"' * 32_000)
    assert process_time() - began < 2


def test_brackets_after_a_text_that_nobody_closed_are_part_of_it() -> None:
    with pytest.raises(Refusal) as refused:
        parse(b'{"a": "' + b"[" * 1000)
    assert refused.value.code is Code.JSON_INVALID


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert parse(rb'{"a": "\ud83d\ude00"}') == {"a": "\N{GRINNING FACE}"}


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_crash_the_reading(data: bytes) -> None:
    with suppress(Refusal):
        parse(data)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(_VALUES)
@settings(max_examples=200, deadline=None)
def test_sound_json_is_read_as_it_was_written(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
