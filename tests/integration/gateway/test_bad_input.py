"""Hostile and broken requests: each has its status and code, none is a crash, and nothing changes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.contracts import links
from services.contracts.links import Link, Purpose
from services.gateway import entrance
from services.gateway.limits import IN_FLIGHT
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.eventually import eventually
from tests.support.system import LINK_KEYS
from tests.support.visitor import Reply, Visitor

JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODY = b'{"slot_id": "x"}'


@dataclass(frozen=True)
class Case:
    """`{slot}` and `{token}` in the path stand for those of a living booking."""

    status: int
    code: str
    path: str = "/bookings"
    method: str = "POST"
    data: bytes | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    key: str | None = "a-key"


def said(status: int, code: str, data: bytes, **differs: Any) -> Case:
    return Case(status=status, code=code, data=data, **differs)


ANY_ENDPOINT = {
    "1 half an object": said(400, "json_invalid", b"{"),
    "2 no body": said(400, "body_missing", b""),
    "3 a byte that is no UTF-8": said(400, "json_not_utf8", b'{"a": "\xff"}'),
    "4 an unknown charset": said(
        415, "charset_unsupported", BODY, headers={"Content-Type": "application/json; charset=foo"}
    ),
    "4 another charset": said(
        415, "charset_unsupported", BODY, headers={"Content-Type": "application/json; charset=latin-1"}
    ),
    "5 a tower": said(400, "json_too_deep", b"[" * 60_000),
    "6 a number of 5,000 digits": said(400, "json_number", b'{"a": ' + b"9" * 5000 + b"}"),
    "7 NaN": said(400, "json_number", b'{"a": NaN}'),
    "8 half a letter": said(400, "text_invalid", rb'{"display_name": "\ud800"}'),
    "9 a name twice": said(400, "json_duplicate_key", b'{"a": 1, "a": 2}'),
    "10 a byte order mark": said(400, "json_not_utf8", b"\xef\xbb\xbf{}"),
    "10 UTF-16": said(400, "json_not_utf8", "{}".encode("utf-16")),
    "11 plain text": said(415, "content_type", BODY, headers={"Content-Type": "text/plain"}),
    "11 a form": said(415, "content_type", b"a=b", headers=FORM),
    "11 bytes of no kind": said(415, "content_type", BODY, headers=BYTES),
    "12 too large": said(413, "body_too_large", b'{"a": "' + b"x" * 70_000 + b'"}'),
    "14 a list": said(400, "json_type", b"[]"),
    "14 a text": said(400, "json_type", b'"hello"'),
    "14 null": said(400, "json_type", b"null"),
    "15 a field too many": Case(400, "field_unknown", body={"role": "admin"}),
    "16 a zero character": said(400, "text_invalid", rb'{"display_name": "a\u0000b"}'),
    "18 a zero byte in the path": Case(404, "not_found", "/slots/%00", "GET"),
    "18 a line break in the path": Case(404, "not_found", "/t/%0d%0aSet-Cookie:a=b", "GET"),
    "18 a step upwards": Case(404, "not_found", "/t/..%2f..%2fetc%2fpasswd", "GET"),
    "20 a method not in use": Case(405, "method_not_allowed", "/bookings", "PATCH"),
    "20 TRACE": Case(405, "method_not_allowed", "/bookings", "TRACE"),
    "20 the wrong method": Case(405, "method_not_allowed", "/themes", "DELETE"),
    "22 a parameter twice": Case(400, "parameter_repeated", "/slots?limit=1&limit=2", "GET"),
    "67 too many at once": Case(400, "page_invalid", "/slots?limit=1000000", "GET"),
    "67 fewer than none": Case(400, "page_invalid", "/slots?limit=-1", "GET"),
    "67 a forged cursor": Case(400, "page_invalid", "/slots?cursor=AAAA", "GET"),
    "67 a cursor of another list": Case(400, "page_invalid", "/slots?cursor=WyJ4Il0", "GET"),
    "a filter nobody knows": Case(400, "field_unknown", "/slots?sort=up", "GET"),
    "36 a time without an offset": Case(400, "time_invalid", "/slots?from=2027-01-01T10:00:00", "GET"),
    "36 the year 9999": Case(400, "time_invalid", "/slots?to=9999-01-01T10:00:00Z", "GET"),
    "36 an offset of 25 hours": Case(400, "time_invalid", "/slots?to=2027-01-01T10:00:00%2B25:00", "GET"),
    "no such address": Case(404, "not_found", "/nothing", "GET"),
    "46 another host": Case(400, "host_invalid", "/themes", "GET", headers={"Host": "evil.fi"}),
    "42 a cross-site write": Case(403, "csrf", "/links", body={}, headers={"Origin": "https://evil.fi"}),
    "42 a browser says cross-site": Case(
        403, "csrf", "/links", body={}, headers={"Sec-Fetch-Site": "cross-site"}
    ),
}  # fmt: skip


def booked(code: str, status: int = 400, **differs: Any) -> Case:
    return Case(status, code, body=a_booking("{slot}", **differs))


BOOKING_FORM = {
    "23 a header in the address": booked("email_invalid", email="a@b.fi\r\nBcc: x@y.fi"),
    "24 two addresses": booked("email_invalid", email="a@b.fi, c@d.fi"),
    "24 an address in brackets": booked("email_invalid", email="<a@b.fi>,"),
    "26 text turned round": booked("name_invalid", display_name="a\u202eb"),
    "26 hidden letters": booked("name_invalid", display_name="a\u200bb"),
    "26 a pile of marks": booked("name_invalid", display_name="a" + "\u0301" * 10_000),
    "26 a very long name": booked("name_invalid", display_name="x" * 81),
    "29 half a number": booked("phone_invalid", phone="+358 40 123"),
    "29 an emergency number": booked("phone_invalid", phone="112"),
    "29 a paid number": booked("phone_not_allowed", phone="0700 12345"),
    "29 a foreign number": booked("phone_not_allowed", phone="+46 70 123 45 67"),
    "30 letters not every server carries": booked("email_not_supported", email="åsa@posti.fi"),
    "no way to reach them": booked("contact_required", email=None),
    "no consent": booked("consent_required", consent=False),
    "a language we do not write": booked("field_invalid", language="xx"),
    "17 a text for a truth": booked("field_invalid", consent="yes"),
    "no such time": Case(404, "not_found", body=a_booking("00000000-0000-4000-8000-000000000000")),
    "no id at all": Case(400, "field_invalid", body=a_booking("7")),
    "37 no key": Case(400, "key_missing", body=a_booking("{slot}"), key=None),
    "37 a key of 300 letters": Case(400, "key_invalid", body=a_booking("{slot}"), key="k" * 300),
    "37 a key of odd letters": Case(400, "key_invalid", body=a_booking("{slot}"), key="a key"),
}

BEHIND_THE_LINK = {
    "39 unknown": Case(404, "not_found", "/t/" + "A" * 56, "GET"),
    "39 cut short": Case(404, "not_found", "/t/{token:-1}", "GET"),
    "39 altered": Case(404, "not_found", "/t/{token:altered}", "GET"),
    "39 in capitals": Case(404, "not_found", "/t/{token:upper}", "GET"),
    "39 too long": Case(404, "not_found", "/t/" + "A" * 5000, "GET"),
    "40 replaced": Case(410, "link_expired", "/t/{token:old}", "GET"),
    "40 replaced, and pressed": Case(410, "link_expired", "/t/{token:old}/cancel"),
    "44 a calendar's link used to join": Case(403, "wrong_purpose", "/t/{token:calendar}/join"),
    "44 another booking in the body": Case(
        400, "field_unknown", "/t/{token}/cancel", body={"booking_id": str(uuid4())}
    ),
    "17 a rating of 2^31": Case(400, "number_invalid", "/t/{token}/feedback", body={"useful": 2**31}),
    "17 a rating in quotes": Case(400, "number_invalid", "/t/{token}/feedback", body={"useful": "5"}),
    "17 a rating of 4.5": Case(400, "number_invalid", "/t/{token}/feedback", body={"useful": 4.5}),
    "a statement nobody asks": Case(
        400, "field_invalid", "/t/{token}/feedback", body={"inclusion": {"11": 3}}
    ),
    "54 long before the door opens": Case(403, "room_not_open", "/t/{token}/join"),
    "58 an address for a nickname": Case(
        400, "nickname_invalid", "/t/{token}/join", body={"display_name": "a@b.fi"}
    ),
    "58 the host's own name": Case(
        400, "nickname_invalid", "/t/{token}/join", body={"display_name": " NEUVOJA  1"}
    ),
    "58 an empty nickname": Case(400, "nickname_invalid", "/t/{token}/join", body={"display_name": ""}),
    "a move to nowhere": Case(404, "not_found", "/t/{token}/move", body={"slot_id": str(uuid4())}),
}  # fmt: skip


HELD = """
    SELECT 'bookings', count(*) FROM booking.booking
    UNION ALL SELECT 'changes', count(*) FROM booking.booking_change
    UNION ALL SELECT 'news of booking', count(*) FROM booking.outbox
    UNION ALL SELECT 'news of rooms', count(*) FROM rooms.outbox
    UNION ALL SELECT 'sign-ins', count(*) FROM gateway.sign_in
    UNION ALL SELECT 'sessions', count(*) FROM gateway.session
