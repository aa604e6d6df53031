"""A15: too much at once is refused quickly, what is accepted is done in time, and soon all is as before.

A refusal that waits for a busy machine is as slow as anything else there: a bare server is asked at the
same moments, and stands beside it. Those who come are this process, so nothing else goes through it.
"""

import asyncio
import json
from time import perf_counter
from uuid import uuid4

from bench.load import Seen, _one, over, request
from bench.stage import bare_server
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import FREE, invariants, publish_months
from tests.prove.proof import IN_THE_END, Run, percentile
from tests.support.eventually import eventually

NORMAL = {"long": 40, "short": 20}
TIMES = {"long": 10, "short": 40}
# For a while each, until somebody is refused: a quiet machine may serve the others.
MORE_TIMES = (20, 40, 80)
# So that nearly all of the first flood are bookings, and the others meet both.
HOSTS = {"long": 6, "short": 1}
BUSY = (b"503", b"429")
PATIENCE_SECONDS = 60  # somebody who hears nothing for so long was not answered


async def prove(run: Run) -> None:
    """Bookings come ten times as often as is usual; each client over a connection of its own."""
    seconds = run.choose(long=120.0, short=1.5)
    with bare_server() as echo:
        async with a_fleet(run, own=True, cables=False) as fleet:
            await _flooded(run, fleet, echo, seconds)


async def _flooded(run: Run, fleet: Fleet, echo: str, seconds: float) -> None:
    normal = run.choose(**NORMAL)
    await publish_months(fleet, hosts=run.choose(**HOSTS), days=run.choose(long=400, short=60))
    asked = iter([row["id"] for row in await fleet.system.sql(FREE)] * 4)
    before = await _load(fleet, asked, normal, run.choose(long=5.0, short=2.0))
    usual = percentile(_took(before, b"201"), 0.95)
    run.said(f"{normal} a second: p95", f"{usual:.0f} ms")
    memory = _memory(fleet)
    refused = await _flood(run, fleet, echo, asked, normal * run.choose(**TIMES), seconds)
    for times in () if run.short else MORE_TIMES:
        if not refused:
            refused = await _flood(run, fleet, echo, asked, normal * times, seconds / 6)
    if not run.short:
        run.holds("floods in which somebody was refused", int(refused > 0), "1", refused > 0)
    at_worst = _memory(fleet)
    began = perf_counter()
    await eventually(lambda: _as_before(run, fleet, asked, usual), within=IN_THE_END)
    healed = perf_counter() - began
    growth = max(at_worst[name] / memory[name] for name in memory)
    run.measured("memory under the flood, against before", growth, 2, "×")
    run.measured("as before again", healed, 30, "s")
    await invariants(run, fleet.system)


async def _flood(
    run: Run, fleet: Fleet, echo: str, asked: object, per_second: float, seconds: float
) -> int:
    """How many were refused."""
    hello = [request(f"{echo}/", method="POST", body=b"{}")] * int(run.choose(**NORMAL) * seconds)
    flood, bare = await asyncio.gather(
        _load(fleet, asked, per_second, seconds), over(echo, hello, seconds=seconds)
    )
    accepted = _took(flood, b"201") + _took(flood, b"409")
    refused = [ms for status in BUSY for ms in _took(flood, status)]
    run.said(f"{per_second:g} a second: accepted, refused", f"{len(accepted)}, {len(refused)}")
    run.said("a bare server at the same moments, p50 and p99", _middle_and_worst(bare.took))
    run.measured("accepted under the flood, p99", percentile(accepted, 0.99) / 1000, 2, "s")
    if refused:
        run.said("refused under the flood, p50 and p99", _middle_and_worst(refused))
        run.measured("refused under the flood, p99", percentile(refused, 0.99), 100, "ms")
    others = {status.decode() for status, _ in flood} - {"201", "409", "503", "429"}
    run.none("answered otherwise", sorted(others))
    return len(refused)


def _middle_and_worst(took: list[float]) -> str:
    return f"{percentile(took, 0.5):.0f}, {percentile(took, 0.99):.0f} ms"


Took = list[tuple[bytes, float]]


async def _load(fleet: Fleet, slots: object, per_second: float, seconds: float) -> Took:
    """At a steady rate, whether or not those before have been answered: (status, milliseconds) of each."""
    began, tasks, found = perf_counter(), [], []
    at = fleet.gateways[0]

    async def one(asked: bytes) -> None:
        seen = Seen()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await _one(at, asked, seen)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            seen.note(b"cut", PATIENCE_SECONDS * 1000)
        found.append((next(iter(seen.by_status)), seen.took[0]))

    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
        body = {"slot_id": str(next(slots)), "display_name": "Kielo", "consent": True}  # type: ignore[call-overload]
        body["email"] = f"{uuid4().hex}@posti.example"
        raw = json.dumps(body).encode()
        asked = request(f"{at}/api/v1/bookings", method="POST", body=raw, Idempotency_Key=uuid4().hex)
        tasks.append(asyncio.create_task(one(asked)))
    await asyncio.gather(*tasks)
    return found


def _took(answers: Took, status: bytes) -> list[float]:
    return [ms for said, ms in answers if said == status]


async def _as_before(run: Run, fleet: Fleet, slots: object, usual: float) -> bool:
    """Under the usual load everybody is answered, and as fast as they were, give or take a busy machine's
    half."""
    answers = await _load(fleet, slots, run.choose(**NORMAL), run.choose(long=2.0, short=1.0))
    well = {status for status, _ in answers} <= {b"201", b"409"}
    return well and (run.short or percentile([ms for _, ms in answers], 0.95) <= 1.5 * usual + 20)


def _memory(fleet: Fleet) -> dict[str, int]:
    """Resident bytes of each service."""
    found = {}
    for name in ("booking-1", "gateway-1", "rooms-1", "notify-1"):
        with open(f"/proc/{fleet.pid(name)}/statm", encoding="ascii") as statm:  # noqa: PTH123 - the kernel's
            found[name] = int(statm.read().split()[1])
    return found
