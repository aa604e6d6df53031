"""What those who host do about others: see who is here, send somebody out, let them back in."""

from services.contracts.booking.appointments import DescribePlace
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListPresence, RemoveParticipant, RoomPresence
from services.rooms.service import Means, NotYetKnown, hosted, staff_of
from services.rooms.store import people, places
from services.runtime.call import Call
from services.runtime.db import Tx

MOST_PEOPLE = 1_000


async def list_presence(tx: Tx, request: ListPresence, call: Call, means: Means) -> RoomPresence:
    await hosted(tx, request.slot_id, staff_of(call))
    return RoomPresence(await people.present(tx, request.slot_id, MOST_PEOPLE))


async def remove_participant(tx: Tx, request: RemoveParticipant, call: Call, means: Means) -> Nothing:
    """From now on nothing lets them into this session, until they are let back."""
    await places.hold_alone(tx, request.slot_id)
    await hosted(tx, request.slot_id, staff_of(call))
    seat = (await places.seats(tx, [request.booking_id])).get(request.booking_id)
    if seat is None:
        raise NotYetKnown(DescribePlace(booking_id=request.booking_id))
    if seat.meeting.slot_id != request.slot_id:
        raise Refusal(Code.NOT_FOUND, "Nobody with this booking is in the meeting.")
    if request.back:
        await people.let_back(tx, request.slot_id, request.booking_id)
    else:
        await people.send_out(tx, request.slot_id, request.booking_id, call.now)
    return Nothing()