"""


@pytest.fixture(scope="module")
async def scene(shared: Doorstep) -> "Scene":
    return await Scene.set(shared)


class Scene:
    """A free time, a booking with its link, and what the database holds of it all."""

    def __init__(self, doorstep: Doorstep, visitor: Visitor, slot_id: str, tokens: dict[str, str]) -> None:
        self.doorstep = doorstep
        self.visitor = visitor
        self._slot_id = slot_id
        self._tokens = tokens

    @classmethod
    async def set(cls, doorstep: Doorstep) -> "Scene":
        host = await doorstep.house.expert()
        at = doorstep.system.clock.now() + timedelta(hours=30)
        slot, free = (
            await doorstep.house.slot(host, at),
            await doorstep.house.slot(host, at + timedelta(days=1)),
        )
        visitor = await doorstep.visitor()
        made = await visitor.post("/bookings", a_booking(slot.id))
        old = made.json["manage_url"].rpartition("/")[2]
        assert (await visitor.post(f"/t/{old}/renew")).status == 200
        keys = links.parse_keys(LINK_KEYS)
        link = links.read(keys, old)
        assert link is not None
        token = links.make(keys, Link(Purpose.BOOKING, link.subject_id, link.version + 1))
        await eventually(lambda: _reads(visitor, token))
        middle = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
        tokens = {
            "": token,
            ":-1": token[:-1],
            ":altered": middle,
            ":upper": token.upper(),
            ":old": old,
            ":calendar": links.make(keys, Link(Purpose.CALENDAR, link.subject_id, link.version + 1)),
        }
        return cls(doorstep, visitor, str(free.id), tokens)

    async def send(self, case: Case) -> Reply:
        path = case.path
        for name, token in self._tokens.items():
            path = path.replace(f"{{token{name}}}", token)
        body = case.body
        if isinstance(body, dict) and body.get("slot_id") == "{slot}":
            body = body | {"slot_id": self._slot_id}
        headers = {
            k: v for k, v in case.headers.items() if case.data is not None or case.headers is not JSON
        }
        return await self.visitor.ask(
            case.method, path, body, data=case.data, headers=headers, key=case.key
        )

    async def held(self) -> list[Any]:
        """How much there is of everything that a request could make or change."""
        rows = await self.doorstep.system.sql(HELD)
        rows += await self.doorstep.system.sql(
            "SELECT id, status, slot_id FROM booking.booking ORDER BY id"
        )
        return [tuple(row) for row in rows]


async def _reads(visitor: Visitor, token: str) -> bool:
    return (await visitor.get(f"/t/{token}")).json.get("opens_at") is not None


@pytest.mark.parametrize(
    "cases", [ANY_ENDPOINT, BOOKING_FORM, BEHIND_THE_LINK], ids=["any", "form", "link"]
)
async def test_every_bad_request_has_its_answer_and_changes_nothing(
    scene: Scene, cases: dict[str, Case]
) -> None:
    before = await scene.held()

    wrong = []
    for name, case in cases.items():
        reply = await scene.send(case)
        if (reply.status, reply.code) != (case.status, case.code):
            wrong.append(f"{name}: {reply.status} {reply.body[:200]!r}, not {case.status} {case.code}")

    assert not wrong, "\n".join(wrong)
    assert await scene.held() == before


async def test_a_sound_request_like_the_bad_ones_is_let_through(scene: Scene) -> None:
    """The control: were everything refused, the table above would say nothing."""
    for differs in (
        {"display_name": "<img src=x onerror=alert(1)>"},
        {"display_name": "Åsa Öhman-D'Arc"},
        {"display_name": '=HYPERLINK("http://evil")'},
    ):
        group = await scene.doorstep.house.group(
            await scene.doorstep.house.expert(), scene.doorstep.system.clock.now() + timedelta(days=3), 5
        )
        made = await scene.visitor.post("/bookings", a_booking(group.id, **differs))
        assert made.status == 201, made.body
        link = "/t/" + made.json["manage_url"].rpartition("/")[2]
        assert (await scene.visitor.get(link)).json["booking"]["display_name"] == differs["display_name"]


async def test_every_field_at_fault_is_named_at_once(scene: Scene) -> None:
    reply = await scene.visitor.post("/bookings", {"slot_id": 7, "display_name": "", "email": "a", "x": 1})
    assert reply.wrong == {
        "slot_id": "field_invalid",
        "display_name": "name_invalid",
        "email": "email_invalid",
        "x": "field_unknown",
    }


async def test_a_wrong_method_is_told_the_right_ones(scene: Scene) -> None:
    reply = await scene.visitor.delete("/organisations")
    assert reply.headers["Allow"] == "GET, HEAD, POST"


async def test_a_body_that_never_ends_is_given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds in earnest; less here, so that nobody waits."""
    monkeypatch.setattr(entrance, "BODY_SECONDS", 0.2)

    async def half() -> Any:
        yield b'{"email":'
        await asyncio.sleep(30)

    reply = await scene.visitor.ask("POST", "/sign-in", data=half(), headers=JSON)

    assert (reply.status, reply.code) == (408, "body_too_slow")


