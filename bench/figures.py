"""Figures: what was measured, the limit measured beside it in the same run, and the table of both."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

WIDTH = 46


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`ratio` is the figure by its limit, round by round, and of those the middle one; `limit` and `value`
    are medians for the eye. `spread` is the distance from the smallest to the largest ratio (without a
    limit: value) as a part of the median. `target` is of the ratio, or of the value where there is none.
    """

    name: str
    value: float
    unit: str
    target: float | None
    less: bool
    runs: int
    spread: float
    limit: float | None = None
    beside: str = ""
    ratio: float | None = None
    said: str = ""

    @property
    def judged(self) -> float:
        return self.value if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool:
        """A value with a limit beside it and no ratio is judged by itself."""
        if self.target is None:
            return True
        return self.judged <= self.target if self.less else self.judged >= self.target


def beside(
    name: str,
    rounds: Sequence[float],
    limits: Sequence[float],
    *,
    unit: str,
    limit: str,
    target: float | None,
    less: bool = False,
    said: str = "",
) -> Figure:
    """Rounds of ours and of the limit, taken in turns: a slow minute of the machine meets both."""
    ratios = [ours / theirs for ours, theirs in zip(rounds, limits, strict=True)]
    return Figure(
        name=name,
        value=median(rounds),
        unit=unit,
        limit=median(limits),
        beside=limit,
        ratio=median(ratios),
        target=target,
        less=less,
        runs=len(rounds),
        spread=_spread(ratios),
        said=said,
    )


def alone(
    name: str,
    rounds: Sequence[float],
    *,
    unit: str,
    target: float | None,
    less: bool = True,
    said: str = "",
) -> Figure:
    """A figure with no limit but its target."""
    return Figure(
        name=name,
        value=median(rounds),
        unit=unit,
        target=target,
        less=less,
        runs=len(rounds),
        spread=_spread(rounds),
        said=said,
    )


def percentile(took: Sequence[float], part: float) -> float:
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _spread(rounds: Sequence[float]) -> float:
    return (max(rounds) - min(rounds)) / median(rounds)


def table(figures: Sequence[Figure]) -> str:
    head = f"{'':{WIDTH}} {'value':>10} {'':4} {'limit':>10} {'ratio':>7} {'target':>8} runs spread"
    return "\n".join([head, *map(_line, figures)])


def _line(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{figure.limit:.4g}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
    target = "" if figure.target is None else f"{'≤' if figure.less else '≥'} {figure.target:g}"
    verdict = "" if figure.target is None else "met" if figure.is_met else "MISSED"
    beside = f"  beside: {figure.beside}" if figure.beside else ""
    said = f"  ({figure.said})" if figure.said else ""
    return (
        f"{figure.name:{WIDTH}} {figure.value:>10.4g} {figure.unit:4} {limit:>10} {ratio:>7} {target:>8}"
        f" {figure.runs:>4} {figure.spread:>6.0%}  {verdict:6}{beside}{said}"
    )


def write(figures: Sequence[Figure], path: Path) -> None:
    """What was measured before stays, unless it was measured again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    names = {figure.name for figure in figures}
    kept = [old for old in kept if "beside" in old and old["name"] not in names]
    told = [asdict(figure) | {"met": figure.is_met} for figure in figures]
    path.write_text(json.dumps([*kept, *told], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
