"""A25: bad input never gives 500: requests made up by chance for every row of the route table."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from services.gateway import app
from services.gateway.routes import ROUTES
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.fuzz.crowd import gather
from tests.prove.fuzz.pressing import Found, Pressing
from tests.prove.journal import invariants
from tests.prove.places import a_house
from tests.prove.proof import Run, percentile
from tests.support.system import FORM_KEY, LINK_KEYS

EACH = 10_000
LONG_SECONDS = 240
SHORT_SECONDS = 5
ROUNDS = 12  # with the same people, before what is done to them leaves too little to ask about
SHOWN = 4
WORD = "kanari"


async def prove(run: Run) -> None:
    """Ten thousand of each row, or as many as there is time for."""
    seconds = run.hours * 3600 or run.choose(long=LONG_SECONDS, short=SHORT_SECONDS)
    async with a_fleet(run) as fleet:
        pids, read = _pids(fleet), _sizes(fleet)
        pressing = Pressing(ROUTES, fleet.gateways[0], run.seed)
        began = perf_counter()
        while perf_counter() < began + seconds and pressing.fewest < EACH:
            crowd = await gather(
                fleet.house, form_key=fleet.secrets.form_key, link_keys=f"k1:{fleet.secrets.link_key}"
            )
            await pressing.press(crowd, rounds=ROUNDS, until=began + seconds)
        _say(run, pressing.found, perf_counter() - began)
        run.none("processes that ended", [name for name, pid in _pids(fleet).items() if pid != pids[name]])
        await fleet.settled()
        spoken, errors = 0, list[str]()
        for line in _lines_since(fleet, read):
            spoken += WORD in line
            if '"level":"error"' in line:
                errors.append(line)
        run.none("lines of a log with a word of what was sent", spoken)
        run.none("errors in the logs", len(errors))
        run.errors[:0] = errors[:SHOWN]
        await invariants(run, fleet.system)


def _say(run: Run, found: Found, seconds: float) -> None:
    each = [found.cases[route.named] for route in ROUTES]
    run.said(
        "cases", f"{found.total} of {len(each)} rows, {min(each)} to {max(each)} each, {seconds:.0f} s"
    )
    run.said("rows that took at least one of theirs", sum(found.yes[route.named] > 0 for route in ROUTES))
    run.said(
        "slowest of a hundred",
        f"{percentile(found.seconds, 0.99):.2f} s, at most {max(found.seconds):.1f} s",
    )
    run.said("turned away for the moment (503 with Retry-After)", found.statuses[503])
    run.none(
        "5xx", sum(count for status, count in found.statuses.items() if status >= 500 and status != 503)
    )
    run.none("answers that are not as they must be", found.wrong.total())
    told = sorted(found.wrong, key=lambda kind: ("answered 5" not in kind, -found.wrong[kind]))
    run.errors += [f"{found.wrong[kind]} × {found.examples[kind]}" for kind in told]


def _pids(fleet: Fleet) -> dict[str, int]:
    return {name: fleet.pid(name) for names in fleet.names.values() for name in names}


def _sizes(fleet: Fleet) -> dict[Path, int]:
    return {path: path.stat().st_size for path in (fleet.folder / "log").glob("*")}


def _lines_since(fleet: Fleet, sizes: dict[Path, int]) -> Iterator[str]:
    """One by one: those of a night are many."""
    for path in sorted((fleet.folder / "log").glob("*")):
        with path.open(errors="replace") as file:
            file.seek(sizes.get(path, 0))
            yield from file


async def control(run: Run) -> None:
    """With a row that cannot bear an address, as the soundest of its requests have one."""

    async def careless(asking: Any) -> Any:
        assert asking.body.email is None

    spoiled = [
        replace(row, handler=careless) if row.named == "POST /api/v1/links" else row for row in ROUTES
    ]
    kept = vars(app)["ROUTES"]
    vars(app)["ROUTES"] = tuple(spoiled)
    try:
        async with a_house(run, "rooms", "gateway") as house:
            house.system.clock.moved_by *= 0
            pressing = Pressing(spoiled, house.system.http("gateway"), run.seed)
            pressing.only("POST /api/v1/links")
            crowd = await gather(house, form_key=FORM_KEY, link_keys=LINK_KEYS)
            await pressing.press(crowd, rounds=60, until=perf_counter() + 20)
    finally:
        vars(app)["ROUTES"] = kept
    run.control(
        "a handler that bears it", f"{pressing.found.wrong.total()} found", broke=bool(pressing.found.wrong)
    )
