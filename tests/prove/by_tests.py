"""Promises that the suite's own tests prove already: they are run, with the run's seed where they draw."""

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from deploy.embedded.state import ROOT
from tests.prove.beside import end
from tests.prove.proof import Run

COUNTS = re.compile(rb"(\d+) (passed|failed|error|skipped)")
AT_MOST_SECONDS = 280
NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True)
class Outcome:
    """How many passed and did not, what they noted (`record_property`), and their last words."""

    counts: Mapping[str, int]
    noted: Counter[str] = field(default_factory=Counter)
    last: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return self.counts.get("passed", 0)

    @property
    def wrong(self) -> dict[str, int]:
        """One that is skipped proves nothing."""
        return {name: count for name, count in self.counts.items() if name != "passed"}

    @property
    def all_passed(self) -> bool:
        return self.passed > 0 and not self.wrong

    def __str__(self) -> str:
        return f"{self.passed} tests pass" + "".join(f", {n} {name}" for name, n in self.wrong.items())


def suite(what: str, *nodes: str, least: Mapping[str, int] = NOTHING) -> Callable[[Run], Awaitable[None]]:
    """A proof that these tests pass: files, folders or single tests. `least` is how much of what they note
    there must have been, so that they have not passed over nothing."""

    async def prove(run: Run) -> None:
        outcome = await _pytest(run, nodes)
        run.holds(what, outcome, "all", outcome.all_passed)
        for noted, lowest in least.items():
            run.at_least(noted, outcome.noted[noted], lowest)
        if not outcome.all_passed:
            run.errors += outcome.last

    return prove


def sees(without: str, *nodes: str) -> Callable[[Run], Awaitable[None]]:
    """A control: each of these tests takes the guard away, and passes when that is seen."""

    async def control(run: Run) -> None:
        outcome = await _pytest(run, nodes)
        run.control(without, f"seen: {outcome}", broke=outcome.all_passed)
        if not outcome.all_passed:
            run.errors += outcome.last

    return control


async def _pytest(run: Run, nodes: tuple[str, ...]) -> Outcome:
    folder = run.new_folder()
    folder.mkdir(parents=True)
    report = folder / "report.xml"
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *("-o", "junit_family=xunit1", f"--junitxml={report}"),
        ),
        f"--hypothesis-seed={run.seed}",
        *nodes,
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes through us, once
    )
    try:
        async with asyncio.timeout(AT_MOST_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        return Outcome({"too slow": 1}, last=[f"not done in {AT_MOST_SECONDS} s"])
    finally:
        await end(process)
    lines = said.splitlines()
    counts = {name.decode(): int(count) for count, name in COUNTS.findall(lines[-1] if lines else b"")}
    return Outcome(counts, _noted(report), [line.decode(errors="replace") for line in lines[-12:]])


def _noted(report: Path) -> Counter[str]:
    """Sums of all numbers noted under each name."""
    noted: Counter[str] = Counter()
    if report.exists():
        for each in ElementTree.parse(report).iter("property"):  # noqa: S314 - our own tests wrote it
            value = each.get("value", "")
            noted[each.get("name", "")] += int(value) if value.isdecimal() else 0
    return noted
