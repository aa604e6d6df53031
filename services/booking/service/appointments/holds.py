"""Double opt-in: whether a new seat is held until its resident confirms it from the mail."""

from dataclasses import dataclass
from datetime import datetime

from services.booking.domain import seats
from services.booking.service.deps import Deps
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Role, Staff
from services.runtime.call import Call


@dataclass(frozen=True)
class Hold:
    status: BookingStatus
    until: datetime | None = None


CONFIRMED = Hold(BookingStatus.CONFIRMED)


def hold(call: Call, deps: Deps, *, starts_at: datetime) -> Hold:
    """What a coordinator books on somebody's behalf needs no confirming."""
    on_behalf = isinstance(call.actor, Staff) and call.actor.role is Role.COORDINATOR
    if not deps.confirm_first or on_behalf:
        return CONFIRMED
    return Hold(BookingStatus.HELD, seats.held_until(now=call.now, starts_at=starts_at, hold=deps.hold))
