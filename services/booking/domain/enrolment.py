"""Coming to a group: who still can, who is offered a free place, and until when they may answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.domain.night import heard_at, morning_after
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal, field_refusal

SEATED = frozenset(
    {
        BookingStatus.OFFERED,
        BookingStatus.HELD,
        BookingStatus.CONFIRMED,
        BookingStatus.ATTENDED,
        BookingStatus.NO_SHOW,
    }
)
"""The states of a group's booking in which a seat is kept for it."""

WITHOUT_SEAT = frozenset({BookingStatus.APPLIED, BookingStatus.WAITING})
ENDED = frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED})

LONGEST_OFFER = timedelta(hours=24)
SHORTEST_OFFER = timedelta(minutes=15)
ANSWERED_BEFORE = timedelta(minutes=10)
"""An offer ends so long before the start: whoever takes it must still get ready."""
LIST_CLOSES = SHORTEST_OFFER + ANSWERED_BEFORE
"""So long before the start nothing is offered any more, and the wait is over."""


@dataclass(frozen=True)
class Group:
    """What decides about coming to a group. `begins_at`: the start of its first session, if it has any."""

    id: UUID
    open: bool
    whole_series: bool
    by_acceptance: bool
    ended: bool
    begins_at: datetime | None


@dataclass(frozen=True)
class Session:
    """`left` counts the free seats of all its `capacity`. `live`: it is not called off."""

    slot_id: UUID
    live: bool
    starts_at: datetime
    over_at: datetime
    left: int
    capacity: int


@dataclass(frozen=True)
class Party:
    """Those who wait together: whose enrolment it is, and their bookings in each session they wait for."""

    enrolment_id: UUID
    wishes: Mapping[UUID, Sequence[UUID]]


def wished(
    group: Group,
    sessions: Sequence[Session],
    *,
    slot_id: UUID | None,
    walk_in: bool,
    rooms_open: timedelta,
    now: datetime,
) -> list[Session]:
    """The sessions that somebody who enrols comes to, or the refusal that says why they cannot.

    One may come in without having enrolled when the room is open: `rooms_open` before the start.
    """
    if group.ended:
        raise Refusal(Code.SLOT_CLOSED, "This group has ended.")
    if walk_in:
        session = _one(sessions, slot_id, now=now)
        return [_walked_into(group, session, session.starts_at - rooms_open, now=now)]
    if has_begun(group, now=now):
        raise Refusal(Code.ALREADY_STARTED, "The group has begun and takes nobody new.")
    if not group.whole_series:
        return [_one(sessions, slot_id, now=now)]
    if slot_id is not None:
        raise Refusal(Code.FORBIDDEN, "One enrols in this group for all its sessions at once.")
    ahead = [session for session in sessions if session.live and session.starts_at > now]
    if not ahead:
        raise Refusal(Code.SLOT_CLOSED, "The group has no sessions ahead.")
    return ahead


def has_begun(group: Group, *, now: datetime) -> bool:
    """A closed group that has begun takes nobody new; an open one never begins in this sense."""
    return not group.open and group.begins_at is not None and group.begins_at <= now


def _one(sessions: Sequence[Session], slot_id: UUID | None, *, now: datetime) -> Session:
    if slot_id is None:
        raise field_refusal(Code.FIELD_REQUIRED, "slot_id", "Say which session you would like to come to.")
    session = next((session for session in sessions if session.slot_id == slot_id), None)
    if session is None:
        raise Refusal(Code.NOT_FOUND, "There is no such session in this group.")
    if not session.live or session.over_at <= now:
        raise Refusal(Code.SLOT_CLOSED, "This session can no longer be enrolled in.")
    return session


def _walked_into(group: Group, session: Session, opens_at: datetime, *, now: datetime) -> Session:
    if not group.open or group.by_acceptance:
        raise Refusal(Code.FORBIDDEN, "One enrols in this group before coming.")
    if now < opens_at:
        raise Refusal(Code.ROOM_NOT_OPEN, "The session has not opened yet.", opens_at=opens_at.isoformat())
    return session


def fits(seats: int, sessions: Iterable[Session]) -> bool:
    """A party gets its places together, in every session it wishes for."""
    return all(session.left >= seats for session in sessions)


def check_party(group: Group, sessions: Sequence[Session], people: int, *, now: datetime) -> None:
    """Refuse those of whom there are more than places: even an empty session would not hold them."""
    if people > min(session.capacity for session in still_offered(group, sessions, now=now) or sessions):
        raise field_refusal(
            Code.PARTY_TOO_LARGE, "companions", "There are fewer places than people who would come."
        )


