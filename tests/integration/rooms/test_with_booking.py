"""rooms beside the real booking: its news arrives at once, whatever went before it."""

from datetime import timedelta
from functools import partial
from statistics import median
from time import monotonic

from services.contracts.booking.appointments import CancelBooking
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident
from tests.support.system import System

PLACE = "SELECT live FROM rooms.place WHERE booking_id = $1"


async def test_every_booking_and_every_cancelling_is_known_in_the_room_at_once(system: System) -> None:
    """The client library's fetch can keep a message back until its time is over."""
    system.clock.set(A_TUESDAY)
    await system.start("booking", "rooms")
    house = await House.build(system)
    host = await house.expert()
    took = []

    async def stands(booking_id: object, live: bool) -> bool:
        rows = await system.sql(PLACE, booking_id)
        return bool(rows and rows[0]["live"] is live)

    for number in range(8):
        slot = await house.slot(host, A_TUESDAY + timedelta(hours=2 + number))
        booking = await house.book(slot.id)
        began = monotonic()
        await eventually(partial(stands, booking.id, live=True))
        await system.ask(CancelBooking(booking_id=booking.id), resident(booking))
        await eventually(partial(stands, booking.id, live=False))
        took.append(monotonic() - began)

    assert median(took) < 1.0  # each alone may have met with a machine that stood still
