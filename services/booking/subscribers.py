"""Events in: what rooms tells of who came."""

from services.booking.store import bookings as store
from services.contracts.envelope import Told
from services.contracts.rooms import AttendeeJoined
from services.runtime.db import Tx
from services.runtime.streams import Subscription


async def note_joined(tx: Tx, event: AttendeeJoined, _: Told) -> None:
    """A help for the host's memory when they record the outcome; it decides nothing."""
    await store.note_joined(tx, event.booking_id, event.at)


def subscriptions() -> list[Subscription]:
    return [Subscription(owner="rooms", durable="booking-rooms", handlers={AttendeeJoined: note_joined})]
