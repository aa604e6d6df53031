"""What is refused before any handler or middleware of ours is told so without a word of what was sent."""

import asyncio

import pytest

from tests.integration.gateway.conftest import Doorstep

SECRET = b"kielo%40posti.example"
SAID = {
    "a line that is none": b"GET /" + SECRET + b"\xc4 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a header that is none": b"GET / HTTP/1.1\r\nHost: {host}\r\n" + SECRET + b"\r\n\r\n",
    "a length that is none": b"POST /links HTTP/1.1\r\nHost: {host}\r\nContent-Length: "
    + SECRET
    + b"\r\n\r\n",
    "a body where a request should be": (
        b"POST /links HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: x\r\n\r\nemail=" + SECRET
    ),
    "an address that is too long": b"GET /" + SECRET + b"a" * 9000 + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
async def test_what_is_no_http_is_refused_without_a_word_of_it(shared: Doorstep, said: bytes) -> None:
    status, rest = await _answer(shared, said)

    assert status == 400
    assert SECRET not in rest
    assert b"400 Bad Request" in rest


@pytest.mark.parametrize("path", ["/api/v1/themes", "/about", "/nothing"])
@pytest.mark.parametrize("expected", [b"\xff", SECRET])
async def test_an_expectation_that_nobody_knows_is_passed_over(
    shared: Doorstep, path: str, expected: bytes
) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\nExpect: ".encode()

    status, rest = await _answer(shared, head + expected + b"\r\n\r\n")

    assert status == (404 if path == "/nothing" else 200)
    assert b"X-Request-ID" in rest
    assert SECRET not in rest


async def test_who_waits_to_be_told_to_go_on_is_told(shared: Doorstep) -> None:
    head = (
        b"POST /api/v1/links HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )

    status, _ = await _answer(shared, head)

    assert status == 100


async def _answer(doorstep: Doorstep, said: bytes) -> tuple[int, bytes]:
    """The status, and as much of the rest as comes at once."""
    at = doorstep.system.http("gateway").removeprefix("http://")
    host, port = at.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(said.replace(b"{host}", at.encode()))
    try:
        async with asyncio.timeout(30):
            first = await reader.readline()
            return int(first.split()[1]), await reader.read(1 << 20)
    finally:
        writer.close()
