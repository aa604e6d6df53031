"""A run of proofs: its seed, what they found, and the table of it."""

import itertools
import os
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

# How long a proof waits for what must come. What has not come then is not slow: it never will.
IN_THE_END = 120.0

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Figure:
    """One line of the table. `load` is how busy the machine was: a time on a crowded one is no figure."""

    promise: str
    what: str
    figure: str
    target: str
    held: bool
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    @property
    def row(self) -> tuple[str, str, str, str, str, str]:
        return self.promise, self.what, self.figure, self.target, f"{self.load:.1f}", self.verdict

    def __str__(self) -> str:
        return " · ".join(self.row)

    @property
    def verdict(self) -> str:
        return "held" if self.held else "BROKEN"


class Run:
    """Everything random in a proof comes from `chance`, so that a seed repeats a run.

    `short` asks for the form that `make test` runs: the same harm in seconds, and nothing judged that is a
    time. `hours` is how long a proof may go on that gets better with time.
    """

    def __init__(
        self,
        promise: str,
        *,
        seed: int,
        short: bool,
        folder: Path,
        ground: "Ground | None" = None,
        hours: float = 0,
    ) -> None:
        self.promise = promise
        self.seed = seed
        self.short = short
        self.hours = hours
        self.folder = folder
        self.ground = ground or Ground(folder)
        self.chance = Random(f"{seed} {promise}")
        self.figures: list[Figure] = []
        self.errors: list[str] = []

    def new_folder(self) -> Path:
        return self.folder / f"{self.promise}-{next(_numbers)}"

    def choose(self, *, long: Any, short: Any) -> Any:
        return short if self.short else long

    def holds(self, what: str, figure: Any, target: str, held: bool) -> None:
        found = Figure(self.promise, what, str(figure), target, held)
        self.figures.append(found)

    def none(self, what: str, found: Collection[Any] | int) -> None:
        """Of these there must be none; the first few of those found are shown."""
        count = found if isinstance(found, int) else len(found)
        shown = "" if isinstance(found, int) or not found else f" ({', '.join(map(str, list(found)[:3]))})"
        self.holds(what, f"{count}{shown}", "0", count == 0)

    def measured(self, what: str, value: float, limit: float, unit: str) -> None:
        """A time, or what else is the machine's as much as ours. The short form runs on any machine, beside
        other tests: it shows such a figure, with its target in brackets, and judges nothing by it."""
        target = f"≤ {limit:g} {unit}"
        shown = f"({target})" if self.short else target
        self.holds(what, f"{value:.3g} {unit}", shown, self.short or value <= limit)

    def at_least(self, what: str, value: float, limit: float, unit: str = "") -> None:
        self.holds(what, f"{value:g} {unit}".strip(), f"≥ {limit:g} {unit}".strip(), value >= limit)

    def said(self, what: str, figure: Any) -> None:
        """What is good to know and promises nothing."""
        self.holds(what, figure, "–", True)

    def control(self, without: str, figure: Any, *, broke: bool) -> None:
        """The same without the guard: a proof that holds then proves nothing."""
        self.holds(f"control: without {without}", figure, "must break", broke)


class Ground:
    """What proofs share because starting it takes long: started when first needed, ended with the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._things: dict[str, Any] = {}
        self._kept = AsyncExitStack()

    async def shared(self, name: str, make: Callable[[Path], AbstractAsyncContextManager[T]]) -> T:
        if name not in self._things:
            self._things[name] = await self._kept.enter_async_context(make(self._folder / name))
        thing: T = self._things[name]
        return thing

    def give(self, name: str, thing: Any) -> None:
        """Somebody else has one already, and ends it."""
        self._things[name] = thing

    async def close(self) -> None:
        await self._kept.aclose()


@asynccontextmanager
async def on_ground(folder: Path) -> AsyncIterator[Ground]:
    ground = Ground(folder)
    try:
        yield ground
    finally:
        await ground.close()


def percentile(values: Sequence[float], part: float) -> float:
    """0.99 for the slowest of a hundred; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def table(figures: Sequence[Figure]) -> str:
    rows = [("", "promise", "figure", "target", "load", ""), *(each.row for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        " · ".join(f"{cell:{width}}" for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )
