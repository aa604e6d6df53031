"""When the gate is closed to those who come."""

import asyncio
import socket
import sys
from collections.abc import Iterable
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.gateway.entrance import ROUTES
from services.gateway.gate import (
    CALM,
    CROWD_SECONDS,
    CROWDED,
    SHORT,
    UNEASY,
    UNEASY_SECONDS,
    Crowd,
    Gate,
    waited,
)
from services.gateway.limits import IN_FLIGHT, STREAMS, Limits
from services.gateway.places import LONGEST

MANY, FEW = CALM.in_a_row, CROWDED.in_a_row
LATE = 2 * CALM.late
NOW = 1000.0
PEOPLE = 600


def come(
    crowd: Crowd, count: int, *, waited: float = LATE, at: float = NOW, every: float = 0.001
) -> list[bool]:
    """Who of so many is turned away."""
    return [crowd.is_too_late(waited, at + number * every) for number in range(count)]


def stand(crowd: Crowd, lengths: Iterable[int], *, at: float = NOW) -> list[bool]:
    """Who is turned away of those who found lines of these lengths."""
    return [crowd.is_too_long(length, at) for length in lengths]


def test_when_many_in_a_row_were_late_nobody_late_is_let_in() -> None:
    assert come(Crowd(), MANY + 2) == [False] * MANY + [True, True]


def test_a_whole_room_may_come_after_a_pause() -> None:
    """Late, or to stand in line, as they find the places."""
    assert IN_FLIGHT <= PEOPLE <= min(MANY, LONGEST)
    assert not any(come(Crowd(), PEOPLE))
    assert not any(stand(Crowd(), range(PEOPLE)))


def test_who_is_in_time_comes_in_whatever_others_had_to_wait() -> None:
    crowd = Crowd()
    come(crowd, MANY + 1)
    assert not any(come(crowd, 3, waited=0.0, at=NOW + 0.1))


def test_a_crowd_that_goes_on_is_not_let_in_anew() -> None:
    """Each few that are late in a row make it last."""
    crowd = Crowd()
    come(crowd, MANY + 1)
    soon, later = NOW + 0.9 * CROWD_SECONDS, NOW + 1.5 * CROWD_SECONDS
    assert all(come(crowd, FEW + 1, at=soon))
    assert all(come(crowd, 1, at=later))


def test_in_a_crowd_less_is_late() -> None:
    """They are told so while it is soon, and what others have to wait does not grow."""
    waited = (CROWDED.late + CALM.late) / 2
    crowd = Crowd()
    assert not any(come(crowd, 2 * MANY, waited=waited))
    come(crowd, MANY + 1)
    assert all(come(crowd, 2 * FEW, waited=waited, at=NOW + 1))


@pytest.mark.parametrize("every", [2 * CROWDED.apart, 1.0])
def test_it_is_over_when_those_who_come_late_are_as_many_as_usual(every: float) -> None:
    """On a machine so busy that everybody is."""
    crowd = Crowd()
    come(crowd, MANY + 1, every=0)
    come(crowd, int(CROWD_SECONDS / every) + 1, at=NOW, every=every)
    assert not any(come(crowd, FEW + 1, at=NOW + 1.1 * CROWD_SECONDS, every=every))


def test_it_is_over_when_only_one_now_and_then_is_late() -> None:
    crowd = Crowd()
    come(crowd, MANY + 1, every=0)
    for number in range(FEW + 1):
        come(crowd, 1, at=NOW + 0.1 * number)
        come(crowd, 1, waited=0.0, at=NOW + 0.1 * number)
    assert not any(come(crowd, UNEASY.in_a_row, at=NOW + 1.5 * CROWD_SECONDS))


def test_soon_after_a_crowd_fewer_make_the_next() -> None:
    fewer, soon = UNEASY.in_a_row, NOW + 1.5 * CROWD_SECONDS
    for in_sockets in (True, False):
        crowd = Crowd()
        come(crowd, MANY + 1, every=0)
        turned_away = (
            come(crowd, fewer + 1, at=soon) if in_sockets else stand(crowd, [SHORT] * (fewer + 1), at=soon)
        )
        assert turned_away == [False] * fewer + [True]


def test_a_whole_room_may_come_when_a_crowd_is_long_over() -> None:
    crowd = Crowd()
    come(crowd, MANY + 1, every=0)
    later = NOW + CROWD_SECONDS + UNEASY_SECONDS
    assert not any(come(crowd, PEOPLE, at=later))
    assert not any(stand(crowd, range(PEOPLE), at=later))


def test_few_who_come_to_a_slow_machine_are_no_crowd() -> None:
    assert not any(come(Crowd(), 3 * MANY, every=1.0))


def test_when_many_have_stood_in_one_line_only_a_short_one_is_let_stand() -> None:
    """The line goes on: it is never empty, whatever its length."""
    crowd = Crowd()
    assert not any(stand(crowd, [SHORT] * MANY))
    assert stand(crowd, [SHORT, SHORT - 1, SHORT]) == [True, False, True]


def test_a_line_that_was_empty_meanwhile_is_another_one() -> None:
    crowd = Crowd()
    for _ in range(3):
        assert not any(stand(crowd, [0, *[SHORT] * MANY]))


def test_a_crowd_in_line_is_one_until_nobody_has_been_turned_away_for_a_while() -> None:
    crowd = Crowd()
    stand(crowd, [SHORT] * (MANY + 1))
    soon, later = NOW + 0.9 * CROWD_SECONDS, NOW + 1.5 * CROWD_SECONDS
    assert stand(crowd, [0, SHORT], at=soon) == [False, True]
    assert stand(crowd, [0, SHORT], at=later) == [False, True]
    assert stand(crowd, [0, SHORT], at=later + 1.1 * CROWD_SECONDS) == [False, False]


def test_who_is_late_and_who_stands_in_line_are_one_crowd() -> None:
    crowd = Crowd()
    stand(crowd, [SHORT] * (MANY + 1))
    assert come(crowd, 1) == [True]


STREAM = "/events"


def asking(path: str) -> Any:
    app = web.Application()
    routes: dict[Any, Any] = {}
    app[ROUTES] = routes
    found = make_mocked_request("GET", path, app=app, transport=Mock(get_extra_info=lambda *_: None))
    routes[found.match_info.handler] = Mock(stream=path == STREAM)
    return found


async def test_in_a_crowd_only_machines_that_look_after_us_and_streams_pass_a_line() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    gate = Gate(limits)
    limits.places.in_line = SHORT
    assert not any(gate.is_closed_to(asking("/times")) for _ in range(MANY))

    assert gate.is_closed_to(asking("/times"))
    assert not gate.is_closed_to(asking("/health/ready"))
    assert not gate.is_closed_to(asking(STREAM))


async def test_there_are_so_many_streams_and_no_line_for_them() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    gate = Gate(limits)
    assert not gate.is_closed_to(asking(STREAM))

    for _ in range(STREAMS):
        await limits.place(stream=True).__aenter__()

    assert gate.is_closed_to(asking(STREAM))
    assert not gate.is_closed_to(asking("/times"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say")
async def test_the_system_tells_for_how_long_a_request_has_waited() -> None:
    """A client that sent at once, and a server that came to it late."""
    came: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: came.set_result(writer), "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()) as client:
        transport = (await came).transport

        def is_new() -> bool:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            return waited(transport) < CALM.late

        assert any(is_new() for _ in range(100))
        async with asyncio.timeout(10):
            while waited(transport) < CALM.late:
                await asyncio.sleep(0)
        assert any(is_new() for _ in range(100))
        (await came).close()
    server.close()
