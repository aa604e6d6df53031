"""What must never happen, tried on the running system: scanners that act, people in logs, lost news."""

import asyncio
import base64
import os
import signal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from deploy.embedded.nats import Nats
from services.contracts.refusals import Code
from tests.support.eventually import eventually
from tests.support.stack import LINK, SignedIn, Stack, running_stack

CANARY_NAME = "Kanarialintu Kukkuu"
CANARY_MAIL = "kanarialintu@posti.example"
CANARY_PHONE = "+358451112233"
LOOKS = 100
CANARY_NOTE = "kanarialintu kertoo huolensa"
THEME = "digineuvonta"


async def a_slot(stack: Stack, expert: SignedIn, starts_at: datetime, **differs: Any) -> str:
    """A single time of the expert's, of ten minutes."""
    status, slot = await stack.api(
        "POST",
        "/slots",
        {
            "theme": THEME,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=10)).isoformat(),
            "languages": ["fi"],
        }
        | differs,
        session=expert,
    )
    assert status == 201, slot
    return str(slot["id"])


async def book(stack: Stack, slot_id: str, **differs: Any) -> Any:
    status, booking = await stack.api(
        "POST",
        "/bookings",
        {
            "slot_id": slot_id,
            "display_name": CANARY_NAME,
            "email": CANARY_MAIL,
            "language": "fi",
            "consent": True,
        }
        | differs,
    )
    assert status == 201, booking
    return booking


async def facts(stack: Stack) -> list[Any]:
    """Everything that a link could change, as it stands."""
    return [
        await stack.sql("SELECT * FROM booking.booking ORDER BY id"),
        # Weekly hours of others grow by a day at midnight: what nobody has taken is left out.
        await stack.sql(
            "SELECT id, state, taken FROM booking.slot WHERE taken > 0 OR state <> 'open' ORDER BY id"
        ),
        await stack.sql("SELECT * FROM rooms.place ORDER BY booking_id"),
        # Jobs ask hosts of their own accord meanwhile.
        await stack.sql("SELECT count(*) FROM booking.outbox WHERE subject NOT LIKE '%.host_asked'"),
        await stack.sql("SELECT * FROM gateway.sign_in ORDER BY id"),
        await stack.sql("SELECT count(*) FROM gateway.session"),
    ]


async def known_to_rooms(stack: Stack, booking_id: str) -> bool:
    return bool(await stack.sql("SELECT 1 FROM rooms.place WHERE booking_id = $1::text::uuid", booking_id))


async def test_looks_at_every_link_change_nothing_and_the_button_still_works(
    stack: Stack,
) -> None:
    """Mail scanners open links before people do."""
    expert = await stack.an_expert()
    slot_id = await a_slot(stack, expert, datetime.now(UTC) + timedelta(minutes=5))
    await stack.forget_mails()
    booking = await book(stack, slot_id, email="skanneri@posti.example")
    confirmation = await stack.mail("skanneri@posti.example")
    await stack.api("POST", "/sign-in", {"email": expert.email})
    sign_in = await stack.mail(expert.email)
    links = set(confirmation["links"]) | set(sign_in["links"]) | {booking["manage_url"]}
    assert len(links) >= 2
    await eventually(lambda: known_to_rooms(stack, booking["id"]))
    before = await facts(stack)
    for link in links:
        for _ in range(LOOKS):
            statuses = await asyncio.gather(stack.fetch("GET", link), stack.fetch("HEAD", link))
            assert {status for status, _ in statuses} == {200}, link

    assert await facts(stack) == before
    token = str(booking["manage_url"]).rpartition("/")[2]
    status, _ = await stack.api("POST", f"/t/{token}/cancel")
    assert status == 200
    code = str(sign_in["links"][0]).rpartition("/")[2]
    status, _ = await stack.api("POST", "/sign-in/confirm", {"token": code})
    assert status == 204


async def test_no_name_address_words_or_token_reaches_a_log_a_stream_or_an_error(stack: Stack) -> None:
    canaries, answers = await booked_with_canaries(stack)

    seen = await overheard(stack) + answers
    assert spoken_of(seen, canaries) == []
    assert "request.answered" in seen, "the logs were really read"


