"""What pages say of groups: seats, places on the list and how one stands, in words. English here."""

import re
from collections.abc import Mapping

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import EnrolledSession
from services.contracts.booking.groups import Group
from services.contracts.booking.slots import BookingStatus, SlotState
from services.gateway.pages.words import N_, Say

FEW = 10
LONGEST_GLIMPSE = 160

_SENTENCE = re.compile(r".+?[.!?…](?=\s|$)", re.DOTALL)

STATUSES: Mapping[str, str] = {
    BookingStatus.APPLIED: N_("Waits for the answer of whoever leads the group"),
    BookingStatus.WAITING: N_("On the waiting list"),
    BookingStatus.OFFERED: N_("A place is offered to you"),
    BookingStatus.HELD: N_("Not confirmed yet"),
    BookingStatus.CONFIRMED: N_("Your place"),
    BookingStatus.ATTENDED: N_("You were there"),
    BookingStatus.NO_SHOW: N_("It is over"),
    BookingStatus.CANCELLED: N_("You do not come"),
    BookingStatus.EXPIRED: N_("No place came free"),
}
CALLED_OFF = N_("Called off")
OVER = N_("It is over")
BEFORE_YOU = (
    N_("You are the next one."),
    N_("One is before you."),
    N_("Two are before you."),
    N_("Three are before you."),
    N_("Four are before you."),
    N_("Five are before you."),
)
WAITING = (
    N_("Nobody waits yet."),
    N_("One waits before you."),
    N_("Two wait before you."),
    N_("Three wait before you."),
    N_("Four wait before you."),
    N_("Five wait before you."),
)


def seats_left(say: Say, left: int) -> str:
    """ "2 places left"; nobody counts them while there are many."""
    if left <= 0:
        return say(N_("Full"))
    if left == 1:
        return say(N_("One place left"))
    return say(N_("{count} places left")).format(count=left) if left <= FEW else say(N_("There is room"))


def before_you(say: Say, count: int) -> str:
    """Where one is on the list."""
    if count < len(BEFORE_YOU):
        return say(BEFORE_YOU[max(count, 0)])
    return say(N_("{count} are before you.")).format(count=count)


def waiting(say: Say, count: int) -> str:
    """How many one would have to wait for."""
    if count < len(WAITING):
        return say(WAITING[max(count, 0)])
    return say(N_("{count} wait before you.")).format(count=count)


def kind_of(say: Say, group: Group) -> str:
    """Open, closed or for listening, in plain words."""
    if group.kind is SlotKind.EVENT:
        return say(N_("Large event: you listen"))
    if group.open:
        return say(N_("Open group: come when you can"))
    if group.whole_series:
        return say(N_("Closed group: the same people every time"))
    return say(N_("Enrol for one time at once"))


def status_of(say: Say, session: EnrolledSession, *, over: bool) -> str:
    """How its person stands in one session."""
    if session.state is not SlotState.OPEN:
        return say(CALLED_OFF)
    if over and session.status is BookingStatus.CONFIRMED:
        return say(OVER)
    return say(STATUSES[session.status])


def glimpse(text: str) -> str:
    """The first sentence of a longer text."""
    text = " ".join(text.split())
    found = _SENTENCE.match(text)
    first = found.group() if found else text
    return first if len(first) <= LONGEST_GLIMPSE else first[: LONGEST_GLIMPSE - 1].rstrip() + "…"
