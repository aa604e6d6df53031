"""Who may see and do what belongs to leading a time: its host, and all who lead a session together."""

from services.booking.domain import access
from services.booking.store.slots import SlotRow
from services.booking.store.staffing import staffing as store
from services.contracts.envelope import Staff
from services.runtime.call import Call
from services.runtime.db import Tx


async def check_leads(tx: Tx, slot: SlotRow, call: Call) -> Staff:
    """Of a session also its co-hosts and its group's facilitators; and coordinators of everything."""
    if slot.group_id is None:
        return access.host(call.actor, slot.host.id)
    return access.leads(call.actor, await store.leaders(tx, slot.id))


async def check_may_reach(tx: Tx, slot: SlotRow, call: Call) -> None:
    """Who may learn how somebody in it can be reached: its host and the group's facilitators, while they
    lead it, and coordinators. Whoever only helps to lead may not."""
    actor = await check_leads(tx, slot, call)
    if not await store.facilitates(tx, slot.id, actor.person_id):
        access.host(actor, slot.host.id)
