"""What holds for every answer, and how the door stands against a crowd."""

import random
from datetime import timedelta
from typing import Any

import pytest

from services.contracts.booking.catalogue import ListThemes, Themes
from services.contracts.booking.people import Identify
from services.contracts.refusals import Code, Refusal
from services.gateway.routes import API
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.neighbours import Neighbours
from tests.support.system import System
from tests.support.visitor import Visitor

SECURE = {"PUBLIC_URL": "https://digiaula.example", "JITSI_DOMAIN": "meet.digiaula.example"}
AS_PUBLIC = {"Host": "digiaula.example"}


async def test_the_headers_of_a_public_service(system: System) -> None:
    await Neighbours.beside(system)
    await system.start("gateway", **SECURE)
    async with Visitor(system.http("gateway")) as visitor:
        for path in ("/themes", "/nothing", "//", "//t/none", "/me"):
            headers = (await visitor.get(path, headers=AS_PUBLIC)).headers
            assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "meet." not in headers["Content-Security-Policy"]
            assert "camera=()" in headers["Permissions-Policy"]
            assert headers["Cache-Control"] == "no-store"
        assert (await visitor.get("//t/none", headers=AS_PUBLIC)).headers["X-Robots-Tag"]


async def test_a_public_service_answers_at_its_own_name_alone(system: System) -> None:
    await Neighbours.beside(system)
    await system.start("gateway", **SECURE)
    async with Visitor(system.http("gateway")) as visitor:
        for host in (
            "evil.fi",
            "127.0.0.1",
            "localhost",
            "digiaula.example.evil.fi",
            "digiaula.example:8443",
        ):
            refused = await visitor.get("/themes", headers={"Host": host})
            assert (refused.status, refused.code) == (400, "host_invalid"), host
        async with visitor.session.get(visitor.address + "/health/ready") as machine:
            assert machine.status == 200


async def test_a_refusal_is_a_problem_with_everything_a_program_needs(shared: Doorstep) -> None:
    problem = await (await shared.visitor()).get("/t/none")
    assert set(problem.json) >= {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert problem.json["request_id"] == problem.headers["X-Request-ID"]
    assert problem.json["status"] == problem.status == 404


async def test_a_crowd_of_bookings_from_one_place_has_to_wait(doorstep: Doorstep) -> None:
    """Limits count what was asked, whatever came of it, and a forged header changes nothing."""
    await doorstep.system.stop("gateway")
    await doorstep.system.start("gateway", LIMITS="on")
    visitor = await doorstep.visitor()
    slot = await doorstep.house.group(
        await doorstep.house.expert(), doorstep.system.clock.now() + timedelta(days=2), 50
    )
    replies = [
        await visitor.post("/bookings", a_booking(slot.id), headers={"X-Forwarded-For": f"198.51.100.{n}"})
        for n in range(6)
    ]
    assert [reply.status for reply in replies] == [201] * 5 + [429]
    assert replies[-1].code == "too_many"
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 3600
    coordinator = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    for _ in range(6):
        assert (await coordinator.post("/bookings", a_booking(slot.id))).status == 201


async def test_a_refusal_that_only_the_real_owner_knows_is_passed_on_whole(system: System) -> None:
    neighbours = await Neighbours.beside(system)
    await system.start("gateway")
    neighbours.refuses(ListThemes, Refusal(Code.OVERLAP, "In the way.", conflicts=[1, 2]))
    async with Visitor(system.http("gateway")) as visitor:
        refused = await visitor.get("/themes")
        assert (refused.status, refused.json["conflicts"]) == (409, [1, 2])
        neighbours.answers(ListThemes, Themes(items=[]))
        assert (await visitor.get("/themes")).json == {"items": []}
        await neighbours.away("booking")
        assert (await visitor.get("/themes")).code == "unavailable"


async def test_no_name_address_or_token_reaches_the_log(
    doorstep: Doorstep, capfd: pytest.CaptureFixture[str]
) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=30))
    visitor = await doorstep.visitor()
    person = {"display_name": "Salanimi Sala", "email": "kanarialintu@posti.example"}
    made = await visitor.post("/bookings", a_booking(slot.id, **person, note="hyvin salainen asia"))
    token = made.json["manage_url"].rpartition("/")[2]
    expert = await doorstep.signed_in(host.person_id)
    for path in (f"/t/{token}", f"/t/{token}x", f"/bookings/{made.json['id']}/contact"):
        await expert.get(path)
    await visitor.post("/links", {"email": person["email"]})
    await visitor.post("/bookings", a_booking(slot.id, email="kanarialintu@posti.example, toinen@b.fi"))

    said = capfd.readouterr().out

    assert "http.answered" in said
    for secret in ("Salanimi", "kanarialintu", "salainen", token, token[:30], "digineuvonta"):
        assert secret not in said


async def test_no_request_however_odd_is_a_crash(shared: Doorstep) -> None:
    """Bodies and queries made of what the API knows, in wrong places and of wrong kinds."""
    chance = random.Random(random.randrange(2**32))
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    slot = await shared.house.slot(
        shared.house.coordinator, shared.system.clock.now() + timedelta(hours=30)
    )
    made = await coordinator.post("/bookings", a_booking(slot.id))
    token = made.json["manage_url"].rpartition("/")[2]
    ids = {"slot_id": slot.id, "booking_id": made.json["id"]}
    for route in API:
        if route.stream or route.path.endswith("/sign-out") or route.api is None:
            continue
        kind = route.api.body or route.api.query
        names = [] if kind is None else [*kind.__struct_fields__, "from", "to", "as"]
        for _ in range(12):
            path = route.path.removeprefix("/api/v1").replace("{token}", token)
            for name in ("slot_id", "booking_id", "reception_id", "person_id"):
                path = path.replace(f"{{{name}}}", str(ids.get(name, slot.id)))
            odd = {name: _odd(chance) for name in chance.sample(names, chance.randint(0, len(names)))}
            if route.method in ("GET", "DELETE"):
                most = 7000 // max(1, len(odd))  # a longer line is refused before it is a request
                params = {name: str(value)[:most] for name, value in odd.items()}
                reply = await coordinator.ask(route.method, path, params=params)
            else:
                reply = await coordinator.ask(route.method, path, odd, key=f"k{chance.random()}")
            assert reply.status < 500 or reply.code == "unavailable", (route.named, odd, reply.body)


def _odd(chance: Any) -> Any:
    return chance.choice(
        [
            *(
                "",
                "x",
                "fi",
                "13:00",
                "2027-02-02",
                "2027-02-02T10:00:00Z",
                "9999-12-31T23:59:59Z",
                "\U0001f600",
            ),
            *(0, 1, -1, 7, 2**31, 2**53, 1.5, True, False, None, [], {}, ["fi"], [1], [[]], {"a": 1}),
            *("a@b.fi", "0401234567", "appointment", "attended", "expert", "x" * 3000, "digineuvonta"),
            *("00000000-0000-4000-8000-000000000000", [{"on": "2027-02-02", "closed": True}], {"8": 3}),
        ]
    )


async def test_a_session_is_looked_up_with_its_owner_at_every_request(system: System) -> None:
    """Booking says who it is now; what holds while it does not answer is in test_known.py."""
    neighbours = await Neighbours.beside(system)
    await system.start("gateway")
    async with Visitor(system.http("gateway")) as visitor:
        assert (await visitor.get("/me")).code == "not_signed_in"
        assert neighbours.heard(Identify) == []
