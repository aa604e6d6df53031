"""`python -m tests.prove [A2 A5 …] [--seed N] [--short] [--hours H]`: prove, show it, fail if one broke."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path
from random import SystemRandom
from time import perf_counter

import structlog

from tests.prove import beside, catalogue
from tests.prove.catalogue import Promise
from tests.prove.proof import Figure, Run, on_ground, table

SHOWN = 12
AT_MOST_SECONDS = 420
INTERRUPTED = 130


async def run_all(
    promises: list[Promise], figures: list[Figure], *, seed: int, short: bool, hours: float
) -> None:
    with tempfile.TemporaryDirectory(prefix="digiaula-prove-") as folder:
        Path(folder).chmod(0o711)  # noqa: ASYNC240 - PostgreSQL, as another user, passes through
        async with on_ground(Path(folder)) as ground:
            # Short ones share a fleet instead.
            waiting = [each.name for each in promises if each.waits and not short and len(promises) > 1]
            for promise in promises:
                if promise.name in waiting:
                    continue
                run = Run(
                    promise.name, seed=seed, short=short, folder=Path(folder), ground=ground, hours=hours
                )
                figures += await one(promise, run)
            figures += await beside.all_of(
                waiting, seed=seed, folder=Path(folder), say=partial(print, flush=True)
            )


async def one(promise: Promise, run: Run) -> list[Figure]:
    """A proof that ends in an error, never ends or says nothing has proven nothing: that is a line too."""
    began = perf_counter()
    print(f"{promise.name}: {promise.words}", flush=True)
    for part in (promise.prove, promise.control):
        if part is not None:
            try:
                async with asyncio.timeout(AT_MOST_SECONDS + run.hours * 3600):
                    await part(run)
            except Exception as error:
                traceback.print_exc()
                run.holds(f"{part.__name__} ran to its end", type(error).__name__, "it does", False)
    if not run.figures:
        run.holds("figures", 0, "≥ 1", False)
    for figure in run.figures:
        print(f"  {figure}")
    if any(not figure.held for figure in run.figures):
        print("\n".join(run.errors[:SHOWN]))
    print(f"  {perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    return run.figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="A2", help="all of them unless some are named")
    parser.add_argument("--seed", type=int, help="that of a run to be done again")
    parser.add_argument("--short", action="store_true", help="seconds each, as in `make test`")
    parser.add_argument("--hours", type=float, default=0, help="go on for so long, where a proof can")
    parser.add_argument("--report", type=Path, help="a file for the figures, for another program")
    wish = parser.parse_args()
    seed = wish.seed if wish.seed is not None else SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    known = {promise.name: promise for promise in catalogue.PROMISES}
    if unknown := [name for name in wish.promises if name not in known]:
        parser.error(f"no proof of {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [known[name] for name in wish.promises] if wish.promises else list(known.values())
    if wish.short and not wish.promises:
        chosen = [promise for promise in chosen if not promise.in_suite]
    # What runs in this process says what it suffers; that is expected here. Processes have their log files.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    figures: list[Figure] = []
    began = perf_counter()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # what a shell started beside itself ignores it
    try:
        asyncio.run(run_all(chosen, figures, seed=seed, short=wish.short, hours=wish.hours))
    except KeyboardInterrupt:
        say_all(seed, figures)
        print("stopped: the others were not proven")
        return INTERRUPTED
    if wish.report:
        beside.write(wish.report, figures)
    broken = say_all(seed, figures)
    print(f"{(perf_counter() - began) / 60:.1f} min")
    return 1 if broken else 0


def say_all(seed: int, figures: list[Figure]) -> int:
    """The table; how many are broken."""
    broken = sum(not figure.held for figure in figures)
    print(f"\nseed {seed}\n{table(figures)}\n\n{len(figures) - broken} held, {broken} broken")
    return broken


if __name__ == "__main__":
    sys.exit(main())
