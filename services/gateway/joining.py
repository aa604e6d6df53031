"""Pressing the button that leads into a meeting.

Needs rooms alone: booking is asked for a name, and not waited for.
"""

import unicodedata
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.names import KnownAs
from services.contracts.envelope import Resident, Role
from services.contracts.refusals import Code, Refusal, Unavailable, field_refusal
from services.contracts.rooms import Join, Joined
from services.gateway.audit import Action, note
from services.gateway.door import Door
from services.gateway.who import Caller
from services.runtime.bus import AnswerFailed
from services.runtime.call import Call

NAME_WITHIN = timedelta(seconds=1)
SOMEBODY = {"fi": "Vieras", "sv": "Gäst", "en": "Guest"}


async def as_resident(door: Door, call: Call, *, name: str | None, language: str | None = None) -> Joined:
    """Under the name given, or that of the booking, or a neutral word when neither will do.

    Nobody comes in under the host's name; whose it is only booking knows.
    """
    known = await _known_as(door, call)
    language = language or (known.language if known else "fi")
    if name is not None:
        if _is_the_hosts(name, known):
            raise field_refusal(
                Code.NICKNAME_INVALID, "display_name", "The one you meet has this name. Choose another one."
            )
        return await door.together.join(Join(display_name=name, language=language), call)
    nobody = Join(display_name=SOMEBODY.get(language, SOMEBODY["fi"]), language=language)
    if known is None or _is_the_hosts(known.display_name, known):
        return await door.together.join(nobody, call)
    try:
        return await door.together.join(Join(display_name=known.display_name, language=language), call)
    except Refusal as refusal:
        if refusal.code is not Code.NICKNAME_INVALID:
            raise
        return await door.together.join(nobody, call)


def _is_the_hosts(name: str, known: KnownAs | None) -> bool:
    """Alike to the eye is alike: neither case nor the width of a sign nor spaces make another name."""
    return known is not None and _alike(name) == _alike(known.host_name)


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def as_host(
    door: Door, call: Call, caller: Caller, slot_id: UUID, *, name: str | None = None, language: str = "fi"
) -> Joined:
    """The host comes in, and those who wait may follow. A coordinator may come into any meeting, and that
    is written down."""
    assert caller.person is not None
    if caller.person.role is Role.COORDINATOR:
        await note(door, call, Action.ROOM_ENTERED, slot_id=slot_id)
    chosen = name or caller.person.display_name
    return await door.bus.call(Join(slot_id=slot_id, display_name=chosen, language=language), call)


async def _known_as(door: Door, call: Call) -> KnownAs | None:
    """What cannot be told of all together is asked alone: an older release of booking knows only that."""
    assert isinstance(call.actor, Resident)
    soon = replace(call, deadline=call.now + NAME_WITHIN, key=None)
    try:
        return await door.together.names(soon)
    except (Refusal, Unavailable, AnswerFailed):
        pass
    try:
        booking = await door.bus.call(DescribeBooking(booking_id=call.actor.booking_id), soon)
    except (Refusal, Unavailable):
        return None
    return KnownAs(
        display_name=booking.display_name,
        language=booking.language,
        host_name=booking.slot.host.display_name,
    )
