"""A resident's pages at a steady rate: how long the slowest but one in twenty takes."""

from bench.figures import Figure, alone, percentile
from bench.load import at_a_rate, request
from bench.scene import all_told, group, long_weeks
from bench.stage import ROUNDS, system
from tests.support.stack import Stack

PER_SECOND = 20
SECONDS = 2.0
TARGET_MS = 50.0


async def measure() -> list[Figure]:
    async with system() as stack:
        pages = await _pages(stack)
        await all_told(stack)
        for raw in pages.values():  # the first view of a page makes its templates
            await at_a_rate(stack.gateway, raw, per_second=PER_SECOND, seconds=0.5)
        took: dict[str, list[float]] = {name: [] for name in pages}
        for _ in range(ROUNDS):
            for name, raw in pages.items():
                seen = await at_a_rate(stack.gateway, raw, per_second=PER_SECOND, seconds=SECONDS)
                took[name].append(percentile(seen.only(b"200").took, 0.95))
    return [alone(f"page: {name}, p95", each, unit="ms", target=TARGET_MS) for name, each in took.items()]


async def _pages(stack: Stack) -> dict[str, bytes]:
    expert = await stack.an_expert()
    await long_weeks(stack, expert)
    tokens = await group(stack, expert)
    (free,) = await stack.sql("""
        SELECT id FROM booking.slot WHERE state = 'open' AND kind = 'appointment' AND taken = 0
            AND starts_at > now() + interval '30 days' ORDER BY starts_at LIMIT 1
    """)
    at = stack.gateway
    return {
        "front": request(f"{at}/"),
        "times": request(f"{at}/times"),
        "book form": request(f"{at}/book/{free['id']}"),
        "behind the link": request(f"{at}/t/{tokens[0]}"),
    }
