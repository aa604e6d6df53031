"""One's own bookings as one is told of them: who leads a session is named once they have promised to."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.own_data import OwnBooking, OwnFacts


class KnownTime(Struct, frozen=True, kw_only=True):
    """`host` is null until somebody has promised to lead the session."""

    id: UUID
    kind: SlotKind
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host | None
    theme: str
    group_id: UUID | None


class KnownBooking(OwnFacts, frozen=True, kw_only=True):
    slot: KnownTime


def known(booking: OwnBooking) -> KnownBooking:
    facts = {name: getattr(booking, name) for name in OwnFacts.__struct_fields__}
    return KnownBooking(**facts, slot=_time(booking.slot, booking.slot.host if booking.staffed else None))


def _time(slot: BookedSlot, host: Host | None) -> KnownTime:
    return KnownTime(**(asdict(slot) | {"host": host}))
