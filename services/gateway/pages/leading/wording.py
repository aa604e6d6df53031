"""What pages say to those who lead: how a session is staffed and how many come. English here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.contracts.booking.groups import ManagedSession, Staffing
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import Duty
from services.gateway.pages.words import N_, Say

STAFFING: Mapping[Staffing, tuple[str, str, str]] = {
    Staffing.ACCEPTED: ("✓", "good", N_("{name} comes")),
    Staffing.ASKED: ("?", "open", N_("{name} has not answered yet")),
    Staffing.STAND_IN_WANTED: ("⇄", "open", N_("{name} comes, and hopes for a stand-in")),
    Staffing.NEEDS_HOST: ("!", "heed", N_("Needs somebody to lead it")),
}
TAKEN = N_("{taken} of {capacity} places taken")
WAITING = N_("on the waiting list: {count}")
APPLIED = N_("wish to join: {count}")
# Beside somebody's name on the desk; who simply has a place needs no word.
STATUSES: Mapping[BookingStatus, str] = {
    BookingStatus.HELD: N_("not confirmed yet"),
    BookingStatus.OFFERED: N_("a place is offered"),
    BookingStatus.WAITING: N_("on the waiting list"),
    BookingStatus.APPLIED: N_("wishes to join"),
    BookingStatus.ATTENDED: N_("came"),
    BookingStatus.NO_SHOW: N_("did not come"),
}


@dataclass(frozen=True)
class Staffed:
    """A mark, words and a tone: none of them alone tells how a session is staffed."""

    mark: str
    tone: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A session as lists show it."""

    session: ManagedSession
    staffed: Staffed
    numbers: str
    off: bool
    begun: bool
    over: bool

    @property
    def starts_at(self) -> datetime:
        return self.session.starts_at

    @property
    def time_zone(self) -> str:
        return self.session.time_zone


def staffed(say: Say, session: ManagedSession | Duty) -> Staffed:
    mark, tone, words = STAFFING[session.staffing]
    return Staffed(mark, tone, say(words).format(name=session.host.display_name))


def numbers(say: Say, session: ManagedSession) -> str:
    """ "5 of 12 places taken · on the waiting list: 2"."""
    said = [say(TAKEN).format(taken=session.taken, capacity=session.capacity)]
    said += [say(WAITING).format(count=session.waiting)] if session.waiting else []
    said += [say(APPLIED).format(count=session.applied)] if session.applied else []
    return " · ".join(said)


def row(say: Say, session: ManagedSession, *, now: datetime) -> Row:
    return Row(
        session=session,
        staffed=staffed(say, session),
        numbers=numbers(say, session),
        off=session.state is not SlotState.OPEN,
        begun=now >= session.starts_at,
        over=now >= session.ends_at,
    )


def taken(say: Say, duty: Duty) -> str:
    return say(TAKEN).format(taken=duty.taken, capacity=duty.capacity)
