"""The memory of everything that runs, while it is busy: what is shared is counted once."""

import asyncio
from pathlib import Path

from bench.figures import Figure, alone
from bench.load import as_fast_as_it_goes
from bench.stage import CONNECTIONS, ROUNDS, add_times, bookings, system
from tests.support.stack import Stack

TARGET_MIB = 250


async def measure() -> list[Figure]:
    async with system() as stack:
        requests = bookings(stack.gateway, await add_times(stack, hosts=20, each=2500))
        load = asyncio.create_task(
            as_fast_as_it_goes(stack.gateway, requests, seconds=ROUNDS + 2, connections=CONNECTIONS)
        )
        await asyncio.sleep(2)
        seen, parts = [], {}
        for _ in range(ROUNDS):
            parts = {name: _pss(pid) for name, pid in _pids(stack).items()}
            seen.append(sum(parts.values()))
            await asyncio.sleep(1)
        (await load).only(b"201")
    said = ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
    return [
        alone("memory of the whole stack under load (PSS)", seen, unit="MiB", target=TARGET_MIB, said=said)
    ]


def _pids(stack: Stack) -> dict[str, int]:
    """Without the mail catcher, which stands for the world outside, and the supervisor."""
    parts = {name: part["pid"] for name, part in stack.state["parts"].items() if name != "mail"}
    return parts | {name: part["pid"] for name, part in stack.state["services"].items()}


def _pss(pid: int) -> float:
    """Of a process and its children, in MiB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if pid not in (int(status.parent.name), parent):
                continue
            rollup = (status.parent / "smaps_rollup").read_text()
        except (OSError, ValueError):  # it has just ended
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024
