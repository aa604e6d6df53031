"""Which requests are plain enough to be refused on the doorstep."""

import pytest

from services.gateway.doorstep import plain

BODY = b'{"display_name": "Kielo"}'
SOUND = b"POST /api/v1/bookings HTTP/1.1\r\nHost: a\r\nContent-Length: 25\r\n\r\n" + BODY


def test_a_whole_request_of_a_program_is_plain() -> None:
    assert plain(SOUND) == "POST"
    assert plain(b"GET /api/v1/themes?locale=fi HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n") == "GET"
    assert plain(b"delete /api/v1/t/x HTTP/1.1\r\nhost: a\r\n\r\n") == "DELETE"


@pytest.mark.parametrize("end", range(0, len(SOUND), 7))
def test_what_has_come_in_part_is_not(end: int) -> None:
    assert plain(SOUND[:end]) is None


@pytest.mark.parametrize(
    "other",
    {
        "a page for people": SOUND.replace(b"/api/v1", b"/book"),
        "our health": b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n",
        "an answer without a body": SOUND.replace(b"POST", b"HEAD"),
        "live news": b"GET /api/v1/t/x/events HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n",
        "two at once": SOUND + SOUND,
        "a body in pieces": SOUND.replace(b"Content-Length: 25", b"Transfer-Encoding: chunked"),
        "an expectation": SOUND.replace(b"Host: a", b"Expect: 100-continue"),
        "another protocol afterwards": SOUND.replace(b"Host: a", b"Upgrade: websocket"),
        "an older form": SOUND.replace(b"HTTP/1.1", b"HTTP/1.0"),
        "no HTTP": b"\x16\x03\x01" + SOUND,
        "nothing": b"",
    }.items(),
    ids=lambda item: item[0],
)
def test_whatever_else_there_may_be_goes_the_usual_way(other: tuple[str, bytes]) -> None:
    assert plain(other[1]) is None
