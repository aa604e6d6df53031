"""From `make run` to an open door, where everything is installed: the first time, and again."""

import time

from bench.figures import Figure, alone
from bench.stage import folder
from tests.support.stack import running_stack

TARGET_SECONDS = 5.0


async def measure() -> list[Figure]:
    first: list[float] = []
    again: list[float] = []
    for _ in range(3):
        with folder() as place:
            for rounds in (first, again):
                began = time.perf_counter()
                async with running_stack(place / "state"):
                    rounds.append(time.perf_counter() - began)
    return [
        alone("ready after make run, empty", first, unit="s", target=TARGET_SECONDS),
        alone("ready after make run, again", again, unit="s", target=TARGET_SECONDS),
    ]
