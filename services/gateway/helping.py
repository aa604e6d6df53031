""" "I cannot get in": the host is told by rooms at once; booking knows whether the resident can be rung."""

from dataclasses import replace
from datetime import timedelta

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.envelope import Resident
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import AskForHelp
from services.gateway.door import Door
from services.runtime.call import Call

ANSWER_WITHIN = timedelta(seconds=1)


async def ask(door: Door, call: Call) -> bool | None:
    """Whether the host has a number to ring; None while booking does not say."""
    assert isinstance(call.actor, Resident)
    await door.bus.call(AskForHelp(), call)
    soon = replace(call, deadline=call.now + ANSWER_WITHIN)
    try:
        booking = await door.bus.call(DescribeBooking(booking_id=call.actor.booking_id), soon)
    except (Refusal, Unavailable):
        return None
    return booking.phone_on_file
