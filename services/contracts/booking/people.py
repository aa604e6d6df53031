"""The people who serve: experts, volunteers and coordinators."""

from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Nothing, Request, Role


class Person(Struct, frozen=True, kw_only=True):
    """`trained`: a volunteer who may host alone. `themes`: in which they may stand in for others.

    `version` rises with every `ChangePerson` and `ChangeProfile`. Disabling and enabling leave it as it is:
    what they decide is not in those two.
    """

    id: UUID
    role: Role
    display_name: str
    email: str
    languages: list[str]
    organisation_id: UUID | None = None
    disabled: bool = False
    trained: bool = False
    themes: list[str] = []
    version: int = 1


class People(Struct, frozen=True):
    items: list[Person]
    next: str | None = None


class Identify(Request[Person], frozen=True, kw_only=True):
    """Who a session's person is now. Refuses `session_ended` for a disabled one."""

    subject: ClassVar[str] = "booking.v1.rpc.identify"
    reply = Person
    person_id: UUID


class FindPersonByEmail(Request[Person], frozen=True, kw_only=True):
    """For signing in. Refuses `not_found` for an unknown or disabled address."""

    subject: ClassVar[str] = "booking.v1.rpc.find_person_by_email"
    reply = Person
    email: str


class ListPeople(Request[People], frozen=True, kw_only=True):
    """Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.list_people"
    reply = People
    limit: int = 50
    cursor: str | None = None


class GetPerson(Request[Person], frozen=True, kw_only=True):
    """Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.get_person"
    reply = Person
    person_id: UUID


class AddPerson(Request[Person], frozen=True, kw_only=True):
    """Coordinators only. Refuses `person_exists` for an address in use."""

    subject: ClassVar[str] = "booking.v1.rpc.add_person"
    reply = Person
    email: str
    display_name: str
    role: Role
    organisation_id: UUID | None = None
    languages: list[str]
    trained: bool = False
    themes: list[str] = []


class ChangePerson(Request[Person], frozen=True, kw_only=True):
    """Coordinators only. The whole of what can be changed, not a part.

    A volunteer who is not trained any more leads nothing: another host is looked for at once. Refuses
    `forbidden` for a role of one's own: somebody must be left to invite the others.
    `version`: the one it was made from; refuses `changed_meanwhile` (`facts.version`) when somebody else
    has changed them since. Without it whatever stands is changed: pages always say one, programs may.
    """

    subject: ClassVar[str] = "booking.v1.rpc.change_person"
    reply = Person
    person_id: UUID
    email: str
    display_name: str
    role: Role
    organisation_id: UUID | None = None
    languages: list[str]
    trained: bool = False
    themes: list[str] = []
    version: int | None = None


class DisablePerson(Request[Nothing], frozen=True, kw_only=True):
    """Coordinators only. Their free times are withdrawn; booked ones stay for somebody to sort out."""

    subject: ClassVar[str] = "booking.v1.rpc.disable_person"
    reply = Nothing
    person_id: UUID


class EnablePerson(Request[Nothing], frozen=True, kw_only=True):
    """Coordinators only. Their weekly hours make free times again; what was withdrawn stays so."""

    subject: ClassVar[str] = "booking.v1.rpc.enable_person"
    reply = Nothing
    person_id: UUID


class AlertAddress(Struct, frozen=True):
    email: str
    language: str


class AlertAddresses(Struct, frozen=True):
    items: list[AlertAddress]


class ListAlertAddresses(Request[AlertAddresses], frozen=True, kw_only=True):
    """Where coordinators are told of what a machine could not do."""

    subject: ClassVar[str] = "booking.v1.rpc.list_alert_addresses"
    reply = AlertAddresses
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
