"""`make bench`: every figure beside its limit, measured in the same run and in turns with it.

`python -m bench bookings joins` measures these alone. A new subject is a file here with
`async def measure() -> list[Figure]`, and its name in SUBJECTS.
"""

import importlib
import os
import sys
import time
from pathlib import Path

import uvloop

from bench.figures import Figure, table, write

SUBJECTS = (
    "bookings",
    "slow_flush",
    "behind",
    "joins",
    "search",
    "reminders",
    "due",
    "lateness",
    "copies",
    "memory",
    "work",
    "evening",
    "enrolment",
    "ready",
    "pages",
    "peer",
)
BUSY = 0.5  # of the cores, before we begin
RESULTS = Path("build/bench.json")


def measure(subject: str) -> list[Figure]:
    """Its figures. A subject that falls over must not take the others with it."""
    began = time.perf_counter()
    try:
        figures: list[Figure] = uvloop.run(importlib.import_module(f"bench.{subject}").measure())
    except Exception as error:
        print(f"{subject}: not measured: {type(error).__name__}: {error}", flush=True)
        return []
    print(f"{subject}: {time.perf_counter() - began:.0f} s", flush=True)
    write(figures, RESULTS)
    return figures


def main() -> None:
    """A missed target is said, and fails nothing: on a busy machine it says more about the machine."""
    asked = sys.argv[1:] or list(SUBJECTS)
    if unknown := set(asked) - set(SUBJECTS):
        sys.exit(f"no such subject: {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    before = os.getloadavg()[0]
    figures = [figure for subject in asked for figure in measure(subject)]
    print(table(figures))
    if before > BUSY * (os.cpu_count() or 1):
        print(f"The machine was busy when this began (load {before:.1f}): believe the ratios at most.")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
