"""Who opens a session: who may promise to, and when whom is told that somebody must.

A named host is asked, and reminded. Somebody else is looked for when the host gives up or wishes for a
stand-in, and two days before the start also when the host has not answered. A coordinator is told when
nobody is left to ask, and participants only when it is nearly certain that nobody comes. Neither hears it
before those who have just been asked could read it and answer, if the start leaves time for that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.domain.night import heard_at
from services.contracts.booking.groups import Staffing
from services.contracts.envelope import Role
from services.contracts.notify import TOLD_AT_NIGHT_WITHIN
from services.contracts.refusals import Code, Refusal

ASKED_AT_ONCE = 5
REMINDED = (timedelta(days=7), timedelta(days=3))
"""How long before the start a named host who has not answered is asked again."""
SEARCHED_FROM = timedelta(hours=48)
PRESSING = timedelta(hours=6)
"""How long before the start it cannot wait any longer that nobody comes."""
ALERTED = (timedelta(hours=24), PRESSING)
TOLD_MISSING = timedelta(hours=3)
EVERY = timedelta(hours=12)
SOONER = ((SEARCHED_FROM, timedelta(hours=2)), (PRESSING, timedelta(minutes=30)))
"""Within the first of each pair before the start, the next are asked after the second."""
SHORTEST_WHILE = timedelta(minutes=15)
"""How long those asked have at least before others hear that nobody comes."""

AT_ONCE = datetime.min.replace(tzinfo=UTC)
PROMISED = frozenset({Staffing.ACCEPTED, Staffing.STAND_IN_WANTED})


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session of a group and what has been done to get it a host.

    `over_at`: its end, or when its host ended it before. `asked_at`: when somebody was last asked since
    its staffing changed.
    """

    slot_id: UUID
    open: bool
    starts_at: datetime
    over_at: datetime
    zone: ZoneInfo
    host_id: UUID
    staffing: Staffing
    asked_at: datetime | None = None
    alerted_at: datetime | None = None
    told_missing_at: datetime | None = None

    @property
    def promised(self) -> bool:
        return self.staffing in PROMISED


@dataclass(frozen=True, kw_only=True)
class Server:
    """One who serves, as they stand to one session.

    `suits`: its theme and one of its languages are theirs, or they lead its group. `free`: no open time
    of their own and no other session that they promised to come to lies across it.
    """

    person_id: UUID
    trained: bool
    suits: bool
    free: bool
    co_hosting: bool = False
    co_host_accepted: bool = False


@dataclass(frozen=True, kw_only=True)
class Moments:
    """When each thing is next to be done for a session that lacks a host; None for never."""

    ask_host: datetime | None = None
    ask_stand_ins: datetime | None = None
    alert: datetime | None = None
    tell_missing: datetime | None = None

    def first(self) -> datetime | None:
        known = (self.ask_host, self.ask_stand_ins, self.alert, self.tell_missing)
        return min((moment for moment in known if moment is not None), default=None)


def is_trained(role: Role, trained: bool) -> bool:
    """Experts and coordinators are by profession; of a volunteer a coordinator says so."""
    return trained or role is not Role.VOLUNTEER


def wants_host(session: Session, *, now: datetime) -> bool:
    """Whether somebody other than the named host may promise to come."""
    if not session.open or now >= session.over_at:
        return False
    if session.staffing is Staffing.ASKED:
        return now >= session.starts_at - SEARCHED_FROM
    return session.staffing is not Staffing.ACCEPTED


def may_take(session: Session, person: Server, *, now: datetime) -> bool:
    """One who is named as host or co-host and has not answered answers that first."""
    named = session.host_id == person.person_id and session.staffing is not Staffing.NEEDS_HOST
    unanswered = person.co_hosting and not person.co_host_accepted
    fits = person.trained and person.suits and person.free
    return fits and not named and not unanswered and wants_host(session, now=now)


def check_ahead(session: Session, *, now: datetime) -> None:
    if not session.open:
        raise Refusal(Code.SLOT_CLOSED, "This session has been called off.")
    if now >= session.over_at:
        raise Refusal(Code.ALREADY_STARTED, "This session is already over.")


