"""Deleted means deleted: somebody goes through all there is, has themselves erased, and is nowhere."""

import os
from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests.e2e.test_promises import a_slot, book
from tests.support.eventually import eventually
from tests.support.stack import Stack

SCHEMAS = ("booking", "rooms", "notify", "gateway")
# The mail catcher stands for mailboxes, and PostgreSQL's files are looked at through its tables.
NOT_OURS = ("mail", "postgres")


class Canary:
    """Somebody whose every word can be recognised, and taken for nobody else's."""

    def __init__(self) -> None:
        mark = uuid4().hex[:10]
        self.name = f"Kanarialintu{mark}"
        self.email = f"kanarialintu.{mark}@posti.example"
        self.phone = f"+35840{int(mark[:6], 16) % 10_000_000:07}"
        self.note = f"kanarialintu huolehtii {mark}"

    @property
    def words(self) -> tuple[str, ...]:
        return (self.name, self.email, self.phone, self.note)

    def forms(self) -> Iterator[str]:
        """As they might lie about: plain, in an address, encoded, as bytes in a table."""
        for word in self.words:
            yield word.casefold()
            yield quote(word).casefold()
            yield b64encode(word.encode()).decode().rstrip("=").casefold()
            yield word.encode().hex()


async def journey(stack: Stack, canary: Canary) -> Any:
    """Everything that leaves a trace: books, moves, waits, cannot get in, asks for links, enrols, is looked
    at, gets a card. Answers with the first booking."""
    coordinator = await stack.coordinator()
    expert = await stack.an_expert()
    now = datetime.now(UTC)
    soon = await a_slot(stack, expert, now + timedelta(minutes=9))
    later, last = [await a_slot(stack, expert, now + timedelta(days=6, minutes=20 * n)) for n in (1, 2)]
    wanted = {"display_name": canary.name, "email": canary.email, "phone": canary.phone}
    booking = await book(stack, soon, **wanted, note=canary.note, municipality="Kuopio")
    token = str(booking["manage_url"]).rpartition("/")[2]
    other = await book(stack, later, **wanted)
    other_token = str(other["manage_url"]).rpartition("/")[2]
    await stack.mail(canary.email)
    await stack.api("POST", f"/t/{other_token}/move", {"slot_id": last})
    await stack.api("POST", f"/t/{token}/join", {"display_name": canary.name})
    await stack.api("POST", f"/t/{token}/help")
    await stack.api("POST", "/links", {"email": canary.email})
    await stack.api("GET", f"/bookings/{booking['id']}/contact", session=expert)
    await enrol(stack, wanted)
    for path in (f"/bookings/{booking['id']}/card", f"/bookings/{other['id']}/renew"):
        status, answer = await stack.api("POST", path, session=coordinator)
        assert status < 300, answer
    return booking


async def enrol(stack: Stack, wanted: dict[str, Any]) -> None:
    _, groups = await stack.api("GET", "/groups")
    for group in groups["items"]:
        body = wanted | {"language": "fi", "consent": True}
        status, _ = await stack.api("POST", f"/groups/{group['id']}/enrolments", body)
        if status == 201:
            return


async def erase(stack: Stack, booking: Any, canary: Canary) -> int:
    """By the way that residents take. How many bookings it was."""
    token = str(booking["manage_url"]).rpartition("/")[2]
    status, said = await stack.api("POST", f"/t/{token}/own-data")
    assert status == 202, said
    fresh = await stack.mail(canary.email, containing="/own-data/", within=60)
    secret = next(link for link in fresh["links"] if "/own-data/" in link).rpartition("/")[2]
    status, report = await stack.api("POST", "/own-data", {"token": secret})
    assert status == 200, report
    assert canary.note in str(report)
    assert report["messages"]
    assert report["sightings"]
    status, erased = await stack.api("POST", "/own-data/erase", {"token": report["key"]})
    assert status == 200, erased
    return int(erased["bookings"])


async def found(stack: Stack, canaries: Collection[Canary]) -> list[str]:
    """Where anything of theirs lies: every table, as text and as bytes, and every file of ours."""
    forms = [form for canary in canaries for form in canary.forms()]
    tables = await stack.sql(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = ANY ($1)",
        SCHEMAS,
    )
    seen = []
    for table in tables:
        rows = await stack.sql(f"SELECT t::text AS row FROM {table['name']} t")  # noqa: S608 - a table's name
        text = "\n".join(row["row"] for row in rows).casefold()
        seen += [str(table["name"]) for form in forms if form in text]
    for path in files_of(stack):
        with suppress(FileNotFoundError):
            text = path.read_bytes().decode(errors="replace").casefold()
            seen += [path.name for form in forms if form in text]
    return sorted(set(seen))


def files_of(stack: Stack) -> list[Path]:
    """Ours, as they are at a moment: the message server makes and removes its own as it likes."""
    found = [Path(folder) / name for folder, _, names in os.walk(stack.folder) for name in names]
    return [path for path in found if path.relative_to(stack.folder).parts[0] not in NOT_OURS]


async def test_who_is_erased_is_nowhere_any_more(stack: Stack) -> None:
    canary = Canary()
    booking = await journey(stack, canary)
    before = await found(stack, [canary])

    erased = await erase(stack, booking, canary)

    assert "booking.booking" in before, "the tables were really read"
    assert erased >= 3, "appointments and sessions of a group"

    async def nowhere() -> bool:
        assert await found(stack, [canary]) == []
        return True

    await eventually(nowhere, within=60)
