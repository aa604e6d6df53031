"""What does not come to its end: Ctrl-C in the middle of a proof, an error, one that never ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.embedded.state import ROOT
from tests.prove import __main__ as program
from tests.prove import beside
from tests.prove.__main__ import INTERRUPTED, one
from tests.prove.catalogue import Promise
from tests.prove.proof import Run
from tests.support.eventually import eventually
from tests.support.processes import descendants, is_alive

A_FLEET = 10  # processes; there are the servers, and what guards them


async def test_whoever_interrupts_leaves_no_process_behind(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.prove", "A2", "--short"),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    await eventually(lambda: len(descendants(process.pid)) >= A_FLEET, within=60)
    below = descendants(process.pid)

    process.send_signal(signal.SIGINT)
    said, _ = await process.communicate()

    assert process.returncode == INTERRUPTED, said.decode()
    assert b"stopped" in said
    assert [pid for pid in below if is_alive(pid)] == []
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else runs any more


async def _errs(_: Run) -> None:
    raise ZeroDivisionError


async def _says_nothing(_: Run) -> None:
    return None


async def _never_ends(_: Run) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("part", [_errs, _says_nothing, _never_ends])
async def test_what_errs_ends_never_or_says_nothing_is_broken(
    part: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "AT_MOST_SECONDS", 0.1)
    promise = Promise("A0", "nothing", part)  # type: ignore[arg-type]  # three of one kind

    figures = await one(promise, Run("A0", seed=1, short=True, folder=tmp_path))

    assert [figure.verdict for figure in figures] == ["BROKEN"]


async def test_a_process_that_reports_nothing_is_broken(tmp_path: Path) -> None:
    said: list[str] = []

    figures = await beside.all_of(["A0"], seed=1, folder=tmp_path, say=said.append)

    assert [figure.verdict for figure in figures] == ["BROKEN"]
    assert "no proof of A0" in said[0]
