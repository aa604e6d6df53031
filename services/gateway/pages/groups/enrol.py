"""Enrolling in a group, being put on its list, and coming in as one is: one short form each."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from services.contracts.booking.enrolment import Enrol, Enrolled
from services.contracts.booking.groups import GroupPage, GroupSession
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Anyone
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import enrolling, enrolments, fields, forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import book, catalogue, kept_place
from services.gateway.pages.groups import one, wording
from services.gateway.pages.kept_place import Place
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import N_

ALONG = ("companion", "companion2")
FOLDED = (*book.FOLDED, "companion2_as", "companion2_name", "companion2_email")
SHUT = frozenset(
    {
        *(Code.SLOT_CLOSED, Code.SLOT_TAKEN, Code.GROUP_FULL, Code.ALREADY_STARTED),
        *(Code.ROOM_NOT_OPEN, Code.NOT_STARTED, Code.NOT_FOUND, Code.FORBIDDEN),
    }
)
SHUT_WORDS = {
    Code.ALREADY_STARTED: N_("The group has begun, and takes nobody new any more."),
    Code.GROUP_FULL: N_("All places have just been taken."),
    Code.ROOM_NOT_OPEN: N_("The door of this session is not open yet."),
    Code.NOT_STARTED: N_("The door of this session is not open yet."),
    Code.TOO_MANY: N_(
        "Many have come into this session from the network that you use. The other places are kept for"
        " people elsewhere. A phone's own connection may get you in."
    ),
}
TOO_OFTEN = N_("There have been many enrolments with this e-mail address or number. Wait an hour.")
NOT_NOW = N_("It is no longer possible to enrol for this time.")
UNKNOWN = N_(
    "We could not tell whether you were enrolled. Press the button again: nobody is enrolled twice."
)
DONE = {
    BookingStatus.HELD: "held",
    BookingStatus.APPLIED: "applied",
    BookingStatus.WAITING: "listed",
}


async def ask(request: web.Request) -> web.Response:
    """The form. Who has taken a place by it in this browser is led there, or to one for another person."""
    place, another = await kept_place.find(request), request.query.get("another", "")
    if place.is_enough(another):
        return await _already(request, place)
    for_whom = {"another": another} if place.stands else {}
    return await _show(request, Form.of(language=language_of(request), **for_whom))


async def ask_in(request: web.Request) -> web.Response:
    """Coming into an open group's session with a nickname alone; whoever has come in finds their place."""
    place = await kept_place.find(request)
    if place.stands:
        return see_other(f"{place.path}?done=here-already")
    return await _show(request, Form(), walk_in=True)


async def enrol(request: web.Request) -> web.Response:
    """Enrol and go to the page behind the new link, or the same page with what is to be mended."""
    form, say = await forms.read(request), say_for(request)
    place = await kept_place.find(request)
    if place.is_enough(form.value("another")):
        return see_other(f"{place.path}?done=already")
    told = book.particulars(form, say, along=ALONG)
    if told is None:
        return await _show(request, form, status=400)
    wanted = Enrol(group_id=book.id_in(request, "group_id"), slot_id=_slot_id(request), **told)
    return await _send(request, form, wanted, place)


async def come_in(request: web.Request) -> web.Response:
    form = await forms.read(request)
    place = await kept_place.find(request)
    if place.stands:
        return see_other(f"{place.path}?done=here-already")
    name = form.clean("display_name", fields.nickname, say_for(request), needed=True)
    if name is None:
        return await _show(request, form, status=400, walk_in=True)
    wanted = Enrol(
        group_id=book.id_in(request, "group_id"),
        slot_id=_slot_id(request),
        display_name=name,
        language=language_of(request),
        walk_in=True,
        or_wait=False,
    )
    return await _send(request, form, wanted, place)


