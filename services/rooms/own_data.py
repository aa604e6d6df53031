"""What rooms knows of one resident: when they came and went, told to them or forgotten."""

from datetime import datetime
from uuid import UUID

from services.contracts.envelope import Role, Service, Staff
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListSightings, Sightings
from services.rooms.service import Means
from services.rooms.store import own_data as store
from services.rooms.store import people
from services.runtime.call import Call
from services.runtime.db import Tx


async def list_sightings(tx: Tx, request: ListSightings, call: Call, _: Means) -> Sightings:
    """For the gateway, which knows that they ask for themselves, or a coordinator."""
    by_gateway = call.actor == Service(name="gateway")
    if not by_gateway and not (isinstance(call.actor, Staff) and call.actor.role is Role.COORDINATOR):
        raise Refusal(Code.FORBIDDEN, "Only a coordinator may see this.")
    return Sightings(await store.sightings(tx, request.booking_ids))


async def forget(tx: Tx, booking_ids: list[UUID], *, at: datetime) -> None:
    """Their places stay, ended for good: older news of them, heard late, lets nobody in again."""
    for booking_id in booking_ids:
        await people.leave_all_but(tx, booking_id, [], at)
    await store.forget(tx, booking_ids)
