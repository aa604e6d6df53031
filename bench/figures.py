"""Figures: what was measured, the limit measured beside it, and the table of both."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

WIDTH = 22


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`limit` is what a bare server did in the same run, `ratio` how near we come to it (1 is as good).

    `spread` is the distance between the best and the worst round, as a part of the median.
    """

    name: str
    value: float
    unit: str
    limit: float
    ratio: float
    runs: int
    spread: float
    target: float | None = None

    @property
    def is_met(self) -> bool:
        return self.target is None or self.value <= self.target


def rate(name: str, rounds: Sequence[float], limits: Sequence[float]) -> Figure:
    """More is better: the middle of the rounds."""
    value, limit = median(rounds), median(limits)
    return _figure(name, value, "1/s", limit, value / limit, rounds)


def delay(
    name: str, rounds: Sequence[Sequence[float]], limits: Sequence[Sequence[float]], target: float
) -> Figure:
    """Less is better: the 95th of a hundred, of all rounds together."""
    value, limit = p95([each for one in rounds for each in one]), p95([e for one in limits for e in one])
    by_round = [p95(one) for one in rounds]
    return _figure(name, value, "ms", limit, limit / value, by_round, target)


def _figure(
    name: str,
    value: float,
    unit: str,
    limit: float,
    ratio: float,
    rounds: Sequence[float],
    target: float | None = None,
) -> Figure:
    spread = (max(rounds) - min(rounds)) / median(rounds)
    return Figure(
        name=name,
        value=round(value, 2),
        unit=unit,
        limit=round(limit, 2),
        ratio=round(ratio, 3),
        runs=len(rounds),
        spread=round(spread, 2),
        target=target,
    )


def p95(took: Sequence[float]) -> float:
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def table(figures: Sequence[Figure]) -> str:
    lines = [
        f"{'':{WIDTH}} {'value':>10} {'':4} {'limit':>10} {'ratio':>6} {'runs':>5} {'spread':>7}  target"
    ]
    for figure in figures:
        target = (
            "" if figure.target is None else f"{figure.target:g} {'met' if figure.is_met else 'MISSED'}"
        )
        lines.append(
            f"{figure.name:{WIDTH}} {figure.value:>10.1f} {figure.unit:4} {figure.limit:>10.1f}"
            f" {figure.ratio:>6.3f} {figure.runs:>5} {figure.spread:>6.0%}  {target}"
        )
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")
