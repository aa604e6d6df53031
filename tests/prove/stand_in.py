"""A service of which only the runtime is real: it hears things, and notes each hearing where nothing but
the runtime keeps it from being noted twice.

    python -m tests.prove.stand_in notify
"""

import sys
from typing import Any, ClassVar
from uuid import UUID

from services.contracts.envelope import Event, Told
from services.runtime.config import Common
from services.runtime.db import Tx
from services.runtime.hearing import Subscription
from services.runtime.main import Parts, Service, run

SERVICES = ("booking", "rooms", "notify")
ADD_EFFECT = "INSERT INTO test_effect (thing_id) VALUES ($1)"
TABLES = [
    statement
    for name in SERVICES
    for statement in (
        f"CREATE TABLE {name}.test_effect (thing_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now())",
        f"GRANT SELECT, INSERT ON {name}.test_effect TO {name}",
    )
]


class ToldByBooking(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.test_told"
    thing_id: UUID


class ToldByRooms(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "rooms.v1.event.test_told"
    thing_id: UUID


async def note(tx: Tx, event: Any, _: Told) -> None:
    await tx.execute(ADD_EFFECT, event.thing_id)


HEARS: dict[str, list[Subscription]] = {
    "booking": [Subscription(owner="rooms", durable="booking-rooms", handlers={ToldByRooms: note})],
    "rooms": [Subscription(owner="booking", durable="rooms-booking", handlers={ToldByBooking: note})],
    "notify": [Subscription(owner="booking", durable="notify-booking", handlers={ToldByBooking: note})],
}


def build(parts: Parts, _: Common) -> Service:
    return Service(subscriptions=HEARS[parts.name])


if __name__ == "__main__":
    run(sys.argv[1], build, Common)
