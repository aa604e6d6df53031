"""What is on offer: themes, organisations, hosts, groups and free times."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from services.contracts.booking import catalogue
from services.contracts.booking.catalogue import SlotKind
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody, Passed
from services.gateway.audit import Action, note
from services.gateway.fields import Instant, Line, Title

AHEAD = timedelta(days=14)

ThemeId = Annotated[Line, Meta(description="The id of a theme")]
SpokenLanguage = Annotated[str, Meta(pattern="^[a-z]{2,3}$")]


class HostsQuery(Page, frozen=True, kw_only=True):
    theme: ThemeId | None = None
    organisation: UUID | None = None


class SlotsQuery(Page, frozen=True, kw_only=True):
    """From now on, for two weeks, unless said otherwise."""

    from_at: Instant | None = field(name="from", default=None)
    to_at: Instant | None = field(name="to", default=None)
    theme: ThemeId | None = None
    organisation: UUID | None = None
    host: UUID | None = None
    language: SpokenLanguage | None = None
    kind: SlotKind | None = None


class ThemeBody(Struct, frozen=True, kw_only=True):
    """`position` counts from 1. A theme cannot be taken away, only hidden."""

    name: catalogue.Words
    position: Annotated[int, Meta(ge=1, le=1000)] | None = None
    hidden: bool = False


class OrganisationBody(Struct, frozen=True, kw_only=True):
    name: Title


async def themes(asking: Asking[NoBody]) -> catalogue.Themes:
    return await asking.ask(catalogue.ListThemes())


async def add_theme(asking: Asking[ThemeBody]) -> catalogue.Theme:
    said = asking.body
    await note(asking.door, asking.call, Action.THEME_ADDED)
    return await asking.ask(catalogue.PutTheme(name=said.name, position=said.position, hidden=said.hidden))


async def change_theme(asking: Asking[ThemeBody]) -> catalogue.Theme:
    said, theme_id = asking.body, asking.request.match_info["theme"]
    await note(asking.door, asking.call, Action.THEME_CHANGED)
    return await asking.ask(
        catalogue.PutTheme(theme_id=theme_id, name=said.name, position=said.position, hidden=said.hidden)
    )


async def organisations(asking: Asking[Page]) -> catalogue.Organisations:
    return await asking.ask(catalogue.ListOrganisations(limit=asking.body.limit, cursor=asking.body.cursor))


async def add_organisation(asking: Asking[OrganisationBody]) -> catalogue.Organisation:
    await note(asking.door, asking.call, Action.ORGANISATION_ADDED)
    return await asking.ask(catalogue.AddOrganisation(name=asking.body.name))


async def change_organisation(asking: Asking[OrganisationBody]) -> catalogue.Organisation:
    await note(asking.door, asking.call, Action.ORGANISATION_CHANGED)
    return await asking.ask(
        catalogue.ChangeOrganisation(organisation_id=asking.ids["organisation_id"], name=asking.body.name)
    )


async def hosts(asking: Asking[HostsQuery]) -> catalogue.Hosts:
    query = asking.body
    return await asking.ask(
        catalogue.ListHosts(
            theme=query.theme, organisation=query.organisation, limit=query.limit, cursor=query.cursor
        )
    )


async def free_slots(asking: Asking[SlotsQuery]) -> Passed[catalogue.FreeSlots]:
    query = asking.body
    from_at = query.from_at or asking.call.now
    return await asking.pass_on(
        catalogue.FindSlots(
            from_at=from_at,
            to_at=query.to_at or from_at + AHEAD,
            theme=query.theme,
            organisation=query.organisation,
            host=query.host,
            language=query.language,
            kind=query.kind,
            limit=query.limit,
            cursor=query.cursor,
        )
    )
