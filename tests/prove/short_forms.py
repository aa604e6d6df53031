"""The short form of every proof, as `make test` runs it: the same harm in seconds, beside other tests.

They stand in several files, so that no worker gets them all, each beside those with which it shares ground.
What is here is what the files share.
"""

import asyncio
import random
from pathlib import Path

import pytest

from tests.prove.catalogue import PROMISES
from tests.prove.proof import Ground, Run

AT_MOST_SECONDS = 300  # for what never ends; slow is no fault here
IN_ONE_FLEET = ("A4", "A5", "A21", "A25")
IN_HOUSES = ("A1", "A3", "A8", "A10", "A12", "A17", "A18", "A28")
WHOSE_PARTS_END = ("A2", "A14", "A6", "A7", "scale")
WHOSE_PARTS_SUFFER = ("A9", "A13", "A15", "A16")
FILES = (IN_ONE_FLEET, IN_HOUSES, WHOSE_PARTS_END, WHOSE_PARTS_SUFFER)

each_of = {names: pytest.mark.parametrize("name", names) for names in FILES}
_known = {promise.name: promise for promise in PROMISES}


async def is_kept(name: str, ground: Ground, folder: Path) -> None:
    """The proof holds, and its control breaks."""
    promise, seed = _known[name], random.randrange(2**32)
    print(f"python -m tests.prove {name} --short --seed {seed}")  # noqa: T201 - to do it again
    run = Run(name, seed=seed, short=True, folder=folder, ground=ground)

    async with asyncio.timeout(AT_MOST_SECONDS):
        await promise.prove(run)
        if promise.control is not None:
            await promise.control(run)

    for figure in run.figures:
        print(figure)  # noqa: T201 - beside what broke
    broken = [str(figure) for figure in run.figures if not figure.held]
    assert run.figures
    assert broken == [], "\n".join([*broken, *run.errors[:5]])
