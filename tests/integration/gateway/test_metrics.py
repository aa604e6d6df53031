"""What /metrics tells of a journey: much about the system, nothing about the people in it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.contracts.envelope import Role
from services.contracts.notify import MessageKind
from services.contracts.refusals import Code
from services.gateway.routes import ROUTES
from services.runtime.migrate import SERVICES
from tests.architecture.code import events, requests, service
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.integration.gateway.test_journey import link_of
from tests.integration.notify.mailroom import Mailroom
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.ports import free_port
from tests.support.system import System

CANARIES = ("canary", "Kanarialintu", "+358401234567", "401234567")
OURS = ("/health/live", "/health/ready", "/version", "/metrics", "unknown")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "other"}
ENDED = {"answered", "unavailable", "failed", "given_up", "internal", *Code}
TAKEN_IN = {"handled", "repeated", "refused", "ignored", "put_back", "failed", "buried"}
ATTEMPTED = {"sent", "retry", "failed", "skipped"}


@dataclass
class Told:
    """What each service told after the journey, and the secrets of those who made it."""

    figures: dict[str, str]
    secrets: list[str]
    gateway: str

    def samples(self, name: str) -> Iterator[tuple[str, dict[str, str], float]]:
        for family in text_string_to_metric_families(self.figures[name]):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value

    def sum(self, service: str, wanted: str, **labels: str) -> float:
        return sum(
            value
            for name, has, value in self.samples(service)
            if name == f"digiaula_{wanted}" and labels.items() <= has.items()
        )


@pytest.fixture
async def told(system: System) -> AsyncIterator[Told]:
    system.clock.set(A_TUESDAY)
    mailroom = Mailroom()
    await mailroom.open()
    port = free_port()
    await system.start("booking", "rooms")
    await system.start("notify", SMTP_URL=mailroom.url)
    await system.start("gateway", METRICS_PORT=str(port))
    async with AsyncExitStack() as stack:
        doorstep = Doorstep(system, await House.build(system), stack)
        secrets = await journey(doorstep, mailroom)
        addresses = {name: system.http(name) for name in SERVICES}
        addresses["gateway"] = f"http://127.0.0.1:{port}"
        figures = {name: (await fetch(f"{at}/metrics"))[1] for name, at in addresses.items()}
        yield Told(figures, secrets, system.http("gateway"))
    await mailroom.close()


async def journey(doorstep: Doorstep, mailroom: Mailroom) -> list[str]:
    """Signing in, booking, being refused, coming in, and whatever strangers try; returns the tokens."""
    system, house = doorstep.system, doorstep.house
    host = await house.expert(email="canary-host@digiaula.example", display_name="Kanarialintu Kaisa")
    slot = await house.slot(host, system.clock.now() + timedelta(minutes=10))
    expert = await doorstep.visitor()
    assert (await expert.post("/sign-in", {"email": "canary-host@digiaula.example"})).status == 202
    sign_in = (await mailroom.mail()).links[0].rpartition("/")[2]
    await expert.sign_in(sign_in)
    resident = await doorstep.visitor()
    wanted = a_booking(
        slot.id, display_name="canary-nick", email="canary-mail@posti.example", phone="+358401234567"
    )
    made = await resident.post("/bookings", wanted)
    assert made.status == 201, made.body
    assert (await resident.post("/bookings", wanted)).status == 409
    link = link_of(made.json["manage_url"])
    assert (await resident.get(link)).status == 200
    assert (await resident.get("/t/canary-token-of-somebody")).status == 404
    assert (await resident.get("/canary-path")).status == 404
    assert (await resident.get("/slots?canary-key=canary-value")).status == 400
    assert (await expert.post(f"/slots/{slot.id}/join")).status == 200
    joined = await resident.post(f"{link}/join", {"display_name": "canary-nick"})
    assert joined.status == 200, joined.body
    await resident.post("/sign-in", {"email": "canary-stranger@posti.example"})
    await stranger(system.http("gateway"))
    mails = await mailroom.mails(2)
    assert {mail.to for mail in mails} == {"canary-mail@posti.example", "canary-host@digiaula.example"}
    await eventually(lambda: sent(system, 2))
    links = [each.rpartition("/")[2] for mail in mails for each in mail.links]
    return [token for token in links if len(token) > 20] + [link.rpartition("/")[2], str(slot.id), sign_in]


async def stranger(gateway: str) -> None:
    """A method that nobody here knows, an address below a page, a header."""
    async with aiohttp.ClientSession() as http:
        for method, path in (("PROPFIND", "/"), ("GET", "/t/canary-link/canary"), ("GET", "/canary.php")):
            headers = {"User-Agent": "canary-agent", "X-Forwarded-For": "canary"}
            async with http.request(method, f"{gateway}{path}", headers=headers) as said:
                assert said.status >= 400


async def sent(system: System, count: int) -> bool:
    (row,) = await system.sql("SELECT count(*) FROM notify.message WHERE state = 'sent'")
    return bool(row[0] >= count)


async def fetch(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as said:
        return said.status, await said.text()


def vocabulary() -> dict[str, set[str]]:
    """Every value that a label may have: words of the code."""
    durables = {item.durable for name in SERVICES for item in service(name).subscriptions}
    return {
        "subject": {*requests(), "unknown"},
        "event": {*events(), "other"},
        "consumer": durables,
        "route": {*(route.path for route in ROUTES), *OURS},
        "method": METHODS,
        "kind": {str(kind) for kind in MessageKind},
        "service": set(SERVICES),
        "version": {"dev"},
        "outcome": ENDED | TAKEN_IN | ATTEMPTED,
    }


def strangers(samples: Iterator[tuple[str, dict[str, str], float]]) -> set[tuple[str, str]]:
    """Labels whose value is no word of the code."""
    known = vocabulary()
    return {
        (label, value)
        for _, labels, _ in samples
        for label, value in labels.items()
        if not (label == "le" or (label == "status" and re.fullmatch(r"[1-5]\d\d", value)))
        if value not in known.get(label, set())
    }


async def test_figures_of_a_journey_tell_nothing_about_people(told: Told) -> None:
    assert told.sum("gateway", "http_requests_total", route="/api/v1/t/{token}/join", status="200") == 1
    assert told.sum("gateway", "http_requests_total", route="/api/v1/bookings", status="409") == 1
    assert told.sum("gateway", "http_requests_total", method="other") == 1
    assert told.sum("booking", "requests_total", subject="booking.v1.rpc.book", outcome="slot_taken") == 1
    assert told.sum("gateway", "asks_total", subject="booking.v1.rpc.book", outcome="answered") == 1
    assert told.sum("rooms", "events_total", consumer="rooms-booking", outcome="handled") >= 1
    assert told.sum("notify", "message_attempts_total", outcome="sent") >= 2
    assert told.sum("booking", "relay_published_total") >= 1
    assert len(told.secrets) >= 3

    for name, text in told.figures.items():
        for secret in (*CANARIES, *told.secrets):
            assert secret.lower() not in text.lower(), f"{name} tells {secret}"
        assert strangers(told.samples(name)) == set(), name
    # Strangers can reach the gateway's own address: nothing is told there.
    assert (await fetch(f"{told.gateway}/metrics"))[0] == 404
    assert (await fetch(f"{told.gateway}/health/ready"))[0] == 200


def test_a_label_that_is_no_word_of_the_code_is_found() -> None:
    """The control of the test above."""
    good = ("x", {"route": "/t/{token}", "method": "GET", "status": "200", "le": "0.1"}, 1.0)
    bad = ("x", {"route": "/t/canary", "status": "canary", "name": str(Role.EXPERT)}, 1.0)

    assert strangers(iter([good])) == set()
    assert strangers(iter([good, bad])) == {
        ("route", "/t/canary"),
        ("status", "canary"),
        ("name", "expert"),
    }