def to_be_had(
    group: Group, sessions: Sequence[Session], seats: int, *, now: datetime
) -> Sequence[Session] | None:
    """The sessions in which a party gets its places now, or None when it has to wait.

    That a session about to begin is full keeps nobody from the rest of a series.
    """
    if fits(seats, sessions):
        return sessions
    later = still_offered(group, sessions, now=now)
    return later if later and fits(seats, later) else None


def still_offered(group: Group, sessions: Iterable[Session], *, now: datetime) -> list[Session]:
    """The sessions whose places can still be offered. A closed group's list closes as a whole."""
    live = [session for session in sessions if session.live]
    if group.open:
        return [session for session in live if session.starts_at - now > LIST_CLOSES]
    begins_at = group.begins_at
    return live if begins_at is not None and begins_at - now > LIST_CLOSES else []


def may_still_come(group: Group, session: Session, *, now: datetime) -> bool:
    return session.live and session.over_at > now and not has_begun(group, now=now)


def whom_to_offer(waiting: Iterable[Party], left: Mapping[UUID, int]) -> list[Party]:
    """Go through the parties in their order: each that fits gets an offer for all it wishes for.

    A bigger party that does not fit keeps its place while a smaller one passes: an empty chair helps
    nobody. `left` has the free seats of those sessions that can still be offered.
    """
    free = dict(left)
    chosen = []
    for party in waiting:
        wishes = {slot_id: ids for slot_id, ids in party.wishes.items() if slot_id in free}
        if wishes and all(free[slot_id] >= len(ids) for slot_id, ids in wishes.items()):
            for slot_id, ids in wishes.items():
                free[slot_id] -= len(ids)
            chosen.append(replace(party, wishes=wishes))
    return chosen


def offer_until(*, now: datetime, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """A day to answer, at most a quarter of the time left and at least a quarter of an hour.

    It is reckoned from when they hear of it: what is offered at night is told in the morning, unless the
    start is near. An answer that would fall due in the night is due in the morning, where the start leaves
    room.
    """
    latest = starts_at - ANSWERED_BEFORE
    told_at = heard_at(now, starts_at=starts_at, zone=zone)
    time_left = (starts_at - told_at) / 4
    until = told_at + max(SHORTEST_OFFER, min(LONGEST_OFFER, time_left))
    morning = morning_after(until, zone)
    return min(morning if morning <= latest else until, latest)


_AHEAD = (
    BookingStatus.OFFERED,
    BookingStatus.HELD,
    BookingStatus.CONFIRMED,
    BookingStatus.APPLIED,
    BookingStatus.WAITING,
)
_BEHIND = (BookingStatus.ATTENDED, BookingStatus.NO_SHOW, BookingStatus.EXPIRED, BookingStatus.CANCELLED)


def overall(statuses: Collection[BookingStatus], *, left: bool) -> BookingStatus:
    """How an enrolment stands, from its sessions: what asks for something comes first.

    For one who `left` what had been attended before counts no more.
    """
    if left and not set(statuses) & set(_AHEAD):
        return BookingStatus.CANCELLED
    return next(status for status in _AHEAD + _BEHIND if status in statuses)


def check_can_answer(
    statuses: Collection[BookingStatus], *, offered_until: datetime | None, accept: bool, now: datetime
) -> bool:
    """Whether an answer to an offer changes anything; twice is once. Refuses when the offer is over."""
    if BookingStatus.OFFERED in statuses and offered_until is not None and now < offered_until:
        return True
    declined = BookingStatus.CANCELLED in statuses and set(statuses) <= ENDED
    if BookingStatus.CONFIRMED in statuses if accept else declined:
        return False
    raise Refusal(Code.OFFER_OVER, "This place is not offered to you any more.")


def goes_on(statuses: Collection[BookingStatus]) -> bool:
    """Whether who is enrolled in a series is brought along to sessions that are added to it: not when they
    have given up or lost every one that there was."""
    return not set(statuses) <= ENDED


def check_can_leave(statuses: Collection[BookingStatus]) -> None:
    """With nothing to give back: what has ended stays as it is, what has begun cannot be left."""
    if not set(statuses) <= ENDED:
        raise Refusal(Code.ALREADY_STARTED, "The meeting has already started.")
