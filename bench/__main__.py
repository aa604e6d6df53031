"""`make bench`: the resident's pages at a steady rate, bookings and joins as fast as they go.

Rounds alternate with those of a bare server, so that a slow minute of the machine
is shared by both; only ratios within one run mean anything.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import uvloop

from bench.figures import Figure, delay, rate, table, write
from bench.load import as_fast_as_it_goes, at_a_rate, request
from bench.scene import Scene, all_told, set_scene
from tests.support.stack import Stack, running_stack

ROUNDS = 5
PAGES_PER_SECOND = 20
PAGE_SECONDS = 2.0  # of each round: ten seconds of each page in all
FAST_SECONDS = 2.0
CONNECTIONS = 32
PAGE_TARGET_MS = 50.0
BUSY = 0.5  # of the cores, before we begin
RESULTS = Path("build/bench.json")


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="digiaula-bench-") as folder, _echo() as echo:
        async with running_stack(Path(folder) / "state", LIMITS="off") as stack:
            scene = await set_scene(stack)
            await all_told(stack)
            return [*await _deeds(stack, scene, echo), *await _pages(stack, scene, echo)]


async def _pages(stack: Stack, scene: Scene, echo: str) -> list[Figure]:
    took: dict[str, list[list[float]]] = {name: [] for name in (*scene.pages, "echo")}
    asked = {name: (stack.gateway, raw) for name, raw in scene.pages.items()} | {
        "echo": (echo, request(f"{echo}/"))
    }
    for address, raw in asked.values():  # the first view of a page makes its templates
        await at_a_rate(address, raw, per_second=PAGES_PER_SECOND, seconds=0.5)
    for _ in range(ROUNDS):
        for name, (address, raw) in asked.items():
            seen = await at_a_rate(address, raw, per_second=PAGES_PER_SECOND, seconds=PAGE_SECONDS)
            took[name].append(seen.only(b"200").took)
    limits = took.pop("echo")
    return [delay(f"page: {name}, p95", rounds, limits, PAGE_TARGET_MS) for name, rounds in took.items()]


async def _deeds(stack: Stack, scene: Scene, echo: str) -> list[Figure]:
    per_second: dict[str, list[float]] = {"echo": [], "joins": [], "bookings": []}
    body = b'{"display_name": "Kielo"}'
    asked = {
        "echo": (echo, repeat(request(f"{echo}/", method="POST", body=body)), b"200"),
        "joins": (stack.gateway, scene.joins, b"200"),
        "bookings": (stack.gateway, scene.bookings, b"201"),
    }
    for _ in range(ROUNDS):
        for name, (address, requests, good) in asked.items():
            seen = await as_fast_as_it_goes(
                address, requests, seconds=FAST_SECONDS, connections=CONNECTIONS
            )
            per_second[name].append(seen.only(good).per_second)
        await all_told(stack)
    limits = per_second.pop("echo")
    return [rate(f"{name} a second", rounds, limits) for name, rounds in per_second.items()]


@contextmanager
def _echo() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.echo"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def main() -> None:
    """A missed target is said, and fails nothing: on a busy machine it says more about the machine."""
    before = os.getloadavg()[0]
    figures = uvloop.run(measure())
    print(table(figures))
    if before > BUSY * (os.cpu_count() or 1):
        print(f"The machine was busy when this began (load {before:.1f}): believe the ratios at most.")
    write(figures, RESULTS)
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
