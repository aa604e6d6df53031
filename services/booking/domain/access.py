"""Who may see and change what. The gateway says who it is; these rules say whether they may.

What one may not see is answered as if it were not there.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.contracts.envelope import Actor, Resident, Role, Service, Staff
from services.contracts.refusals import Code, Refusal


def not_found() -> Refusal:
    return Refusal(Code.NOT_FOUND, "There is nothing here by that address.")


def coordinator(actor: Actor) -> Staff:
    if isinstance(actor, Staff) and actor.role is Role.COORDINATOR:
        return actor
    raise Refusal(Code.FORBIDDEN, "Only a coordinator can do this.")


def oneself(actor: Actor) -> None:
    """Whoever it is about, as the gateway found out by a link fresh from their contact; or a coordinator
    for them."""
    if actor != Service(name="gateway"):
        coordinator(actor)


def host(actor: Actor, host_id: UUID) -> Staff:
    """The host of the thing themselves, or a coordinator."""
    if isinstance(actor, Staff) and (actor.person_id == host_id or actor.role is Role.COORDINATOR):
        return actor
    raise not_found()


def leads(actor: Actor, leaders: Collection[UUID]) -> Staff:
    """One of those who lead something together, or a coordinator."""
    if isinstance(actor, Staff) and (actor.person_id in leaders or actor.role is Role.COORDINATOR):
        return actor
    raise not_found()


def publisher(actor: Actor, host_id: UUID | None) -> UUID:
    """Whose times are published: one's own; a coordinator may name anybody's."""
    if not isinstance(actor, Staff):
        raise Refusal(Code.FORBIDDEN, "Only those who serve can publish times.")
    if host_id is None or host_id == actor.person_id:
        return actor.person_id
    coordinator(actor)
    return host_id


def bearer(
    actor: Actor, *, booking_id: UUID, link_version: int, link_expires_at: datetime, now: datetime
) -> None:
    """The bearer of this booking's present link."""
    if not isinstance(actor, Resident) or actor.booking_id != booking_id:
        raise not_found()
    if actor.link_version != link_version or now >= link_expires_at:
        raise Refusal(Code.LINK_EXPIRED, "This link is no longer in use. Ask for a new one.")


def said_by(actor: Actor, host_id: UUID) -> str:
    """In which role somebody changed a booking, as residents are told. Who helps to lead is as the host."""
    match actor:
        case Staff(person_id=person_id, role=role) if person_id == host_id or role is not Role.COORDINATOR:
            return "host"
        case Staff():
            return "coordinator"
        case _:
            return "resident"


def signature(actor: Actor) -> tuple[str, UUID | None]:
    """Who changed something, for the record: a kind and an id."""
    match actor:
        case Staff(person_id=person_id, role=role):
            return str(role), person_id
        case Resident(booking_id=booking_id):
            return "resident", booking_id
        case _:
            return "system", None
