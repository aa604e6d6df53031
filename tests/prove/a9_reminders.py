"""A9: every due reminder is sent, whatever the mail server does and whoever dies."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from random import Random
from typing import Any, cast
from uuid import UUID, uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.integration.notify.neighbours import Neighbours
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.proof import Run, percentile
from tests.support.eventually import eventually
from tests.support.facts import a_slot

WORKERS = 3
PLAN = """
    INSERT INTO notify.message (id, kind, about, occasion, booking_id, starts_at, due_at, not_after,
                                give_up_at, next_try_at)
    SELECT gen_random_uuid(), 'reminder_hour', id, 0, id, $3, due, $3,
        $3::timestamptz - interval '10 minutes', due
    FROM unnest($1::uuid[], $2::timestamptz[]) AS planned(id, due)
"""
ENDED = "SELECT about, state, due_at FROM notify.message WHERE kind = 'reminder_hour'"
OWED = (
    "SELECT 1 FROM notify.message WHERE kind = 'reminder_hour' AND state IN ('planned', 'sending') LIMIT 1"
)
IN_HAND = "SELECT 1 FROM notify.message WHERE state = 'sending' LIMIT 1"
# Any worker that lives looks for such every five seconds.
LOST = (
    "SELECT 1 FROM notify.message WHERE state = 'sending' AND next_try_at < now() - interval '15 seconds'"
)


class BadMailServer:
    """Of a hundred messages it puts ten off, refuses two, leaves five without an answer, and takes one
    and hangs up before saying so. It thinks for `slow` seconds about each that it takes."""

    def __init__(self, chance: Random, *, slow: float = 0) -> None:
        self.taken: list[tuple[str, str, datetime]] = []  # receiver, Message-ID, when
        self.refused: set[str] = set()
        self.cuts = 0
        self._chance = chance
        self._slow = slow
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0)
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server:
            self._server.close()

    async def handle_RCPT(  # noqa: N802 - the library looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        lot = self._chance.random()
        if not address.startswith("asukas"):  # coordinators are told in peace
            lot = 1.0
        if lot < 0.10:
            return "451 Later"
        if lot < 0.12:
            self.refused.add(address)
            return "550 No such person"
        if lot < 0.145:
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the same
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        lot = self._chance.random()
        to = envelope.rcpt_tos[0]
        if lot < 0.025 and to.startswith("asukas"):
            await asyncio.Event().wait()
        assert isinstance(envelope.content, bytes)
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self.taken.append((to, str(message_from_bytes(head)["Message-ID"]), datetime.now(UTC)))
        if self._slow:
            await asyncio.sleep(self._slow)
        if lot > 0.99 and to.startswith("asukas"):
            self.cuts += 1
            cast(asyncio.Transport, server.transport).abort()
        return "250 OK"


async def prove(run: Run) -> None:
    """Three workers, one killed every five seconds; reminders due over a minute."""
    count, spread = run.choose(long=(10_000, 60.0), short=(60, 2.0))
    server = BadMailServer(run.chance)
    try:
        async with a_fleet(run, services={"notify": WORKERS}, smtp=await server.open()) as fleet:
            due = await _plan(run, fleet, count, spread)
            await eventually(lambda: server.taken, within=30)
            kills = await _kill_until(run, fleet, within=run.choose(long=285.0, short=8.0))
            await _judge(run, fleet, server, due, kills)
    finally:
        server.close()


async def _plan(run: Run, fleet: Fleet, count: int, spread: float) -> dict[str, datetime]:
    neighbours = await Neighbours.move_in(fleet.system)
    now = datetime.now(UTC)
    starts_at = now.replace(microsecond=0) + timedelta(hours=1)
    slot = a_slot(starts_at)
    moments = [now + timedelta(seconds=3 + run.chance.uniform(0, spread)) for _ in range(count)]
    ids: list[UUID] = [uuid4() for _ in range(count)]
    due = {}
    for number, (its_id, moment) in enumerate(zip(ids, moments, strict=True)):
        address = f"asukas{number}@posti.example"
        neighbours.has(booking_id=its_id, email=address, slot=slot)
        due[address] = moment
    await fleet.system.sql(PLAN, ids, moments, starts_at)
    return due


async def _kill_until(run: Run, fleet: Fleet, *, within: float) -> int:
    """One worker every five seconds, as long as any reminder is owed."""
    loop = asyncio.get_running_loop()
    end, kills = loop.time() + within, 0
    while loop.time() < end and await fleet.system.sql(OWED):
        await asyncio.sleep(run.choose(long=5, short=2))
        kills += fleet.kill(run.chance.choice(fleet.names["notify"]))
    return kills


async def _judge(
    run: Run, fleet: Fleet, server: BadMailServer, due: dict[str, datetime], kills: int
) -> None:
    if run.short:  # the put off ones come after a quarter of a minute: not waited for here
        first = {to for to, _, _ in server.taken} & set(due)
        run.at_least(f"reminders taken within seconds, {kills} killed workers", len(first), len(due) // 2)
    else:
        await eventually(lambda: _nothing_owed(fleet), within=30)
    took: dict[str, float] = {}
    times: Counter[str] = Counter()
    ids: dict[str, set[str]] = {}
    for to, message_id, at in server.taken:
        if to in due:
            took.setdefault(to, (at - due[to]).total_seconds())
            times[to] += 1
            ids.setdefault(to, set()).add(message_id)
    doubles = sum(count - 1 for count in times.values())
    run.none("sent before they were due", sum(1 for seconds in took.values() if seconds < -0.5))
    run.holds(
        f"came twice, {kills} killed workers, {server.cuts} cuts",
        doubles,
        f"≤ {kills + server.cuts}",
        doubles <= kills + server.cuts,
    )
    run.none("came twice under another Message-ID", [to for to, known in ids.items() if len(known) > 1])
    if not run.short:
        missed = set(due) - set(took) - server.refused
        run.none(f"missed of {len(due)}, {len(server.refused)} refused for good", missed)
        run.measured("from due to taken, p95", percentile(list(took.values()), 0.95), 60, "s")
        run.measured("from due to taken, the slowest", max(took.values()), 300, "s")


async def _nothing_owed(fleet: Fleet) -> bool:
    return not await fleet.system.sql(OWED)


async def control(run: Run) -> None:
    """Without the lease, workers that live take each other's messages; with a claim that never ends, what
    a killed one had in hand goes to nobody."""
    for without, what in (("lease", "came twice"), ("taking over", "went to nobody")):
        server = BadMailServer(run.chance, slow=0.5)
        try:
            async with a_fleet(
                run,
                services={"notify": 2},
                modules={"notify": "tests.prove.unguarded"},
                smtp=await server.open(),
                WITHOUT=without,
            ) as fleet:
                due = await _plan(run, fleet, 100, 1.0)
                found = await (_doubled(server, due) if without == "lease" else _left_behind(fleet))
        finally:
            server.close()
        run.control(without, f"{found} {what}", broke=found > 0)


async def _doubled(server: BadMailServer, due: Collection[str]) -> int:
    """Beyond those that were cut off; nobody is killed."""

    async def doubles() -> int:
        taken = [to for to, _, _ in server.taken if to in due]
        return max(0, len(taken) - len(set(taken)) - server.cuts)

    return await _in_the_end(doubles)


async def _left_behind(fleet: Fleet) -> int:
    async def lost() -> int:
        return len(await fleet.system.sql(LOST))

    await eventually(lambda: fleet.system.sql(IN_HAND), within=20)
    for name in fleet.names["notify"]:
        fleet.kill(name)
    return await _in_the_end(lost)


async def _in_the_end(count: Callable[[], Awaitable[int]]) -> int:
    try:
        return await eventually(count, within=40)
    except AssertionError:
        return 0