def check_hour(session: Session, seen: datetime | None) -> None:
    """What somebody promises is the hour that they saw."""
    if seen is not None and seen != session.starts_at:
        raise Refusal(Code.CHANGED_MEANWHILE, "This session has another time now.")


def check_can_promise(*, trained: bool, free: bool) -> None:
    if not trained:
        raise Refusal(Code.NOT_TRAINED, "Only volunteers who have been trained can host a session.")
    if not free:
        raise overlap()


def check_wanted(session: Session, *, now: datetime) -> None:
    if not wants_host(session, now=now):
        raise Refusal(Code.DUTY_TAKEN, "Somebody else has promised to come. Thank you all the same.")


def overlap() -> Refusal:
    return Refusal(Code.OVERLAP, "There is another open time or session then.")


def moments(session: Session, *, now: datetime) -> Moments:
    """Whatever lies in the past is due. Nobody is asked once the session has begun."""
    if not session.open or now >= session.over_at or session.staffing is Staffing.ACCEPTED:
        return Moments()
    begun = now >= session.starts_at
    return Moments(
        ask_host=None if begun else _host_asked(session),
        ask_stand_ins=None if begun else _stand_ins_asked(session),
        alert=None if session.promised else _alerted(session, now),
        tell_missing=_told_missing(session, now),
    )


def _host_asked(session: Session) -> datetime | None:
    asked_at = session.asked_at
    if session.staffing is not Staffing.ASKED:
        return None
    if asked_at is None:
        return AT_ONCE
    again = (session.starts_at - before for before in REMINDED)
    return next((moment for moment in again if moment > asked_at), None)


def _stand_ins_asked(session: Session) -> datetime:
    """The next are asked when those asked before have heard of it and do not answer."""
    opens = session.starts_at - SEARCHED_FROM if session.staffing is Staffing.ASKED else AT_ONCE
    asked_at = session.asked_at
    if asked_at is None or asked_at < opens:
        return opens
    heard = _heard(session, asked_at)
    rounds = [max(heard + pause, session.starts_at - within) for within, pause in SOONER]
    return min(heard + EVERY, *rounds)


def _heard(session: Session, asked_at: datetime) -> datetime:
    """When those asked know of it: those asked at night in the morning. Where it presses by then, nothing
    waits for that: all goes on from when mails about this session are sent at night."""
    heard = heard_at(asked_at, starts_at=session.starts_at, zone=session.zone)
    if session.starts_at - heard >= PRESSING:
        return heard
    return max(asked_at, session.starts_at - TOLD_AT_NIGHT_WITHIN)


def _alerted(session: Session, now: datetime) -> datetime | None:
    """Once, and once more when the start is near."""
    first, again = (session.starts_at - before for before in ALERTED)
    if session.alerted_at is None:
        return _after_a_while(session, first, now)
    return _after_a_while(session, again, now) if session.alerted_at < again else None


def _told_missing(session: Session, now: datetime) -> datetime | None:
    """Never before a coordinator has heard it."""
    if session.promised or session.told_missing_at is not None:
        return None
    told = _after_a_while(session, session.starts_at - TOLD_MISSING, now)
    alert = _alerted(session, now) if session.alerted_at is None else None
    return max(told, alert) if alert is not None else told


def _after_a_while(session: Session, due: datetime, now: datetime) -> datetime:
    """When others may hear that nobody comes: as is `due`, but for those who are to be asked now, or hear
    after it that they were. They have a while to answer first. Waiting for their morning puts nothing off
    beyond the moment from which it presses."""
    if now >= session.starts_at:
        return due
    asked_at = session.asked_at or now
    told = _answered(session, _heard(session, asked_at), due)
    return min(told, max(_answered(session, asked_at, due), session.starts_at - PRESSING))


def _answered(session: Session, heard: datetime, due: datetime) -> datetime:
    """When those who hear of it then have had their while."""
    if heard <= due:
        return max(due, heard + SHORTEST_WHILE)
    return heard + _while_to_answer(session.starts_at - heard)


def _while_to_answer(left: timedelta) -> timedelta:
    """A quarter of the time that is left, at least a quarter of an hour; no longer than until the next are
    asked, and never more than half: the rest is the coordinator's."""
    until_next = min((pause for within, pause in SOONER if left <= within), default=EVERY)
    return min(max(left / 4, SHORTEST_WHILE), until_next, left / 2)
