"""What is on offer, as pages show it: themes with their names, organisations, free times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import (
    FindSlots,
    FreeSlot,
    FreeSlots,
    ListOrganisations,
    ListThemes,
    Organisation,
    SlotKind,
    Theme,
)
from services.contracts.envelope import Anyone
from services.contracts.refusals import Unavailable
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.rendering import language_of

THEMES_GOOD_FOR = timedelta(minutes=5)
AHEAD = timedelta(days=120)
AT_ONCE = 25
FEW = 5


@dataclass
class _Remembered:
    themes: Sequence[Theme] = ()
    until: datetime | None = None


_REMEMBERED = web.AppKey("themes", _Remembered)


def install(app: web.Application) -> None:
    app[_REMEMBERED] = _Remembered()


async def themes(request: web.Request) -> Sequence[Theme]:
    """The themes that are offered, in their order."""
    return [theme for theme in await all_themes(request) if not theme.hidden]


def forget_themes(request: web.Request) -> None:
    """They have just been changed here."""
    request.config_dict[_REMEMBERED].until = None


async def all_themes(request: web.Request) -> Sequence[Theme]:
    """Every theme. They hardly ever change: with booking away, those last heard of, or none."""
    remembered = request.config_dict[_REMEMBERED]
    door = door_of(request)
    now = door.clock.now()
    if remembered.until is None or now >= remembered.until:
        try:
            remembered.themes = (
                await door.bus.call(ListThemes(hidden=True), call_for(request, Anyone()))
            ).items
            remembered.until = now + THEMES_GOOD_FOR
        except Unavailable:
            remembered.until = None
    return remembered.themes


async def theme_names(request: web.Request) -> Callable[[str], str]:
    language = language_of(request)
    names: dict[str, str] = {item.id: getattr(item.name, language) for item in await all_themes(request)}
    return lambda theme: names.get(theme, "")


async def organisations(request: web.Request) -> Sequence[Organisation]:
    asked = ListOrganisations(limit=100)
    return (await door_of(request).bus.call(asked, call_for(request, Anyone()))).items


async def free_times(
    request: web.Request,
    *,
    theme: str | None = None,
    organisation: UUID | None = None,
    language: str | None = None,
    host: UUID | None = None,
    after: str | None = None,
    limit: int = AT_ONCE,
) -> FreeSlots:
    """Free appointments from now on, in order."""
    now = door_of(request).clock.now()
    wanted = FindSlots(
        from_at=now,
        to_at=now + AHEAD,
        theme=theme,
        organisation=organisation,
        language=language,
        host=host,
        kind=SlotKind.APPOINTMENT,
        limit=limit,
        cursor=after,
    )
    return await door_of(request).bus.call(wanted, call_for(request, Anyone()))


async def free_time(request: web.Request, slot_id: UUID) -> FreeSlot | None:
    """One time, if it can still be booked."""
    now = door_of(request).clock.now()
    wanted = FindSlots(from_at=now, to_at=now + timedelta(days=399), slot=slot_id, limit=1)
    found = await door_of(request).bus.call(wanted, call_for(request, Anyone()))
    return next((slot for slot in found.items if slot.id == slot_id), None)


async def next_times(request: web.Request, *, theme: str | None = None) -> Sequence[FreeSlot]:
    """A few times as a way on from a page that could end here; none rather than an error."""
    try:
        found = (await free_times(request, theme=theme or None, limit=FEW)).items
        return found or ((await free_times(request, limit=FEW)).items if theme else [])
    except Unavailable:
        return []