async def booked_with_canaries(stack: Stack) -> tuple[list[str], str]:
    """A life of a booking, wrong turns too: what must not be found of it anywhere, and what was refused."""
    expert = await stack.an_expert()
    start = datetime.now(UTC) + timedelta(days=3)
    first = await a_slot(stack, expert, start)
    second = await a_slot(stack, expert, start + timedelta(minutes=20))
    await stack.forget_mails()
    booking = await book(stack, first, phone=CANARY_PHONE, note=CANARY_NOTE)
    mail = await stack.mail(CANARY_MAIL)
    token = str(booking["manage_url"]).rpartition("/")[2]
    wrong = await stack.api("POST", "/bookings", {"slot_id": first, "display_name": CANARY_NAME * 9})
    await stack.api("POST", f"/t/{token}/move", {"slot_id": second})
    await stack.api("POST", f"/t/{token}/join", {"display_name": CANARY_NAME})
    await stack.api("POST", "/links", {"email": CANARY_MAIL})
    await stack.api("GET", f"/bookings/{booking['id']}/contact", session=expert)
    await stack.mail(CANARY_MAIL, containing="/t/")
    tokens = set(LINK.findall(mail["text"] + str(booking["manage_url"])))
    assert token in tokens
    return [CANARY_NAME, CANARY_MAIL, CANARY_PHONE, CANARY_NOTE, *tokens], str(wrong)


async def overheard(stack: Stack) -> str:
    """Every log, and all news."""
    seen = stack.logs()
    for schema in ("booking", "rooms", "notify", "gateway"):
        rows = await stack.sql(f"SELECT convert_from(body, 'UTF8') AS body FROM {schema}.outbox")  # noqa: S608
        seen += "".join(row["body"] for row in rows)
    return seen


def spoken_of(seen: str, canaries: Iterable[str]) -> list[str]:
    """Those that stand in it, plain, as in an address or encoded."""
    return [
        canary
        for canary in canaries
        if any(
            form in seen
            for form in (canary, quote(canary), base64.b64encode(canary.encode()).decode().rstrip("="))
        )
    ]


async def test_nothing_stored_can_be_turned_into_a_link(stack: Stack) -> None:
    """A stolen dump opens no door: no token lies in any table of any service."""
    expert = await stack.an_expert()
    slot_id = await a_slot(stack, expert, datetime.now(UTC) + timedelta(days=4))
    booking = await book(stack, slot_id, email="dumppi@posti.example")
    token = str(booking["manage_url"]).rpartition("/")[2]
    session = expert.headers["Cookie"].partition("=")[2]

    stored = await dump(stack)

    assert str(booking["id"]) in stored, "the tables were really read"
    assert kept_secrets(stored, [token, session]) == []


async def dump(stack: Stack) -> str:
    """Every row of every table of ours."""
    tables = await stack.sql(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname IN ('booking', 'rooms', 'notify', 'gateway')"
    )
    stored = ""
    for table in tables:
        rows = await stack.sql(f"SELECT t::text AS row FROM {table['name']} t")  # noqa: S608 - a table's name
        stored += "".join(row["row"] for row in rows)
    return stored


def kept_secrets(stored: str, secrets: Iterable[str]) -> list[str]:
    """Those that stand in it, plain or as bytes."""
    return [secret for secret in secrets if secret in stored or secret.encode().hex() in stored]


async def test_losing_every_stream_loses_no_message_and_doubles_none(tmp_path: Any) -> None:
    """PostgreSQL is the record: the JetStream store is removed while people book."""
    async with running_stack(tmp_path / "state") as stack:
        expert = await stack.an_expert()
        start = datetime.now(UTC) + timedelta(days=5)
        slots = [await a_slot(stack, expert, start + timedelta(minutes=20 * n)) for n in range(8)]
        await stack.forget_mails()
        for number, slot_id in enumerate(slots[:4]):
            await book(stack, slot_id, email=f"ennen{number}@posti.example")

        pid = stack.state["parts"]["nats"]["pid"]
        Nats(stack.folder).wipe()
        os.kill(pid, signal.SIGKILL)
        later = await _book_when_possible(stack, slots[4:])

        async def all_told() -> bool:
            told = [len(await stack.mails(f"{when}{n}@posti.example")) for when, n in later]
            assert told == [1] * len(told), told
            return True

        await eventually(all_told, within=60)
        planned = await stack.sql(
            "SELECT booking_id, kind, count(*) AS times FROM notify.message "
            "WHERE booking_id IS NOT NULL GROUP BY booking_id, kind"
        )
        assert {row["times"] for row in planned} == {1}
        reminders = [row for row in planned if row["kind"] == "reminder_day"]
        assert len(reminders) == 8


async def _book_when_possible(stack: Stack, slots: list[str]) -> list[tuple[str, int]]:
    """Book on through the outage, repeating with the same key as a client does."""
    for number, slot_id in enumerate(slots):
        body = {
            "slot_id": slot_id,
            "display_name": "Kielo",
            "email": f"jalkeen{number}@posti.example",
            "language": "fi",
            "consent": True,
        }

        async def booked(body: dict[str, Any] = body, key: str = f"avain-{number}") -> bool:
            status, answer = await stack.api("POST", "/bookings", body, key=key)
            assert status in (201, 503, 504), (status, answer)
            assert answer.get("code") != Code.SLOT_TAKEN
            return status == 201

        await eventually(booked, within=60)
    return [("ennen", n) for n in range(4)] + [("jalkeen", n) for n in range(4)]
