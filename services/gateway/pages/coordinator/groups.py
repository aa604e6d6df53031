"""Setting groups up: the list of them, a new one, changing one, ending one."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.groups import (
    AddGroup,
    ChangeGroup,
    EndGroup,
    ListManagedGroups,
    ManagedGroup,
    ManagedGroups,
)
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.coordinator import group_form
from services.gateway.pages.coordinator.group_meanwhile import differing
from services.gateway.pages.coordinator.meanwhile import has_seen, version_of
from services.gateway.pages.groups import wording as group_wording
from services.gateway.pages.leading import my_groups
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

PATH = "/coordinator/groups"
AT_ONCE = 50
TOO_SMALL = N_("{count} people are enrolled already. Choose at least so many places.")
REASON = N_("Tell the reason. It is shown to those who are enrolled.")


async def groups(request: web.Request) -> web.Response:
    say, after = say_for(request), request.query.get("after")
    found = await _page(request, after)
    return render(
        request,
        "coordinator/groups.html",
        groups=found.items,
        more=found.next,
        is_first=after is None,
        kind_of=lambda group: group_wording.kind_of(say, group),
        theme_name=await catalogue.theme_names(request),
    )


async def new(request: web.Request) -> web.Response:
    return await _show(request, group_form.blank(), None)


async def add(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    facts = group_form.facts_of(form, say)
    if facts is None:
        return await _show(request, form, None, status=400)
    await note(request, Action.GROUP_ADDED)
    try:
        made = await do(request, AddGroup(**facts, **group_form.made_as(form)), key=form.key)
    except Refusal as refusal:
        group_form.refuse(form, refusal, say)
        return await _show(request, form, None, status=400)
    return see_other(f"/my/groups/{made.id}?done=made")


async def edit(request: web.Request) -> web.Response:
    managed = await my_groups.find(request)
    return await _show(request, group_form.form_of(managed), managed)


async def change(request: web.Request) -> web.Response:
    form, managed, say = await forms.read(request), await my_groups.find(request), say_for(request)
    facts = group_form.facts_of(form, say)
    if facts is None:
        return await _show(request, form, managed, status=400)
    await note(request, Action.GROUP_CHANGED, group_id=_group_id(request))
    try:
        version = version_of(form)
        await do(request, ChangeGroup(group_id=_group_id(request), version=version, **facts))
    except Refusal as refusal:
        if refusal.code == Code.CHANGED_MEANWHILE:
            return await _changed_meanwhile(request, form, refusal)
        if refusal.code == Code.CAPACITY_TOO_SMALL:
            form.errors["capacity"] = say(TOO_SMALL).format(count=refusal.facts.get("enrolled", ""))
        else:
            group_form.refuse(form, refusal, say)
        return await _show(request, form, managed, status=400)
    return see_other(f"/my/groups/{_group_id(request)}?done=changed")


async def ask_to_end(request: web.Request) -> web.Response:
    return await _show_end(request, Form())


async def end(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    reason = form.clean("reason", fields.words, say)
    if not form.value("reason"):
        form.errors["reason"] = say(REASON)
    elif reason and len(reason) > fields.LONGEST_NOTE:
        form.refuse("reason", Code.BODY_TOO_LARGE, say)
    if form.errors:
        return await _show_end(request, form, status=400)
    await note(request, Action.GROUP_ENDED, group_id=_group_id(request))
    await do(request, EndGroup(group_id=_group_id(request), reason=reason or ""))
    return see_other(f"/my/groups/{_group_id(request)}?done=ended")


async def _page(request: web.Request, after: str | None) -> ManagedGroups:
    """A cursor that cannot be read is as good as none."""
    try:
        return await do(request, ListManagedGroups(limit=AT_ONCE, cursor=after))
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await _page(request, None)


async def _changed_meanwhile(request: web.Request, form: Form, refusal: Refusal) -> web.Response:
    """What was typed stays, and what stands now is told beside it; who saves again has seen it."""
    newer = await my_groups.find(request)
    form.refuse_all(refusal, say_for(request))
    has_seen(form, newer.version)
    return await _show(request, form, newer, is_newer=True, status=409)


async def _show(
    request: web.Request,
    form: Form,
    managed: ManagedGroup | None,
    *,
    is_newer: bool = False,
    status: int = 200,
) -> web.Response:
    say, choices = say_for(request), await group_form.choices(request, form)
    return render(
        request,
        "coordinator/group.html",
        status=status,
        form=form,
        managed=managed,
        kind_of=group_wording.kind_of(say, managed.group) if managed else "",
        differing=differing(form, managed, choices, say) if managed and is_newer else (),
        **choices,
    )


async def _show_end(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    managed = await my_groups.find(request)
    ahead = my_groups.ahead_of(managed, request)
    return render(
        request,
        "coordinator/end_group.html",
        status=status,
        form=form,
        group=managed.group,
        sessions=len(ahead),
        enrolled=max((session.taken for session in ahead), default=0),
    )


def _group_id(request: web.Request) -> UUID:
    return id_in(request, "group_id")
