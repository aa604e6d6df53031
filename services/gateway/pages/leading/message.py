"""A few words to everybody in a session or a group, through the service: seen before they are sent.

Nobody sees an address: neither the one who writes nor those who read.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import SendAnnouncement
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages.asking import do, note
from services.gateway.pages.leading import my_groups, session_acts
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, sentence

LONGEST = fields.LONGEST_WORDS
ENOUGH_TODAY = N_("Three messages have gone to this group within a day. Send the next one tomorrow.")
NOTHING_AHEAD = N_("This group has no time ahead to which somebody would come.")
WRITE = N_("Write what you want to say.")


@dataclass(frozen=True, kw_only=True)
class To:
    """Whom the words are for, and where one comes back to. `people`: at most so many."""

    name: Words
    session: Any
    people: int
    back: str
    about: dict[str, Any]


async def ask_group(request: web.Request) -> web.Response:
    return _show(request, await _group(request), Form())


async def send_group(request: web.Request) -> web.Response:
    return await _send(request, await _group(request))


async def ask_session(request: web.Request) -> web.Response:
    return _show(request, await _session(request), Form())


async def send_session(request: web.Request) -> web.Response:
    return await _send(request, await _session(request))


async def _group(request: web.Request) -> To:
    managed = await my_groups.find(request)
    taken = [session.taken for session in my_groups.ahead_of(managed, request)]
    people = max(taken, default=0) if managed.group.whole_series else sum(taken)
    return To(
        name=managed.group.name,
        session=None,
        people=people,
        back=f"/my/groups/{managed.group.id}",
        about={"group_id": managed.group.id},
    )


async def _session(request: web.Request) -> To:
    duty = await session_acts.find(request)
    return To(
        name=duty.name,
        session=duty,
        people=duty.taken,
        back=f"/my/sessions/{duty.slot_id}",
        about={"slot_id": duty.slot_id},
    )


async def _send(request: web.Request, to: To) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    words = form.clean("words", fields.words, say)
    if not form.value("words"):
        form.errors["words"] = say(WRITE)
    elif words and len(words) > LONGEST:
        form.refuse("words", Code.BODY_TOO_LARGE, say)
    if form.errors:
        return _show(request, to, form, status=400)
    if form.value("do") != "send":
        return _show(request, to, form, preview=words)
    await note(request, Action.ANNOUNCEMENT_SENT, **to.about)
    try:
        await do(request, SendAnnouncement(**to.about, words=words), key=form.key)
    except Refusal as refusal:
        if refusal.code in (Code.NOT_FOUND, Code.KEY_REUSED):
            raise
        form.refuse_all(refusal, say)
        if form.problem:
            own = {Code.TOO_MANY: ENOUGH_TODAY, Code.SLOT_CLOSED: NOTHING_AHEAD}
            form.problem = say(own[refusal.code]) if refusal.code in own else sentence(refusal.code, say)
        return _show(request, to, form, status=409)
    return see_other(f"{to.back}?done=sent")


def _show(
    request: web.Request, to: To, form: Form, *, preview: str | None = None, status: int = 200
) -> web.Response:
    return render(
        request, "leading/message.html", status=status, form=form, to=to, preview=preview, longest=LONGEST
    )
