"""How long the processes on the way of a request have run, and how long they have waited for a core."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.stack import Stack

ON_THE_WAY = ("gateway", "booking")
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'digiaula-booking'"
NANOSECONDS = 1e6


@dataclass(frozen=True)
class Cores:
    """Milliseconds of all threads together, since their beginning."""

    ran: float
    waited: float

    def since(self, before: "Cores", *, each: int) -> str:
        ran, waited = (self.ran - before.ran) / each, (self.waited - before.waited) / each
        return f"those on its way ran {ran:.1f} ms for each and waited {waited:.1f} ms for a core"


async def on_the_way(stack: Stack) -> list[int]:
    """Gateway, NATS, booking, and booking's sessions of PostgreSQL."""
    services = [stack.state["services"][name]["pid"] for name in ON_THE_WAY]
    sessions = [row["pid"] for row in await stack.sql(SESSIONS)]
    return [*services, stack.state["parts"]["nats"]["pid"], *sessions]


def cores(pids: list[int]) -> Cores:
    """What the kernel says of them; nothing where it keeps no such record."""
    ran = waited = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            had, wanted, _ = map(int, thread.read_text().split())
            ran, waited = ran + had, waited + wanted
    return Cores(ran / NANOSECONDS, waited / NANOSECONDS)
