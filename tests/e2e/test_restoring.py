"""The disk died: a backup is put onto an empty place, and everything that was true then is true again."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from deploy.embedded.installation import leave_refuge
from deploy.embedded.state import ROOT
from tests.e2e.test_promises import a_slot, book
from tests.support.eventually import eventually
from tests.support.stack import Stack, running_stack
from tests.support.system import INVARIANTS

RTO_SECONDS = 30 * 60
EVENTS = "SELECT count(*) AS n FROM booking.outbox"
UNPUBLISHED = "SELECT count(*) AS n FROM booking.outbox WHERE published_at IS NULL"
TOLD = "SELECT booking_id, kind, state FROM notify.message WHERE booking_id IS NOT NULL ORDER BY 1, 2"


def backup(state: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIGIAULA_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.embedded.backup", *words],
        cwd=ROOT,
        env=environ | {"DIGIAULA_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )


async def kept(stack: Stack) -> list[Any]:
    return [
        await stack.sql("SELECT id, slot_id, status, display_name, email FROM booking.booking ORDER BY id"),
        await stack.sql("SELECT id, taken, state FROM booking.slot ORDER BY id"),
        await stack.sql("SELECT email, role FROM booking.person ORDER BY email"),
    ]


async def one_life(folder: Path, backups: Path) -> tuple[str, str, list[Any], Path]:
    """People book; a backup is made while more do; then the machine is gone."""
    async with running_stack(folder) as stack:
        expert = await stack.an_expert()
        start = datetime.now(UTC) + timedelta(days=3)
        slots = [await a_slot(stack, expert, start + timedelta(minutes=20 * n)) for n in range(3)]
        booking = await book(stack, slots[0], email="kielo@posti.example")
        await stack.mail("kielo@posti.example")
        before = await kept(stack)
        made = backup(folder, "dump", str(backups))
        assert made.returncode == 0, made.stderr
        later = await book(stack, slots[1], email="myohainen@posti.example")
    token, lost = (str(each["manage_url"]).rpartition("/")[2] for each in (booking, later))
    return token, lost, before, Path(made.stdout.strip())


async def test_a_backup_on_an_empty_place_is_the_house_as_it_was(tmp_path: Path) -> None:
    token, lost, before, made = await one_life(tmp_path / "first", tmp_path / "backups")
    second = tmp_path / "second"

    began = monotonic()
    restored = backup(second, "restore", str(made))
    assert restored.returncode == 0, restored.stderr
    async with running_stack(second) as stack:
        took = monotonic() - began

        assert await kept(stack) == before
        assert await stack.sql(INVARIANTS) == []
        assert (await stack.api("GET", f"/t/{token}"))[0] == 200, "links already sent work"
        assert (await stack.api("GET", f"/t/{lost}"))[0] in (404, 410), "what came after the backup is lost"
        assert (await stack.sql(EVENTS))[0]["n"] > 0
        await eventually(lambda: all_published(stack), within=60)
        told = [tuple(row) for row in await stack.sql(TOLD)]
        assert len(told) == len({(booking, kind) for booking, kind, _ in told}), "nothing is owed twice"
        assert await stack.mails("kielo@posti.example") == [], "nothing is sent twice"
        status, _ = await stack.api("POST", "/links", {"email": "kielo@posti.example"})
        assert status == 202
        canary = await stack.mail("kielo@posti.example", within=60)
        assert token in canary["text"]
    assert took < RTO_SECONDS


async def all_published(stack: Stack) -> bool:
    """Into a message store that was empty: the relays have noticed."""
    return bool((await stack.sql(UNPUBLISHED))[0]["n"] == 0)


async def test_a_damaged_backup_and_a_place_in_use_are_refused(tmp_path: Path) -> None:
    first = tmp_path / "first"
    async with running_stack(first):
        made = Path(backup(first, "dump", str(tmp_path / "backups")).stdout.strip())
        in_use = backup(first, "restore", str(made))
    dump = made / "database.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)

    damaged = backup(tmp_path / "second", "restore", str(made))
    again = backup(first, "restore", str(made))
    leave_refuge(tmp_path / "second")

    assert [each.returncode for each in (in_use, damaged, again)] == [1, 1, 1]
    assert "database.dump" in damaged.stdout + damaged.stderr
    assert not (tmp_path / "second" / "secrets.json").exists()
