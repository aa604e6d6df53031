"""Who enrols is asked for nothing that could be proved, so what one of them may take is limited here.

Behind one network there may be a whole library, behind one address of mail hardly anybody but its owner:
enrolments are counted by address, and those who walk in by session and network.
"""

from dataclasses import replace

from aiohttp import web

from services.contracts.booking.appointments import Companion
from services.contracts.booking.enrolment import Enrol, Enrolled
from services.contracts.booking.groups import GetGroup
from services.gateway.door import door_of
from services.gateway.limits import Limit
from services.gateway.who import caller_of
from services.runtime.call import Call


async def enrol(request: web.Request, wanted: Enrol, call: Call) -> Enrolled:
    """Pass it on to booking, unless it is more than one address or network may have.

    A coordinator enrols for whoever rings. Refuses `too_many`.
    """
    door = door_of(request)
    if caller_of(request).person is not None:
        return await door.bus.call(wanted, call)
    if wanted.walk_in:
        return await _walk_in(request, wanted, call)
    for contact in _contacts(wanted):
        await door.limits.spend_contact(Limit.ENROL_CONTACT, request, contact)
    return await door.bus.call(wanted, call)


async def _walk_in(request: web.Request, wanted: Enrol, call: Call) -> Enrolled:
    """What is no session now, booking refuses in its own words."""
    door = door_of(request)
    network = door.limits.network(request)
    found = await door.bus.call(GetGroup(group_id=wanted.group_id), replace(call, key=None))
    session = next((each for each in found.sessions if each.slot_id == wanted.slot_id), None)
    if network is None or session is None or call.key is None:
        return await door.bus.call(wanted, call)
    with door.walk_ins.one_more(session, network=network, key=call.key, now=call.now):
        return await door.bus.call(wanted, call)


def _contacts(wanted: Enrol) -> set[str]:
    """Every address and number that would be written to."""
    party: tuple[Enrol | Companion, ...] = (wanted, *wanted.companions)
    return {given for one in party for given in (one.email, one.phone) if given}
