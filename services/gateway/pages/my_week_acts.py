"""What one who serves does from their week: open, leave and end a meeting, cancel a time."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.contracts.booking.slots import Attendee, CancelSlot, GetSlot, HostSlot
from services.contracts.refusals import Refusal
from services.contracts.rooms import CloseRoom, Leave
from services.gateway import fields, forms, joining
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.my_meeting import CANCELLED_BY, HEADINGS
from services.gateway.pages.my_week import COMING
from services.gateway.pages.rendering import PAGES, language_of, render, say_for, see_other
from services.gateway.pages.words import N_, when_empty
from services.gateway.who import caller_of
from services.runtime.texts import span_in_words

# Told to nobody, unless somebody books in the very moment of the press.
NOBODY_ASKED = N_("The time had to be cancelled.")
OTHERS_COME = N_("Somebody else has booked this time meanwhile. Check that the reason suits them too.")


@dataclass(frozen=True)
class AsRead:
    """The words of a cancellation as one person will read them."""

    to: str
    language: str
    heading: str
    when: str
    words: str
    reason: str


async def join(request: web.Request) -> web.Response:
    """Joining opens the door to those who wait."""
    form = await forms.read(request)
    slot_id, say, caller = _slot_id(request), say_for(request), caller_of(request)
    desk = f"/my/sessions/{slot_id}" if form.value("back") == "session" else ""
    back = desk or f"/my/week/slots/{slot_id}"
    call = call_for(request, caller.actor)
    joined = await joining.as_host(door_of(request), call, caller, slot_id, language=language_of(request))
    assert joined.video is not None, "a host never waits"
    return render(
        request,
        "room.html",
        heading=say("The meeting is open"),
        video=joined.video,
        quiet=joined.quiet,
        sound_only=False,
        at_the_door=f"/my/week/slots/{slot_id}/door",
        desk=desk,
        leave=f"{back}/leave",
        close=f"{back}/close",
    )


async def leave(request: web.Request) -> web.Response:
    await forms.read(request)
    await do(request, Leave(slot_id=_slot_id(request)))
    return see_other("/my/week?done=left")


async def close(request: web.Request) -> web.Response:
    await forms.read(request)
    await note(request, Action.ROOM_CLOSED, slot_id=_slot_id(request))
    await do(request, CloseRoom(slot_id=_slot_id(request)))
    return see_other("/my/week?done=closed")


async def ask_to_cancel(request: web.Request) -> web.Response:
    """A session of a group, to which many may come, is called off on a page of its own."""
    slot = await do(request, GetSlot(slot_id=_slot_id(request)))
    if slot.group_id is not None:
        return see_other(f"/my/sessions/{slot.id}/call-off")
    return await _show_cancel(request, Form(), status=200)


async def cancel(request: web.Request) -> web.Response:
    """With somebody coming, the words are shown as they will be read before they are sent: to those for
    whom they were written, and to nobody who has come instead of them."""
    form, say = await forms.read(request), say_for(request)
    slot = await do(request, GetSlot(slot_id=_slot_id(request)))
    # Where nobody reads a reason the page does not ask for one.
    reason = form.clean("reason", fields.words, say) if _coming(slot) else None
    if not reason and _coming(slot):
        form.errors.setdefault("reason", when_empty("reason", say))
    if form.errors:
        return await _show_cancel(request, form, status=400)
    if _others_come(slot, form.value("for")):
        form.errors["reason"] = say(OTHERS_COME)
        return await _show_cancel(request, form, status=409)
    if form.value("do") != "cancel":
        return await _show_cancel(request, form, preview=True)
    await note(request, Action.SLOT_CANCELLED, slot_id=_slot_id(request))
    try:
        await do(request, CancelSlot(slot_id=_slot_id(request), reason=reason or say(NOBODY_ASKED)))
    except Refusal as refusal:
        if "errors" not in refusal.facts:
            raise
        form.refuse_all(refusal, say)
        return await _show_cancel(request, form, status=400)
    return see_other("/my/week?done=cancelled")


async def _show_cancel(
    request: web.Request, form: Form, *, preview: bool = False, status: int = 200
) -> web.Response:
    slot: HostSlot = await do(request, GetSlot(slot_id=_slot_id(request)))
    coming = _coming(slot)
    return render(
        request,
        "cancel_slot.html",
        status=status,
        form=form,
        slot=slot,
        booked=len(coming),
        readers=[person.booking_id for person in coming],
        previews=[_as_read(request, slot, person, form.value("reason")) for person in coming]
        if preview
        else [],
        theme_name=await catalogue.theme_names(request),
    )


def _coming(slot: HostSlot) -> list[Attendee]:
    return [person for person in slot.bookings if person.status in COMING]


def _others_come(slot: HostSlot, shown: str) -> bool:
    """Whether somebody would read it who was not among those for whom it was `shown`; a page of an older
    release does not tell."""
    return bool(shown) and not {str(person.booking_id) for person in _coming(slot)} <= set(shown.split())


def _as_read(request: web.Request, slot: HostSlot, person: Attendee, reason: str) -> AsRead:
    """What this person will read, in their language and with the words of their own page."""
    say = request.config_dict[PAGES].texts.translations(person.language).gettext
    actor = caller_of(request).person
    by = "host" if actor is not None and actor.id == slot.host.id else "coordinator"
    door = door_of(request)
    return AsRead(
        to=person.display_name,
        language=person.language,
        heading=say(HEADINGS["cancelled"]),
        when=span_in_words(
            slot.starts_at, slot.ends_at, slot.time_zone, door.clock.now(), language=person.language
        ),
        words=say(CANCELLED_BY[by]),
        reason=" ".join(reason.split()),
    )


def _slot_id(request: web.Request) -> UUID:
    return id_in(request, "slot_id")
