"""Two copies of every service behind one name: whichever a request meets, it meets the same system."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.envelope import Resident
from services.gateway.limits import Limit, Limits
from services.gateway.waiting import GRACE, WaitingPages
from tests.integration.gateway.conftest import a_booking
from tests.integration.gateway.test_live import BY_NEWS, opened
from tests.integration.scaling.conftest import Both
from tests.support.eventually import eventually
from tests.support.system import System
from tests.support.visitor import Visitor

SERVICES = ("booking", "rooms", "notify", "gateway")
BUSY = """
    SELECT count(*) AS n FROM pg_stat_activity
    WHERE application_name = $1 AND datname = current_database()
"""


async def test_a_journey_goes_on_at_another_copy(both: Both) -> None:
    """Booked at A, signed in at A, opened by the host at B: the page that is open at A hears of it."""
    host, slot, resident, link = await both.a_meeting()
    expert = await both.doorstep.signed_in(host.person_id)
    expert.address = both.b
    async with opened(resident, link) as stream:
        assert (await stream.next())[0] == "waiting"

        assert (await expert.post(f"/slots/{slot.id}/join")).status == 200

        assert (await stream.next(within=BY_NEWS))[0] == "open"
    resident.address = both.b
    joined = await resident.post(f"{link}/join")
    assert (joined.status, joined.json["state"]) == (200, "open")


async def test_who_is_shut_out_at_one_copy_is_out_at_the_other(both: Both) -> None:
    host = await both.house.expert()
    coordinator = await both.doorstep.signed_in(both.house.coordinator.person_id)
    expert = await both.doorstep.signed_in(host.person_id)
    expert.address = both.b
    assert (await expert.get("/me")).status == 200

    assert (await coordinator.post(f"/people/{host.person_id}/disable")).status == 204
    await eventually(lambda: _nothing_untold(both.system))

    # With booking away a copy goes by what it remembers of people, and that was forgotten at the news.
    await both.system.stop("booking")
    await both.copies.stop("booking")

    async def shut_out() -> bool:
        return (await expert.get("/me")).status == 503

    await eventually(shut_out)


async def _nothing_untold(system: System) -> bool:
    return not await system.sql("SELECT 1 FROM booking.outbox WHERE published_at IS NULL")


async def test_one_key_at_two_copies_at_once_books_once(both: Both) -> None:
    slot = await both.house.slot(await both.house.expert(), both.system.clock.now() + timedelta(hours=3))
    key = str(uuid4())
    visitors = [await both.doorstep.visitor() for _ in range(10)]
    for visitor in visitors[::2]:
        visitor.address = both.b

    said = await asyncio.gather(
        *(visitor.post("/bookings", a_booking(slot.id), key=key) for visitor in visitors)
    )

    assert {reply.status for reply in said} == {201}
    assert len({reply.json["id"] for reply in said}) == 1
    assert len(await both.system.sql("SELECT 1 FROM booking.booking")) == 1


async def test_a_booking_is_told_to_each_listener_once(both: Both) -> None:
    """Both copies of a listener pull from one consumer: the work is shared, not done twice."""
    await both.with_notify()
    host = await both.house.expert()
    slots = [
        await both.house.slot(host, both.system.clock.now() + timedelta(hours=3 + n)) for n in range(6)
    ]
    for n, slot in enumerate(slots):
        await both.house.book(slot.id, email=f"asukas{n}@posti.example")

    confirmations = "SELECT booking_id FROM notify.message WHERE kind = 'confirmation'"
    await eventually(lambda: _has(both.system, confirmations, len(slots)))
    await eventually(lambda: _has(both.system, "SELECT booking_id FROM rooms.place", len(slots)))
    assert len({row["booking_id"] for row in await both.system.sql(confirmations)}) == len(slots)


async def _has(system: System, statement: str, count: int) -> bool:
    return len(await system.sql(statement)) == count


@pytest.mark.parametrize("service", SERVICES)
async def test_with_one_copy_stopped_the_other_carries_on(both: Both, service: str) -> None:
    """The one that came first, which held the relay's lock."""
    await both.with_notify()
    resident = await both.doorstep.visitor()
    if service == "gateway":
        resident.address = both.b
    slot = await both.house.slot(await both.house.expert(), both.system.clock.now() + timedelta(hours=3))

    await both.system.stop(service)

    made = await resident.post("/bookings", a_booking(slot.id))
    assert made.status == 201
    confirmations = "SELECT booking_id FROM notify.message WHERE kind = 'confirmation'"
    await eventually(lambda: _has(both.system, confirmations, 1))
    assert await eventually(lambda: both.system.sql("SELECT 1 FROM rooms.place"))


async def test_a_page_that_went_to_another_copy_is_still_there(both: Both) -> None:
    """A phone that changes its network comes to the other copy; the first must not say that it left."""
    _, _, resident, link = await both.a_meeting()
    who = await _waits(both, resident, link)
    bus, clock = await both.system.bus("gateway"), both.system.clock
    first, second = WaitingPages(bus, clock), WaitingPages(bus, clock)
    for pages in (first, second):
        await pages.start()
        await bus.settle()
    first.seen(who, "first")
    await first.sweep()

    second.seen(who, "second")
    await second.sweep()
    await eventually(lambda: not first._seen)
    clock.advance(GRACE)
    await first.sweep()
    assert (await resident.get(link)).json["here"]

    await second.sweep()
    await eventually(lambda: _is_gone(resident, link))


async def test_a_copy_that_is_alone_says_that_a_page_is_gone(both: Both) -> None:
    """The control of the one above."""
    _, _, resident, link = await both.a_meeting()
    who = await _waits(both, resident, link)
    pages = WaitingPages(await both.system.bus("gateway"), both.system.clock)
    await pages.start()
    pages.seen(who, "only")
    both.system.clock.advance(GRACE)

    await pages.sweep()

    await eventually(lambda: _is_gone(resident, link))


async def _waits(both: Both, resident: Visitor, link: str) -> Resident:
    """Says that they are here, on a page that neither copy of the gateway follows."""
    assert (await resident.post(f"{link}/join")).json["state"] == "waiting"
    (row,) = await both.system.sql("SELECT id, link_version FROM booking.booking")
    return Resident(booking_id=row["id"], link_version=row["link_version"])


async def _is_gone(resident: Visitor, link: str) -> bool:
    return not (await resident.get(link)).json["here"]


async def test_three_copies_fit_into_what_the_database_grants(both: Both) -> None:
    """Nine connections each; the limit of a role is known where it is set."""
    rows = await both.system.sql(
        "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname = ANY($1)", SERVICES
    )
    (most,) = await both.system.sql("SELECT current_setting('max_connections')::integer AS n")

    assert {row["rolconnlimit"] >= 4 * 9 + 2 for row in rows} == {True}
    assert sum(row["rolconnlimit"] for row in rows) < most["n"]
    (used,) = await both.system.sql(BUSY, "digiaula-booking")
    assert used["n"] <= 2 * 9


def test_what_counts_everybody_is_divided_among_the_copies() -> None:
    alone, one_of_three = (Limits(on=True, trusted_proxies=[], copies=copies) for copies in (1, 3))

    assert (alone.share(Limit.ALL_CODES).amount, one_of_three.share(Limit.ALL_CODES).amount) == (600, 200)
