"""Parts that begin as forks: each is as much a process of its own as if it had been started by itself."""

import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ctypes import CDLL, byref, c_int
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.environment import plain_environment
from deploy.embedded.forks import Nursery
from deploy.embedded.processes import Child
from deploy.embedded.stack import SHARED
from deploy.embedded.state import ROOT
from tests.support.eventually import eventually
from tests.support.processes import is_alive

PR_GET_CHILD_SUBREAPER = 37
# What it is, what was imported before it was, and every word of a secret that lies in its memory.
TELLS = r"""
import json, os, re, sys

def secrets():
    found = set()
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in open("/proc/self/maps"):
            first, last = (int(each, 16) for each in line.split()[0].split("-"))
            if "rw" in line:
                memory.seek(first)
                found |= set(re.findall(rb"secret-of-\w+", memory.read(last - first)))
    return sorted(each.decode() for each in found)

print(json.dumps({
    "pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "arguments": sys.argv[1:],
    "environment": dict(os.environ), "imported": "much" in sys.modules, "secrets": secrets(),
    "called": open("/proc/self/comm").read().strip(), "open": len(os.listdir("/proc/self/fd")),
}))
sys.exit(3)
"""
RESTS = "import signal; print('here'); signal.pause()"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    for name, text in {"much": "", "tells": TELLS, "rests": RESTS}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@asynccontextmanager
async def opened(tmp_path: Path, code: Path, *modules: str) -> AsyncIterator[Nursery]:
    nursery = Nursery(tmp_path, code=code, modules=modules)
    nursery.open()
    await nursery.ready()
    try:
        yield nursery
    finally:
        await nursery.close()


def born(nursery: Nursery, *command: str, heard: list[str], **environment: str) -> Child:
    process = nursery.bear("a-part", command, plain_environment({}) | environment)
    assert process
    return Child(
        "a-part", [], env={}, log=nursery.log.with_name("a.log"), process=process, on_line=heard.append
    )


async def told(nursery: Nursery, **environment: str) -> Mapping[str, Any]:
    heard: list[str] = []
    child = born(nursery, "tells", "--loud", heard=heard, **environment)

    assert await child.wait() == 3
    await eventually(lambda: heard)

    known: dict[str, Any] = json.loads(heard[0])
    assert known["pid"] == known["session"] == child.pid
    return known


async def test_a_part_is_our_child_with_its_own_words_and_what_was_imported(
    tmp_path: Path, code: Path
) -> None:
    async with opened(tmp_path, code, "much", "not_there") as nursery:
        known = await told(nursery, LANG="fi")

    assert known["imported"]
    assert known["parent"] == os.getpid()
    assert known["arguments"] == ["--loud"]
    assert known["environment"] == {"PYTHONUNBUFFERED": "1", "LANG": "fi"}
    assert known["called"] == "a-part"
    assert known["open"] == 4  # in, out, err, and the folder it counts them in


async def test_nothing_that_one_part_was_told_lies_in_the_memory_of_the_next(
    tmp_path: Path, code: Path
) -> None:
    async with opened(tmp_path, code) as nursery:
        first = await told(nursery, WORD="secret-of-one")
        second = await told(nursery, WORD="secret-of-two")

    assert first["secrets"] == ["secret-of-one"]
    assert second["secrets"] == ["secret-of-two"]


async def test_a_part_lives_on_when_the_nursery_is_closed_and_its_end_is_ours_to_see(
    tmp_path: Path, code: Path
) -> None:
    heard: list[str] = []
    async with opened(tmp_path, code) as nursery:
        child = born(nursery, "rests", heard=heard)
        await eventually(lambda: heard)

    assert is_alive(child.pid)
    assert nursery.bear("late", ["rests"], {}) is None
    child.send(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    assert not adopts_orphans()


async def test_a_nursery_that_was_killed_bears_nobody(tmp_path: Path, code: Path) -> None:
    async with opened(tmp_path, code) as nursery:
        assert adopts_orphans()
        assert nursery.child
        await nursery.child.kill()

        assert nursery.bear("late", ["rests"], {}) is None


async def test_what_the_services_import_is_imported_before_they_begin(tmp_path: Path) -> None:
    """A module that is not there, or an import that begins a thread, would cost only memory, unseen."""
    heard: list[str] = []
    question = f"import sys; print([each for each in {SHARED} if each not in sys.modules])"
    async with opened(tmp_path, ROOT, *SHARED) as nursery:
        child = born(nursery, "timeit", "-n1", "-r1", question, heard=heard)
        await child.wait()

    await eventually(lambda: heard)
    assert heard[0] == "[]"


def adopts_orphans() -> bool:
    said = c_int()
    assert CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, byref(said), 0, 0, 0) == 0
    return bool(said.value)
