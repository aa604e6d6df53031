"""Signing in and out, and who one is."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.envelope import Nothing, Role
from services.gateway import sessions, signing_in
from services.gateway.api.serving import Asking, NoBody
from services.gateway.fields import Email
from services.gateway.limits import Limit


class SignInBody(Struct, frozen=True, kw_only=True):
    email: Email


class TokenBody(Struct, frozen=True, kw_only=True):
    token: Annotated[str, Meta(min_length=1, max_length=200)]


class Me(Struct, frozen=True, kw_only=True):
    """`csrf_token` goes into the X-CSRF-Token header of every write in this session."""

    id: UUID
    role: Role
    display_name: str
    organisation_id: UUID | None
    languages: list[str]
    csrf_token: str


async def ask(asking: Asking[SignInBody]) -> None:
    """The same answer whoever is known, and nobody, by this address."""
    await asking.door.limits.spend_contact(Limit.SIGN_IN, asking.request, asking.body.email)
    await signing_in.ask(asking.door, asking.body.email, asking.call)


async def confirm(asking: Asking[TokenBody]) -> Nothing:
    person_id = await signing_in.confirm(asking.door, asking.body.token, asking.call)
    await sessions.begin(asking.request, person_id)
    return Nothing()


async def sign_out(asking: Asking[NoBody]) -> Nothing:
    await sessions.end(asking.request)
    return Nothing()


async def me(asking: Asking[NoBody]) -> Me:
    person, token = asking.caller.person, asking.caller.csrf
    assert person is not None
    assert token is not None
    return Me(
        id=person.id,
        role=person.role,
        display_name=person.display_name,
        organisation_id=person.organisation_id,
        languages=person.languages,
        csrf_token=token,
    )
