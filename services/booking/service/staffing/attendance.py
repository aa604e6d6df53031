"""Who came to a session, as rooms has seen it; those who led it can correct it."""

from uuid import UUID

from services.booking.service.staffing.session_news import tell_outcomes
from services.booking.store import bookings as booking_store
from services.booking.store import slots as slot_store
from services.booking.store.staffing import coming as store
from services.contracts.booking.groups import Staffing
from services.contracts.booking.slots import BookingStatus
from services.contracts.rooms import AttendeeJoined
from services.runtime.call import Call
from services.runtime.db import Tx

NOBODY_CAME = frozenset({Staffing.ASKED, Staffing.NEEDS_HOST})


async def note_attendance(tx: Tx, slot_id: UUID, call: Call) -> None:
    """Once for each session. Nobody missed one that nobody had promised to open."""
    await slot_store.lock(tx, slot_id)
    staffing = await store.mark_attendance(tx, slot_id, now=call.now)
    if staffing is None:
        return
    absent_too = Staffing(staffing) not in NOBODY_CAME
    noted = await store.note_attendance(tx, slot_id, absent_too=absent_too, now=call.now)
    await tell_outcomes(tx, noted, call)


async def note_joined(tx: Tx, joined: AttendeeJoined, call: Call) -> None:
    """News of a coming may be later than the end of the session."""
    if await booking_store.note_joined(tx, joined) == BookingStatus.NO_SHOW:
        await tell_outcomes(tx, await store.came_after_all(tx, joined.booking_id, now=call.now), call)
