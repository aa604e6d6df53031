"""Jitsi's news, with parts missing or odd."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rooms.webhooks import Unreadable, Webhook, read

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
WHO = UUID(int=3)


def told(**content: Any) -> Webhook:
    return read(json.dumps(content).encode(), NOW)


def seconds(before: timedelta) -> int:
    return int((NOW - before).timestamp())


def test_a_whole_message_is_read_as_it_is() -> None:
    came = told(
        room_name="room",
        occupant={"id": str(WHO), "occupant_jid": "a@b/c", "joined_at": seconds(timedelta(minutes=2))},
    ).joined

    assert came is not None
    assert (came.participant_id, came.left_at) == (WHO, None)
    assert came.joined_at == NOW - timedelta(minutes=2)


def test_what_is_left_out_happened_now() -> None:
    came, left = told(occupant={"id": str(WHO)}).joined, told(occupant={"id": str(WHO)}).left

    assert came is not None
    assert left is not None
    assert (came.joined_at, came.left_at) == (NOW, None)
    assert (left.joined_at, left.left_at) == (None, NOW)


@pytest.mark.parametrize("moment", [None, "soon", True, 1e300, -1e300, [], {}])
def test_an_odd_moment_is_now(moment: Any) -> None:
    came = told(occupant={"id": str(WHO), "joined_at": moment}).joined

    assert came is not None
    assert came.joined_at == NOW


def test_nothing_happens_in_the_future() -> None:
    came = told(occupant={"id": str(WHO), "joined_at": seconds(-timedelta(days=1))}).joined

    assert came is not None
    assert came.joined_at == NOW


@pytest.mark.parametrize("occupant", [None, "x", 7, [], {}, {"id": 7}, {"id": "x"}, {"id": None}])
def test_an_occupant_without_a_token_of_ours_is_nobody(occupant: Any) -> None:
    hook = told(occupant=occupant)

    assert hook.joined is None
    assert hook.left is None


@pytest.mark.parametrize("listed", [{}, [], None, "x", [None, {}, 7]])
def test_nobody_may_be_told_in_several_ways(listed: Any) -> None:
    assert told(all_occupants=listed).everybody == []


def test_whoever_was_there_at_the_end_left_then() -> None:
    end = timedelta(minutes=1)
    [one] = told(destroyed_at=seconds(end), all_occupants=[{"id": str(WHO)}]).everybody

    assert one.left_at == NOW - end


def test_connections_are_told_apart_without_keeping_their_address() -> None:
    first = told(occupant={"id": str(WHO), "occupant_jid": "a@b/c"}).joined
    second = told(occupant={"id": str(WHO), "occupant_jid": "a@b/d"}).joined

    assert first is not None
    assert second is not None
    assert first.connection != second.connection
    assert b"a@b" not in first.connection


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"NaN", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, NOW)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "room_name": JSON,
            "is_breakout": JSON,
            "destroyed_at": JSON,
            "occupant": JSON,
            "all_occupants": JSON,
        },
    )
)
def test_any_object_can_be_read(content: dict[str, Any]) -> None:
    hook = told(**content)

    assert hook.room is None or hook.room == content["room_name"]
    assert hook.destroyed_at <= NOW
    assert (hook.joined is None) == (hook.left is None)
    assert isinstance(hook.everybody, list)
