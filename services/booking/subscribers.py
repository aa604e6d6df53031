"""Events in: what rooms tells of who came, and of meetings that their hosts have ended."""

from services.booking.service.staffing import attendance
from services.booking.store import slots as slot_store
from services.contracts.envelope import Told
from services.contracts.rooms import AttendeeJoined, RoomClosed
from services.runtime.call import own_call
from services.runtime.db import Tx
from services.runtime.hearing import Subscription


async def note_joined(tx: Tx, event: AttendeeJoined, told: Told) -> None:
    """A help for the host's memory when they record the outcome; of a session it is the attendance."""
    await attendance.note_joined(tx, event, own_call("booking", told.at))


async def end_slot(tx: Tx, event: RoomClosed, told: Told) -> None:
    """Also before its hour: the meeting has been held, and is not to be cancelled any more."""
    await slot_store.end_slot(tx, event.slot_id, told.at, starts_at=event.starts_at)


def subscriptions() -> list[Subscription]:
    return [
        Subscription(
            owner="rooms",
            durable="booking-rooms",
            handlers={AttendeeJoined: note_joined, RoomClosed: end_slot},
        )
    ]
