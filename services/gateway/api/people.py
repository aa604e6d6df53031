"""Who serves: invited, changed and disabled by a coordinator. And the trail of what staff did."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.booking import people
from services.contracts.envelope import Nothing, Role
from services.gateway import audit, signing_in
from services.gateway.api.catalogue import ThemeId
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.api.slots import LanguageCode
from services.gateway.audit import Action, note
from services.gateway.fields import Email, Name
from services.gateway.store import AuditRow
from services.runtime.paging import page_of, read_cursor

RowId = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class PersonBody(Struct, frozen=True, kw_only=True):
    """`trained` and `themes` stay as they are where they are left out."""

    email: Email
    display_name: Name
    role: Role
    organisation_id: UUID | None = None
    languages: Annotated[list[LanguageCode], Meta(min_length=1, max_length=10)]
    trained: bool | None = None
    themes: Annotated[list[ThemeId], Meta(max_length=100)] | None = None


class PersonChange(PersonBody, frozen=True, kw_only=True):
    """`version`: the one it was made from, as `GET` of the person tells it. When somebody has changed the
    person since, themselves or another coordinator, it is refused (`changed_meanwhile`, with the `version`
    that stands); the same change twice is once. Without one it is made whatever stands."""

    version: int | None = None


class AuditItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`actor` is a person's id; `reason` why they said they did it, where they were asked."""

    at: datetime
    actor: UUID
    action: str
    booking_id: UUID | None = None
    person_id: UUID | None = None
    slot_id: UUID | None = None
    group_id: UUID | None = None
    reason: str | None = None
    request_id: str


class AuditQuery(Page, frozen=True, kw_only=True):
    """`person`: what they did, and what was done about them."""

    person: UUID | None = None
    booking: UUID | None = None


class AuditList(Struct, frozen=True, kw_only=True):
    items: list[AuditItem]
    next: str | None = None


async def browse(asking: Asking[Page]) -> people.People:
    return await asking.ask(people.ListPeople(limit=asking.body.limit, cursor=asking.body.cursor))


async def describe(asking: Asking[NoBody]) -> people.Person:
    return await asking.ask(people.GetPerson(person_id=asking.ids["person_id"]))


async def add(asking: Asking[PersonBody]) -> people.Person:
    """They are sent a link to sign in by, once, however often this is repeated."""
    said = asking.body
    await note(asking.door, asking.call, Action.PERSON_ADDED)
    person = await asking.ask(
        people.AddPerson(
            email=said.email,
            display_name=said.display_name,
            role=said.role,
            organisation_id=said.organisation_id,
            languages=said.languages,
            trained=said.trained or False,
            themes=said.themes or [],
        )
    )
    await signing_in.invite(asking.door, person, asking.call)
    return person


async def change(asking: Asking[PersonChange]) -> people.Person:
    said, person_id = asking.body, asking.ids["person_id"]
    await note(asking.door, asking.call, Action.PERSON_CHANGED, person_id=person_id)
    trained, themes, version = said.trained, said.themes, said.version
    if trained is None or themes is None:
        before = await asking.ask(people.GetPerson(person_id=person_id))
        trained = before.trained if trained is None else trained
        themes = before.themes if themes is None else themes
        version = before.version if version is None else version
    return await asking.ask(
        people.ChangePerson(
            person_id=person_id,
            email=said.email,
            display_name=said.display_name,
            role=said.role,
            organisation_id=said.organisation_id,
            languages=said.languages,
            trained=trained,
            themes=themes,
            version=version,
        )
    )


async def disable(asking: Asking[NoBody]) -> Nothing:
    person_id = asking.ids["person_id"]
    await note(asking.door, asking.call, Action.PERSON_DISABLED, person_id=person_id)
    try:
        return await asking.ask(people.DisablePerson(person_id=person_id))
    finally:
        asking.door.known.forget_person(person_id)


async def enable(asking: Asking[NoBody]) -> Nothing:
    person_id = asking.ids["person_id"]
    await note(asking.door, asking.call, Action.PERSON_ENABLED, person_id=person_id)
    return await asking.ask(people.EnablePerson(person_id=person_id))


async def trail(asking: Asking[AuditQuery]) -> AuditList:
    """Newest first."""
    limit = asking.body.limit
    (before,) = read_cursor(asking.body.cursor, RowId)
    rows = await audit.latest(
        asking.door,
        before=before,
        limit=limit + 1,
        person_id=asking.body.person,
        booking_id=asking.body.booking,
    )
    shown, following = page_of(rows, limit, lambda row: (row.id,))
    return AuditList(items=[_item(row) for row in shown], next=following)


def _item(row: AuditRow) -> AuditItem:
    return AuditItem(
        at=row.at,
        actor=row.actor_id,
        action=row.action,
        booking_id=row.booking_id,
        person_id=row.person_id,
        slot_id=row.slot_id,
        group_id=row.group_id,
        reason=row.reason,
        request_id=row.request_id,
    )
