"""How late a message is when a thousand are due within one minute."""

from bench.figures import Figure, alone, percentile
from bench.owed import owe_reminders
from bench.stage import system
from tests.support.eventually import eventually

COUNT = 1000
DUE = "interval '3 seconds' + n * interval '60 milliseconds'"
OPEN = "SELECT count(*) AS n FROM notify.message WHERE state IN ('planned', 'sending')"
LATE = (
    "SELECT extract(epoch FROM sent_at - due_at)::float8 AS late FROM notify.message WHERE state = 'sent'"
)


async def measure() -> list[Figure]:
    async with system() as stack:
        await owe_reminders(stack, COUNT, due=DUE)

        async def none_open() -> bool:
            return not (await stack.sql(OPEN))[0]["n"]

        await eventually(none_open, within=180)
        late = [row["late"] for row in await stack.sql(LATE)]
    assert len(late) >= COUNT
    return [
        alone(
            "lateness, 1,000 due in one minute, p99",
            [percentile(late, 0.99)],
            unit="s",
            target=1.0,
            said=f"p50 {percentile(late, 0.5):.2f} s, worst {max(late):.2f} s",
        )
    ]
