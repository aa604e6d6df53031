"""Remote groups: what they are, their sessions, and the rule that a series of sessions follows.

A session is a slot like any other: the same table, guard, events and room.
"""

from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.catalogue import Host, SlotKind, Words
from services.contracts.booking.slots import SlotState
from services.contracts.envelope import Request


class Group(Struct, frozen=True):
    """A remote group. `open` groups take whoever comes when they can; closed ones have fixed members.

    `whole_series`: one enrols for all sessions at once, not for one. `by_acceptance`: a facilitator
    accepts each who enrols. A large evening is a group whose `kind` is event, as its sessions' is.
    """

    id: UUID
    name: Words
    description: Words
    open: bool
    theme: str
    organisation: str
    languages: list[str]
    capacity: int
    next_starts_at: datetime | None = None
    kind: SlotKind = SlotKind.GROUP
    whole_series: bool = False
    by_acceptance: bool = False
    ended: bool = False


class Groups(Struct, frozen=True):
    items: list[Group]
    next: str | None = None


class ListGroups(Request[Groups], frozen=True, kw_only=True):
    """Groups that go on, for anyone. Those with sessions ahead come first."""

    subject: ClassVar[str] = "booking.v1.rpc.list_groups"
    reply = Groups
    theme: str | None = None
    language: str | None = None
    organisation: UUID | None = None
    limit: int = 50
    cursor: str | None = None


class GroupSession(Struct, frozen=True, kw_only=True):
    """One session as anyone may see it. `staffed`: somebody who may open it has promised to; `waiting`
    counts the parties on its list."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    capacity: int
    seats_left: int
    staffed: bool
    host: Host
    waiting: int = 0


class GroupPage(Struct, frozen=True, kw_only=True):
    """`sessions` are those ahead, one going on now included, at most 60; `waiting` counts parties.

    `enrolling`: whether one can still enrol, or be put on the list; a closed group has begun otherwise.
    `facilitators`: those who have promised to lead at least one of its sessions.
    """

    group: Group
    facilitators: list[Host]
    sessions: list[GroupSession]
    waiting: int
    enrolling: bool


class GetGroup(Request[GroupPage], frozen=True, kw_only=True):
    """For anyone. A group that has ended is still there, without sessions."""

    subject: ClassVar[str] = "booking.v1.rpc.get_group"
    reply = GroupPage
    group_id: UUID


class Series(Struct, frozen=True, kw_only=True):
    """The days of a group, by the wall clock of the service's time zone.

    `every_weeks` (1 or 2) repeats `first_on` up to and including `until`; `dates` are chosen days, with
    or without such a rule; `skip` takes days out again. At most 104 sessions come of one series.
    """

    starts: time
    ends: time
    first_on: date | None = None
    every_weeks: int = 1
    until: date | None = None
    dates: list[date] = []
    skip: list[date] = []


class AddGroup(Request[Group], frozen=True, kw_only=True):
    """Coordinators only. Sessions come by `SetSeries`, or one by one by `AddSlot`.

    `facilitators`: who leads the sessions, the first one first. `room_limit` is the number of connections
    Jitsi lets into a room; without it there is room for everybody enrolled, for the hosts, and for a second
    device of some. Refuses `not_trained` for a volunteer who may not lead.
    """

    subject: ClassVar[str] = "booking.v1.rpc.add_group"
    reply = Group
    name: Words
    description: Words
    open: bool
    theme: str
    organisation_id: UUID
    languages: list[str]
    capacity: int
    kind: SlotKind = SlotKind.GROUP
    whole_series: bool = False
    by_acceptance: bool = False
    room_limit: int | None = None
    facilitators: list[UUID] = []


class ChangeGroup(Request[Group], frozen=True, kw_only=True):
    """Coordinators only. The whole of what can be changed; it holds for the sessions ahead.

    Refuses `capacity_too_small` (`facts.enrolled`) below the fullest session ahead. More capacity is
    offered to those who wait at once. Whether a group is open, and for a series, stays as it was made.
    A session whose host leads the group no longer, or has not answered, is handed to who does.
    `version`: the one it was made from; refuses `changed_meanwhile` (`facts.version`) when somebody else
    has changed the group since. Without it whatever stands is changed: the gateway always says one.
    """

    subject: ClassVar[str] = "booking.v1.rpc.change_group"
    reply = Group
    group_id: UUID
    name: Words
    description: Words
    theme: str
    organisation_id: UUID
    languages: list[str]
    capacity: int
    by_acceptance: bool = False
    room_limit: int | None = None
    facilitators: list[UUID] = []
    version: int | None = None


class Staffing(StrEnum):
    """Whether somebody will open the session.

    `asked`: its host has been named and has not answered; `stand_in_wanted`: the host has promised and
    looks for somebody else, and still comes if nobody is found; `needs_host`: nobody has promised.
    """

    ASKED = "asked"
    ACCEPTED = "accepted"
    STAND_IN_WANTED = "stand_in_wanted"
    NEEDS_HOST = "needs_host"


class ManagedSession(Struct, frozen=True, kw_only=True):
    """A session as those who lead and coordinate see it. Numbers count seats; `waiting` counts parties.

    `series_start`: the start that the rule gave it, which a moved session keeps.
    """

    slot_id: UUID
    state: SlotState
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    capacity: int
    taken: int
    waiting: int
    applied: int
    staffing: Staffing
    host: Host
    co_hosts: list[Host]
    series_start: datetime | None = None


class ManagedGroup(Struct, frozen=True, kw_only=True):
    """`sessions`: those ahead and of the last 30 days, at most 120; called-off ones are among them.

    `version` rises with every `ChangeGroup`, and with a `SetSeries` that changes anything.
    """

    group: Group
    organisation_id: UUID
    room_limit: int | None
    facilitators: list[Host]
    series: Series | None
    sessions: list[ManagedSession]
    version: int = 1


class ManagedGroups(Struct, frozen=True):
    """Without their sessions."""

    items: list[ManagedGroup]
    next: str | None = None


class ListManagedGroups(Request[ManagedGroups], frozen=True, kw_only=True):
    """The groups that the actor facilitates; a coordinator's are all of them, but with `mine`."""

    subject: ClassVar[str] = "booking.v1.rpc.list_managed_groups"
    reply = ManagedGroups
    mine: bool = False
    limit: int = 50
    cursor: str | None = None


