"""Booking for somebody who rings or stands at the desk: find a time, write who it is for, print a card."""

from dataclasses import asdict, dataclass
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import FreeSlot, FreeSlots
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import book, catalogue, words
from services.gateway.pages.asking import do, note
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import sentence

PATH = "/coordinator/book"
LONGEST = 100


@dataclass(frozen=True)
class Wish:
    """What is looked for; empty strings mean "anything"."""

    theme: str = ""
    organisation: str = ""
    spoken: str = ""


async def find(request: web.Request) -> web.Response:
    wish = Wish(**{name: request.query.get(name, "")[:LONGEST] for name in asdict(Wish())})
    after = request.query.get("after")
    found = await _free(request, wish, after)
    say, language = say_for(request), language_of(request)
    return render(
        request,
        "coordinator/find.html",
        form=Form.of(**asdict(wish)),
        slots=found.items,
        more=found.next,
        query=urlencode({name: value for name, value in asdict(wish).items() if value}),
        is_first=after is None,
        book_at=f"{PATH}/",
        theme_options=[
            ("", say("Any theme")),
            *(
                (item.id, words.in_language(item.name, language))
                for item in await catalogue.themes(request)
            ),
        ],
        organisation_options=[
            ("", say("Any")),
            *((str(item.id), item.name) for item in await catalogue.organisations(request)),
        ],
        language_options=[("", say("Any")), *((code, say(name)) for code, name in words.SPOKEN.items())],
        theme_name=await catalogue.theme_names(request),
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    wish = {name: form.value(name)[:LONGEST] for name in asdict(Wish())}
    return see_other(f"{PATH}?{urlencode({name: value for name, value in wish.items() if value})}")


async def ask(request: web.Request) -> web.Response:
    slot = await catalogue.free_time(request, book.slot_id_of(request))
    if slot is None:
        return await _gone(request, Code.SLOT_TAKEN, status=200)
    return await _show(request, slot, Form.of(language="fi"))


async def book_for(request: web.Request) -> web.Response:
    """Book, and go to the booking's page, from which the card is made."""
    slot_id, form, say = book.slot_id_of(request), await forms.read(request), say_for(request)
    wanted = book.wanted(form, slot_id, say)
    if wanted is None:
        return await _again(request, slot_id, form, status=400)
    await note(request, Action.BOOKING_MADE, slot_id=slot_id)
    try:
        booked = await do(request, wanted, key=form.key)
    except Refusal as refusal:
        if refusal.code in book.GONE:
            return await _gone(request, refusal.code, status=409, slots=book.next_of(refusal))
        if refusal.code == Code.KEY_REUSED:
            raise
        form.refuse_all(refusal, say)
        return await _again(request, slot_id, form, status=400)
    except Unavailable:
        form.problem = say(
            "We could not tell whether this was booked. Press the button again: nothing is booked twice."
        )
        return await _again(request, slot_id, form, status=503)
    return see_other(f"/bookings/{booked.id}?done=booked")


async def _free(request: web.Request, wish: Wish, after: str | None) -> FreeSlots:
    """A cursor or a wish that booking cannot read is as good as none."""
    try:
        organisation = UUID(wish.organisation) if wish.organisation else None
        return await catalogue.free_times(
            request,
            theme=wish.theme or None,
            organisation=organisation,
            language=wish.spoken or None,
            after=after,
        )
    except ValueError:
        return await catalogue.free_times(request)
    except Refusal as refusal:
        if refusal.code not in (Code.PAGE_INVALID, Code.FIELD_INVALID):
            raise
        return await catalogue.free_times(request)


async def _again(request: web.Request, slot_id: UUID, form: Form, *, status: int) -> web.Response:
    slot = await catalogue.free_time(request, slot_id)
    if slot is None:
        return await _gone(request, Code.SLOT_TAKEN, status=409)
    return await _show(request, slot, form, status=status)


async def _show(request: web.Request, slot: FreeSlot, form: Form, *, status: int = 200) -> web.Response:
    context = book.choices(request, form) | {"theme_name": await catalogue.theme_names(request)}
    return render(request, "coordinator/book.html", status=status, slot=slot, form=form, **context)


async def _gone(
    request: web.Request, code: Code, *, status: int, slots: list[FreeSlot] | None = None
) -> web.Response:
    code = Code.SLOT_TAKEN if code == Code.NOT_FOUND else code
    return render(
        request,
        "coordinator/taken.html",
        status=status,
        wrong=True,
        heading=sentence(code, say_for(request)),
        slots=slots or await catalogue.next_times(request),
        book_at=f"{PATH}/",
        theme_name=await catalogue.theme_names(request),
    )
