"""What the figures at /metrics cost: `python -m bench.measures`.

One request costs a few notes; a scrape costs one telling, in which nothing else happens.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from prometheus_client import generate_latest

from services.runtime.measures import Measures

TIMES = 20_000
ROUNDS = 7
SUBJECTS = 70
ROUTES = 170
OUTCOMES = ("answered", "unavailable", "not_found")


def nanoseconds(work: Callable[[], object], times: int = TIMES) -> float:
    """Of one call: the median of a few rounds."""
    took = []
    for _ in range(ROUNDS):
        began = perf_counter()
        for _ in range(times):
            work()
        took.append((perf_counter() - began) / times * 1e9)
    return median(took)


def all_in_use() -> Measures:
    """A gateway that has been asked everything and has asked everything."""
    measures = Measures("gateway", "bench")
    for number in range(SUBJECTS):
        for outcome in OUTCOMES:
            measures.asks.note(f"booking.v1.rpc.subject_{number}", outcome, seconds=0.004)
    for number in range(ROUTES):
        for status in ("200", "404"):
            measures.http.note(f"/api/v1/route/{number}/{{token}}", "GET", status, seconds=0.004)
    return measures


def main() -> None:
    measures = all_in_use()
    note = nanoseconds(lambda: measures.asks.note("booking.v1.rpc.subject_1", "answered", seconds=0.0041))
    wait = nanoseconds(lambda: measures.db_wait.observe(0.00002))
    clock = nanoseconds(perf_counter)
    telling = nanoseconds(lambda: generate_latest(measures.registry), 5) / 1e6
    size = len(generate_latest(measures.registry))
    print(f"one thing counted and timed   {(note + 2 * clock) / 1000:8.2f} µs")
    print(f"one wait timed                {(wait + 2 * clock) / 1000:8.2f} µs")
    print(f"one telling, {size // 1024} KiB         {telling:8.1f} ms")


if __name__ == "__main__":
    main()
