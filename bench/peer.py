"""`python -m bench peer`: bookings beside those of django-appointment, on the same machine and PostgreSQL.

Where there was a choice, it was made in the library's favour: its visitors are signed in and have seen
its page before, it words and sends no mail, and our listeners are held still while it works.
"""

import asyncio
from collections.abc import Iterator
from statistics import median

from bench.figures import Figure, beside
from bench.load import over
from bench.peer_server import Peer, install, serving
from bench.peer_visit import Time, Visitor, all_arrive, peer_booked_per_second, times
from bench.stage import CONNECTIONS, ROUNDS, add_times, booked_per_second, bookings, nobody_listens, system
from tests.support.stack import Stack

CLIENTS = (8, 64)
RACERS = 50
OURS_HAVE = "SELECT count(*) AS n FROM booking.booking WHERE slot_id = $1"
THEY_HAVE = """
    SELECT count(*) AS n FROM appointment_appointment a
    JOIN appointment_appointmentrequest r ON r.id = a.appointment_request_id
    WHERE r.staff_member_id = $1 AND r.date = $2 AND r.start_time = $3
"""


async def measure() -> list[Figure]:
    python = install()
    async with system() as stack, serving(stack, python) as peer:
        free = times(peer.staff)
        visitors = await all_arrive(peer, free, max(CLIENTS))
        ours, theirs = await _in_turns(stack, peer, visitors, free)
        figures = [_rate(ours, theirs), await _race(stack, peer, visitors[:RACERS], next(free))]
        for visitor in visitors:
            visitor.leave()
    return figures


async def _in_turns(
    stack: Stack, peer: Peer, visitors: list[Visitor], free: Iterator[Time]
) -> tuple[list[float], dict[int, list[float]]]:
    """Ours round by round, and theirs by how many come at a time."""
    requests = bookings(stack.gateway, await add_times(stack, hosts=60, each=500))
    await booked_per_second(stack, requests)
    ours: list[float] = []
    theirs: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    for number in range(ROUNDS):
        ours.append(await booked_per_second(stack, requests))
        with nobody_listens(stack):
            for clients, rounds in theirs.items():
                first = number * clients % len(visitors)
                some = visitors[first : first + clients]
                rounds.append(await peer_booked_per_second(peer, some, free))
    return ours, theirs


def _rate(ours: list[float], theirs: dict[int, list[float]]) -> Figure:
    clients = max(theirs, key=lambda each: median(theirs[each]))
    others = ", ".join(f"{median(each):.3g} /s with {number}" for number, each in theirs.items())
    return beside(
        f"bookings, {CONNECTIONS} connections, beside a peer",
        ours,
        theirs[clients],
        unit="/s",
        limit=f"django-appointment, {clients} clients at a time",
        target=None,
        said=f"its visitors signed in, no mails: {others}",
    )


async def _race(stack: Stack, peer: Peer, visitors: list[Visitor], wanted: Time) -> Figure:
    """Nobody is late: all have seen it free before the first asks for it."""
    (slot_id,) = await add_times(stack, hosts=1, each=1, begins="2 days")
    seen = await over(stack.gateway, list(bookings(stack.gateway, [slot_id] * RACERS)), seconds=0)
    (ours,) = await stack.sql(OURS_HAVE, slot_id)
    if not all(await asyncio.gather(*(each.sees(wanted) for each in visitors))):
        raise AssertionError("what nobody has booked is not shown as free")
    told = sum(await asyncio.gather(*(each.is_told(wanted) for each in visitors)))
    when = wanted.starts
    (theirs,) = await peer.sql(THEY_HAVE, wanted.staff, when.date(), when.time())
    return beside(
        f"{RACERS} want one time: told that they have it",
        [float(seen.by_status.get(b"201", 0))],
        [float(told)],
        unit="",
        limit="django-appointment",
        target=None,
        less=True,
        said=f"rows in the database: {ours['n']}, django-appointment {theirs['n']}",
    )
