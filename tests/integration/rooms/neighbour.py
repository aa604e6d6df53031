"""Booking as rooms sees it: what it tells, what it answers, and whether it is there at all."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.contracts.booking.appointments import DescribePlace, Place
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingMoved,
    LinkRenewed,
    SlotCancelled,
    SlotChanged,
)
from services.contracts.envelope import Event, Resident, Role, Staff, Told, encode, raw
from services.contracts.refusals import Code, Refusal
from services.runtime import outbox
from services.runtime.bus import Bus
from services.runtime.call import Call
from tests.support.eventually import eventually
from tests.support.system import System


@dataclass(frozen=True, kw_only=True)
class ASlot:
    starts_at: datetime
    id: UUID = field(default_factory=uuid4)
    host_id: UUID = field(default_factory=uuid4)
    kind: SlotKind = SlotKind.APPOINTMENT
    minutes: int = 45

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def host(self) -> Staff:
        return expert(self.host_id)

    def changed(self, *hosts: UUID, version: int, room_limit: int = 20) -> SlotChanged:
        return SlotChanged(
            slot_id=self.id,
            host_id=self.host_id,
            hosts=list(hosts),
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            room_limit=room_limit,
            version=version,
        )


def expert(person_id: UUID) -> Staff:
    return Staff(person_id=person_id, role=Role.EXPERT)


@dataclass(frozen=True, kw_only=True)
class ABooking:
    slot: ASlot
    id: UUID = field(default_factory=uuid4)
    version: int = 1
    link_version: int = 1
    seated: bool = True

    @property
    def resident(self) -> Resident:
        return Resident(booking_id=self.id, link_version=self.link_version)

    def later(self, **changes: Any) -> "ABooking":
        return replace(self, version=self.version + 1, **changes)

    def confirmed(self) -> BookingConfirmed:
        return BookingConfirmed(**self._facts())

    def cancelled(self) -> BookingCancelled:
        return BookingCancelled(**self._facts(), by="resident")

    def moved(self, away_from: ASlot) -> BookingMoved:
        return BookingMoved(**self._facts(), from_slot_id=away_from.id)

    def renewed(self) -> LinkRenewed:
        return LinkRenewed(**self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "booking_id": self.id,
            "slot_id": self.slot.id,
            "host_id": self.slot.host_id,
            "kind": self.slot.kind,
            "starts_at": self.slot.starts_at,
            "ends_at": self.slot.ends_at,
            "time_zone": "Europe/Helsinki",
            "version": self.version,
            "link_version": self.link_version,
            "sequence": 0,
            "seated": self.seated,
        }


def called_off(slot: ASlot) -> SlotCancelled:
    return SlotCancelled(slot_id=slot.id, host_id=slot.host_id)


class Booking:
    """Tells news on its stream at once, and answers `DescribePlace` from what it was told to know."""

    def __init__(self, system: System, bus: Bus) -> None:
        self._system = system
        self._bus = bus
        self._places: dict[UUID, Place] = {}
        self.asked: list[DescribePlace] = []

    async def declare_stream(self) -> None:
        await self._bus.jetstream.add_stream(outbox.stream_config("booking"))

    async def answer(self) -> None:
        """Be there: until this is called nobody answers for booking."""
        await self._bus.serve({DescribePlace: self._describe})

    async def go_away(self) -> None:
        await self._bus.stop_serving(1)

    def knows(
        self, thing: ASlot | ABooking, *, live: bool = True, booking_live: bool = True, **session: Any
    ) -> None:
        """`session`: what only sessions of groups have."""
        slot = thing if isinstance(thing, ASlot) else thing.slot
        place = Place(
            slot_id=slot.id,
            kind=slot.kind,
            host_id=slot.host_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            live=live,
            **session,
        )
        if isinstance(thing, ABooking):
            booked = {"booking_id": thing.id, "booking_live": booking_live, "version": thing.version}
            self._places[thing.id] = _with(place, link_version=thing.link_version, **booked)
        self._places[slot.id] = place

    async def _describe(self, request: DescribePlace, call: Call) -> Place:
        self.asked.append(request)
        place = self._places.get(request.booking_id or request.slot_id or uuid4())
        if place is None:
            raise Refusal(Code.NOT_FOUND, "There is no such booking or slot.")
        return place

    async def tell(self, event: Event, *, event_id: UUID | None = None, at: datetime | None = None) -> UUID:
        """Publish `event` and wait until rooms has taken it in."""
        event_id = event_id or uuid4()
        told = Told(event_id=event_id, at=at or self._system.clock.now(), body=raw(event))
        await self._bus.jetstream.publish(event.subject, encode(told))

        async def taken_in() -> bool:
            taken = "SELECT FROM rooms.inbox WHERE consumer = 'rooms-booking' AND event_id = $1"
            return bool(await self._system.sql(taken, event_id))

        await eventually(taken_in)
        return event_id


def _with(place: Place, **changes: Any) -> Place:
    return msgspec.structs.replace(place, **changes)