async def test_bodies_that_arrive_slowly_keep_nobody_from_being_served(scene: Scene) -> None:
    """As many as there are places, of forms and of JSON, each with its end still to come."""
    host, port = scene.visitor.address.removeprefix("http://").split(":")
    head = b"POST %b HTTP/1.1\r\nHost: %b:%b\r\nContent-Length: 1000\r\nContent-Type: %b\r\n\r\n{"
    writers = []
    for number in range(IN_FLIGHT):
        path, media = ((b"/sign-in", FORM), (b"/api/v1/sign-in", JSON))[number % 2]
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head % (path, host.encode(), port.encode(), media["Content-Type"].encode()))
        await writer.drain()
        writers.append(writer)

    answers = [(await scene.visitor.get("/themes")).status for _ in range(20)]

    for writer in writers:
        writer.close()
    assert answers == [200] * 20


RAW = {
    "sound, as a control": (b"GET /api/v1/themes HTTP/1.1\r\nHost: {host}\r\n\r\n", b"200"),
    "19 two lengths": (
        b"POST /api/v1/links HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
    "19 no host": (b"GET /api/v1/themes HTTP/1.1\r\n\r\n", b"400"),
    "19 two hosts": (
        b"GET /api/v1/themes HTTP/1.1\r\nHost: {host}\r\nHost: evil.fi\r\n\r\n",
        b"400",
    ),
    "19 300 headers": (
        b"GET /api/v1/themes HTTP/1.1\r\nHost: {host}\r\n"
        + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 100) for number in range(300))
        + b"\r\n",
        b"400",
    ),
    "20 a method nobody knows": (b"FOO /api/v1/themes HTTP/1.1\r\nHost: {host}\r\n\r\n", b"400"),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
}


async def test_what_is_hardly_http_is_refused(scene: Scene) -> None:
    address = scene.visitor.address.removeprefix("http://")
    statuses = {name: await _status(address, data) for name, (data, _) in RAW.items()}
    assert statuses == {name: status for name, (_, status) in RAW.items()}


async def _status(address: str, data: bytes) -> bytes:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data.replace(b"{host}", address.encode()))
    try:
        return (await asyncio.wait_for(reader.readline(), 30)).split()[1]
    finally:
        writer.close()
