"""A17: a backup, put onto an empty place, is the house as it was when the backup was made."""

import asyncio
from pathlib import Path
from time import perf_counter
from typing import Any

from deploy.embedded.installation import leave_refuge
from tests.e2e import test_restoring as restoring
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.stack import Stack, running_stack
from tests.support.system import INVARIANTS

CANARY = "kielo@posti.example"


async def prove(run: Run) -> None:
    """People book, a backup is made, more book, the machine is gone. From the first command to a door that
    is open is what restoring takes; what came after the backup is what it loses."""
    folder = run.new_folder()
    second = folder / "second"
    token, lost, before, made = await restoring.one_life(folder / "first", folder / "backups")
    began = perf_counter()
    restored = await asyncio.to_thread(restoring.backup, second, "restore", str(made))
    run.holds("the restoring program ends", restored.returncode, "0", restored.returncode == 0)
    async with running_stack(second) as stack:
        run.measured("until the door is open again", perf_counter() - began, restoring.RTO_SECONDS, "s")
        await _judge(run, stack, before, token=token, lost=lost)


async def _judge(run: Run, stack: Stack, before: list[Any], *, token: str, lost: str) -> None:
    kept = await restoring.kept(stack)
    bookings, times, people = (len(rows) for rows in kept)
    run.said("bookings, times, people that were in it", f"{bookings}, {times}, {people}")
    run.none("rows that are not as they were", _differing(before, kept))
    broken = [f"{row['broken']}: {row['what']}" for row in await stack.sql(INVARIANTS)]
    run.none("rows of check_invariants.sql", broken)
    run.holds(
        "a link sent before", status := (await stack.api("GET", f"/t/{token}"))[0], "200", status == 200
    )
    gone = (await stack.api("GET", f"/t/{lost}"))[0]
    run.holds("lost: the one booking made after the backup", gone, "404 or 410", gone in (404, 410))
    try:
        await eventually(lambda: restoring.all_published(stack), within=IN_THE_END)
    except AssertionError:
        run.errors.append("news is still not spread")
    run.none("news not spread into the empty store", (await stack.sql(restoring.UNPUBLISHED))[0]["n"])
    told = [(row["booking_id"], row["kind"]) for row in await stack.sql(restoring.TOLD)]
    run.none("messages owed twice", len(told) - len(set(told)))
    run.none("messages sent twice", len(await stack.mails(CANARY)))
    await stack.api("POST", "/links", {"email": CANARY})
    canary = await stack.mail(CANARY, within=IN_THE_END)
    run.holds(
        "the first mail wished for comes, with the link of before",
        token in canary["text"],
        "True",
        token in canary["text"],
    )


def _differing(before: list[Any], after: list[Any]) -> list[str]:
    """In either and not in both."""
    there, here = ({repr(row) for rows in kept for row in rows} for kept in (before, after))
    return sorted(there ^ here)


async def control(run: Run) -> None:
    """One bit of the backup turned: nothing may come of it."""
    folder = run.new_folder()
    second = folder / "second"
    stack = await run.ground.shared("stack", lambda first: running_stack(first))
    dumped = await asyncio.to_thread(restoring.backup, stack.folder, "dump", str(folder / "backups"))
    dump = Path(dumped.stdout.strip()) / "database.dump"
    content = bytearray(dump.read_bytes())
    content[run.chance.randrange(len(content))] ^= 1
    dump.write_bytes(content)
    damaged = await asyncio.to_thread(restoring.backup, second, "restore", str(dump.parent))
    refused = damaged.returncode == 1 and not (second / "secrets.json").exists()
    leave_refuge(second)
    run.control("every bit as it was backed up", "refused" if refused else "restored", broke=refused)
