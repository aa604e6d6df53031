"""Somebody's coming to a group, as the page and the API behind their link tell it. Nobody else is in it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from services.contracts import links
from services.contracts.booking.catalogue import Host, Words
from services.contracts.booking.enrolment import EnrolledSession, MyGroup
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.links import Link, Purpose
from services.gateway.door import Door
from services.gateway.meetings import AHEAD, LISTED, OVER
from services.gateway.public_groups import host_of
from services.runtime.calendar import CalendarEntry
from services.runtime.series import Occurrence, Series, sequence_of

LIVE = (*AHEAD, *LISTED)


class OwnSession(Struct, frozen=True, kw_only=True):
    """`manage_url` is the link of this session's own page; `host` is null while nobody has promised to lead
    it, and `staffed` false. `series_start`: where the rule had put it, before it was moved. `cancelled_by`:
    resident, host or coordinator; with `state` open only this place has ended, and the session goes on."""

    booking_id: UUID
    link_version: int
    slot_id: UUID
    state: SlotState
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host | None
    staffed: bool
    sequence: int
    series_start: datetime | None
    changed_at: datetime | None
    cancel_reason: str | None
    cancelled_by: str | None
    manage_url: str


class OwnGroup(Struct, frozen=True, kw_only=True):
    """`actions` are those that would succeed now: `accept`, `decline`, `leave_group`. `member`: they come
    to the sessions that are added to the series, also while none of it is ahead."""

    enrolment_id: UUID
    group_id: UUID
    name: Words
    open: bool
    whole_series: bool
    status: BookingStatus
    places: int
    accompanies: bool
    before_you: int | None
    offered_until: datetime | None
    not_accepted: bool
    member: bool
    actions: list[str]
    sessions: list[OwnSession]


def own_group(door: Door, mine: MyGroup, *, now: datetime) -> OwnGroup:
    return OwnGroup(
        enrolment_id=mine.enrolment_id,
        group_id=mine.group_id,
        name=mine.name,
        open=mine.open,
        whole_series=mine.whole_series,
        status=mine.status,
        places=mine.places,
        accompanies=mine.accompanies,
        before_you=mine.before_you,
        offered_until=mine.offered_until,
        not_accepted=mine.not_accepted,
        member=mine.member,
        actions=list(actions(mine, now)),
        sessions=[_own_session(door, session) for session in mine.sessions],
    )


def _own_session(door: Door, session: EnrolledSession) -> OwnSession:
    address = f"{door.settings.origin}{path_of(door, session.booking_id, session.link_version)}"
    told = asdict(session) | {"host": host_of(session), "manage_url": address}
    return OwnSession(**{name: told[name] for name in OwnSession.__struct_fields__})


def path_of(door: Door, booking_id: UUID, link_version: int) -> str:
    """Where the page of a booking is, for who has been found to be its bearer or of the same enrolment."""
    link = Link(purpose=Purpose.BOOKING, subject_id=booking_id, version=link_version)
    return f"/t/{links.make(door.link_keys, link)}"


def actions(mine: MyGroup, now: datetime) -> Iterator[str]:
    offered = mine.status is BookingStatus.OFFERED and not mine.accompanies
    if offered and (mine.offered_until is None or now < mine.offered_until):
        yield "accept"
        yield "decline"
    if mine.member or any(is_ahead(session, now) for session in mine.sessions):
        yield "leave_group"


def is_ahead(session: EnrolledSession, now: datetime) -> bool:
    """Whether it has not begun, and its person still comes or waits."""
    return is_live(session) and now < session.starts_at


def is_live(session: EnrolledSession) -> bool:
    return session.state is SlotState.OPEN and session.status in LIVE


def calendar_of(mine: MyGroup, entry: CalendarEntry) -> bytes:
    """All its sessions as one recurring object, with those moved or not come to as its exceptions.

    It is off when there is none to come to, whatever became of the one whose link this is.
    """
    occurrences = [_occurrence(session) for session in mine.sessions]
    series = Series(
        entry=replace(
            entry,
            sequence=sequence_of([session.sequence for session in mine.sessions]),
            cancelled=all(each.off for each in occurrences),
        ),
        time_zone=mine.sessions[0].time_zone,
        occurrences=occurrences,
    )
    return series.to_bytes()


def _occurrence(session: EnrolledSession) -> Occurrence:
    coming = (*AHEAD, *OVER)
    return Occurrence(
        planned_start=session.series_start or session.starts_at,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        off=session.state is not SlotState.OPEN or session.status not in coming,
    )


def next_after(mine: MyGroup, booking_id: UUID, now: datetime) -> EnrolledSession | None:
    """The next session that its person comes to, but for the one whose page this is."""
    coming = (
        session
        for session in mine.sessions
        if session.booking_id != booking_id and is_live(session) and now < session.ends_at
    )
    return min(coming, key=lambda session: session.starts_at, default=None)
