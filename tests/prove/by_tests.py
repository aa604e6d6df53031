"""Promises that the suite's own tests prove already: they are run, with the run's seed where they draw."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable

from deploy.embedded.state import ROOT
from tests.prove.proof import Run

COUNTS = re.compile(rb"(\d+) (passed|failed|error|skipped)")
AT_MOST_SECONDS = 280


def tests(what: str, *nodes: str) -> Callable[[Run], Awaitable[None]]:
    """A proof that these tests pass: files, folders or single tests. One that is skipped proves nothing."""

    async def prove(run: Run) -> None:
        counts, last = await _pytest(run.seed, nodes)
        passed = counts.get("passed", 0)
        wrong = {name: count for name, count in counts.items() if name != "passed"}
        run.holds(
            what,
            f"{passed} tests pass" + "".join(f", {count} {name}" for name, count in wrong.items()),
            "all",
            passed > 0 and not wrong,
        )
        if wrong or not passed:
            run.errors += last

    return prove


async def _pytest(seed: int, nodes: tuple[str, ...]) -> tuple[dict[str, int], list[str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"),
        *nodes,
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(AT_MOST_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        said, _ = await process.communicate()
    lines = said.splitlines()
    counts = {name.decode(): int(count) for count, name in COUNTS.findall(lines[-1] if lines else b"")}
    return counts, [line.decode(errors="replace") for line in lines[-12:]]
