"""What is on offer: themes, organisations, hosts and free times."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Request


class SlotKind(StrEnum):
    APPOINTMENT = "appointment"
    GROUP = "group"
    DROP_IN = "drop_in"
    EVENT = "event"


class Words(Struct, frozen=True):
    """One text in the three languages of the service."""

    fi: str
    sv: str
    en: str


class Theme(Struct, frozen=True):
    """A `hidden` theme is offered to nobody; what has been published by it goes on."""

    id: str
    name: Words
    hidden: bool = False


class Themes(Struct, frozen=True):
    items: list[Theme]


class ListThemes(Request[Themes], frozen=True, kw_only=True):
    """In the order in which they are shown; the hidden ones only if asked for."""

    subject: ClassVar[str] = "booking.v1.rpc.list_themes"
    reply = Themes
    hidden: bool = False


class PutTheme(Request[Theme], frozen=True, kw_only=True):
    """Coordinators only. Without an id a new theme, whose id is made of its Finnish name.

    `position` counts from 1; without one a new theme comes last and another stays where it is. A theme
    cannot be taken away, only hidden: times and figures speak of it.
    """

    subject: ClassVar[str] = "booking.v1.rpc.put_theme"
    reply = Theme
    theme_id: str | None = None
    name: Words
    position: int | None = None
    hidden: bool = False


class Organisation(Struct, frozen=True):
    id: UUID
    name: str


class Organisations(Struct, frozen=True):
    items: list[Organisation]
    next: str | None = None


class ListOrganisations(Request[Organisations], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.list_organisations"
    reply = Organisations
    limit: int = 50
    cursor: str | None = None


class AddOrganisation(Request[Organisation], frozen=True, kw_only=True):
    """Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.add_organisation"
    reply = Organisation
    name: str


class ChangeOrganisation(Request[Organisation], frozen=True, kw_only=True):
    """Coordinators only. Refuses `name_taken`."""

    subject: ClassVar[str] = "booking.v1.rpc.change_organisation"
    reply = Organisation
    organisation_id: UUID
    name: str


class Host(Struct, frozen=True):
    """A person who serves, as the public may see them. `organisation` is its name."""

    id: UUID
    display_name: str
    organisation: str
    organisation_id: UUID | None = None


class PublicHost(Struct, frozen=True):
    """A host with what they can be found by."""

    id: UUID
    display_name: str
    organisation: str
    organisation_id: UUID | None
    languages: list[str]
    themes: list[str]


class Hosts(Struct, frozen=True):
    items: list[PublicHost]
    next: str | None = None


class ListHosts(Request[Hosts], frozen=True, kw_only=True):
    """Hosts who have free future times."""

    subject: ClassVar[str] = "booking.v1.rpc.list_hosts"
    reply = Hosts
    theme: str | None = None
    organisation: UUID | None = None
    limit: int = 50
    cursor: str | None = None


class FreeSlot(Struct, frozen=True, kw_only=True):
    """A published time with room in it. `theme` is its id; instants are UTC."""

    id: UUID
    kind: SlotKind
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host
    theme: str
    languages: list[str]
    capacity: int
    seats_left: int
    group_id: UUID | None = None


class FreeSlots(Struct, frozen=True):
    items: list[FreeSlot]
    next: str | None = None


class FindSlots(Request[FreeSlots], frozen=True, kw_only=True):
    """Free future times in order of start; those that can still be booked now.

    `slot` asks for one time alone: none in the answer means that it is free no more.
    """

    subject: ClassVar[str] = "booking.v1.rpc.find_slots"
    reply = FreeSlots
    from_at: datetime
    to_at: datetime
    theme: str | None = None
    organisation: UUID | None = None
    host: UUID | None = None
    language: str | None = None
    kind: SlotKind | None = None
    slot: UUID | None = None
    limit: int = 50
    cursor: str | None = None