async def _send(request: web.Request, form: Form, wanted: Enrol, before: Place) -> web.Response:
    call = replace(call_for(request, Anyone()), key=before.key(form.key))
    try:
        enrolled = await enrolling.enrol(request, wanted, call)
    except Refusal as refusal:
        return await _refused(request, form, wanted, refusal)
    except Unavailable:
        form.problem = say_for(request)(UNKNOWN)
        return await _show(request, form, status=503, walk_in=wanted.walk_in)
    path = _path(request, enrolled)
    response = see_other(f"{path}?done={_done(enrolled, wanted)}")
    kept_place.keep(request, response, path)
    return response


async def _refused(request: web.Request, form: Form, wanted: Enrol, refusal: Refusal) -> web.Response:
    code = refusal.code
    if code == Code.KEY_REUSED:
        raise refusal
    if code in SHUT or (code == Code.TOO_MANY and wanted.walk_in):
        return await _shut(request, code)
    form.refuse_all(refusal, say_for(request))
    if code == Code.TOO_MANY:
        form.problem = say_for(request)(TOO_OFTEN)
        return await _show(request, form, status=429)
    return await _show(request, form, status=400, walk_in=wanted.walk_in)


def _path(request: web.Request, enrolled: Enrolled) -> str:
    return enrolments.path_of(door_of(request), enrolled.booking_id, enrolled.link_version)


def _done(enrolled: Enrolled, wanted: Enrol) -> str:
    return "walked-in" if wanted.walk_in else DONE.get(enrolled.status, "enrolled")


async def _shut(request: web.Request, code: Code) -> web.Response:
    """The group's page, with what came in between above it; it holds every way that is still open."""
    status = 429 if code == Code.TOO_MANY else 409
    return await one.show(request, problem=say_for(request)(SHUT_WORDS.get(code, NOT_NOW)), status=status)


async def _show(
    request: web.Request, form: Form, *, status: int = 200, walk_in: bool = False
) -> web.Response:
    """The form, or the group's page when there is nothing to enrol in any more."""
    found = await one.find(request)
    slot_id = _slot_id(request)
    session = one.session_of(found, slot_id) if slot_id else None
    way = _way(request, found, session) if session or not slot_id else ""
    if walk_in and way != "come_in":
        return await _shut(request, Code.SLOT_CLOSED)
    if way == "come_in" and not walk_in:
        return see_other(f"/groups/{found.group.id}/come-in/{slot_id}")
    if not way:
        return await _shut(request, Code.SLOT_CLOSED if found.enrolling else Code.ALREADY_STARTED)
    return await _form(request, found, session, form, way=way, status=status)


async def _already(request: web.Request, place: Place) -> web.Response:
    found, slot_id = await one.find(request), _slot_id(request)
    session = one.session_of(found, slot_id) if slot_id else None
    way = _way(request, found, session) if session or not slot_id else ""
    return render(
        request,
        "groups/already.html",
        group=found.group,
        session=session,
        place=place.path,
        another=f"{request.path}?another={place.mark}" if way in ("enrol", "list") else "",
    )


def _way(request: web.Request, found: GroupPage, session: GroupSession | None) -> str:
    now, settings = door_of(request).clock.now(), door_of(request).settings
    if session is None:
        return one.series_way(found, now)
    return one.session_way(found, session, now, settings.rooms_open)


async def _form(
    request: web.Request,
    found: GroupPage,
    session: GroupSession | None,
    form: Form,
    *,
    way: str,
    status: int,
) -> web.Response:
    say = say_for(request)
    choices = book.choices(request, form) | {"unfolded": any(form.value(name) for name in FOLDED)}
    return render(
        request,
        "groups/come_in.html" if way == "come_in" else "groups/enrol.html",
        status=status,
        form=form,
        group=found.group,
        session=session,
        sessions=found.sessions,
        listed=way == "list",
        waiting=wording.waiting(say, session.waiting if session else found.waiting),
        theme_name=await catalogue.theme_names(request),
        **choices,
    )


def _slot_id(request: web.Request) -> UUID | None:
    return book.id_in(request, "slot_id") if "slot_id" in request.match_info else None