class GetManagedGroup(Request[ManagedGroup], frozen=True, kw_only=True):
    """For its facilitators and for coordinators; `not_found` for everybody else."""

    subject: ClassVar[str] = "booking.v1.rpc.get_managed_group"
    reply = ManagedGroup
    group_id: UUID


class SeriesDay(Struct, frozen=True, kw_only=True):
    """`enrolled` counts the seats taken in the session of that day, if there is one already."""

    starts_at: datetime
    ends_at: datetime
    enrolled: int = 0


class SeriesMove(Struct, frozen=True, kw_only=True):
    """A session that keeps its day and gets another hour. When it ends, now and then, is None from an older
    release."""

    slot_id: UUID
    from_at: datetime
    to_at: datetime
    enrolled: int
    from_ends_at: datetime | None = None
    to_ends_at: datetime | None = None


class SeriesConflict(Struct, frozen=True, kw_only=True):
    """A day that the rule names and that cannot be: `code` is `overlap` (somebody who leads it has
    another open time then), `time_does_not_exist` or `time_ambiguous`."""

    on: date
    code: str


class SeriesPreview(Struct, frozen=True, kw_only=True):
    """What a rule would change ahead of now; what is past stays."""

    kept: int
    added: list[SeriesDay]
    moved: list[SeriesMove]
    cancelled: list[SeriesDay]
    conflicts: list[SeriesConflict]


class PreviewSeries(Request[SeriesPreview], frozen=True, kw_only=True):
    """Coordinators only. Changes nothing."""

    subject: ClassVar[str] = "booking.v1.rpc.preview_series"
    reply = SeriesPreview
    group_id: UUID
    series: Series


class SetSeries(Request[SeriesPreview], frozen=True, kw_only=True):
    """Coordinators only. Makes the sessions ahead what the rule says, and answers with what it did.

    Sessions added come to those enrolled in the series; those left out are called off with `reason`,
    which people are told (it is required when somebody is enrolled in one). Refuses `host_required`
    for a group without facilitators and `recurrence_too_long`.
    `version`: the one that the group had when its preview was looked at; refuses `changed_meanwhile`
    (`facts.version`) when somebody else has changed the group or its series since. Without it whatever
    stands is changed: the gateway always says one. The series that stands already is no change: twice is
    once.
    """

    subject: ClassVar[str] = "booking.v1.rpc.set_series"
    reply = SeriesPreview
    group_id: UUID
    series: Series
    reason: str | None = None
    version: int | None = None


class MoveSession(Request[ManagedSession], frozen=True, kw_only=True):
    """By its host, a facilitator or a coordinator. Everybody enrolled keeps the place and is told once.

    Its host and co-hosts are asked anew, but for the one who moves it. Refuses `overlap` and
    `already_started`.
    """

    subject: ClassVar[str] = "booking.v1.rpc.move_session"
    reply = ManagedSession
    slot_id: UUID
    starts_at: datetime
    ends_at: datetime


class EndGroup(Request[Group], frozen=True, kw_only=True):
    """Coordinators only. Calls every session ahead off; `reason` is told to those enrolled.

    Twice is once.
    """

    subject: ClassVar[str] = "booking.v1.rpc.end_group"
    reply = Group
    group_id: UUID
    reason: str
