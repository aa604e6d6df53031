"""Proofs of which no figure is a time, and which mostly wait: two at once, each in a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from deploy.embedded.state import ROOT
from tests.prove.proof import Figure

AT_ONCE = 2
GRACE_SECONDS = 30


async def all_of(names: list[str], *, seed: int, folder: Path, say: Callable[[str], None]) -> list[Figure]:
    """What they found, in the order of the names; what each has to say is said at its end."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> list[Figure]:
        async with free:
            said, figures = await _alone(name, seed=seed, report=folder / f"{name}.json")
            say(said.removeprefix(f"seed {seed}\n").partition(f"\n\nseed {seed}")[0])
            return figures

    return [figure for figures in await asyncio.gather(*map(one, names)) for figure in figures]


async def _alone(name: str, *, seed: int, report: Path) -> tuple[str, list[Figure]]:
    words = ("-m", "tests.prove", name, "--seed", str(seed), "--report", str(report))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes through us, once
    )
    try:
        said, _ = await process.communicate()
    finally:
        await end(process)
    missing = [Figure(name, "a report of its figures", "none", "there is one", False)]
    return said.decode(errors="replace"), _read(report) or missing


def _read(report: Path) -> list[Figure]:
    return msgspec.json.decode(report.read_bytes(), type=list[Figure]) if report.exists() else []


def write(report: Path, figures: list[Figure]) -> None:
    report.write_bytes(msgspec.json.encode(figures))


async def end(process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C would: what it started is to go with it."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await process.communicate()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
