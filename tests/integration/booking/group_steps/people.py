"""Steps that people take in a group."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from services.contracts.booking.appointments import CancelBooking, ConfirmBooking, MoveBooking
from services.contracts.booking.enrolment import AnswerOffer, LeaveGroup
from services.contracts.booking.own_data import EraseResident
from services.contracts.envelope import Service
from tests.integration.booking.group_model.board import COMING
from tests.integration.booking.group_reality import bearer
from tests.integration.booking.group_steps.steps import Steps, fates, rarely, which, who

GATEWAY = Service(name="gateway")

somebody = precondition(lambda self: self.model.people)


class PeopleSteps(Steps):
    """By those who come, or would like to."""

    @rule(
        companions=st.sampled_from([0, 0, 0, 1, 2]),
        session=which,
        or_wait=st.booleans(),
        again=rarely,
        fate=fates,
    )
    def enrol(self, companions: int, session: int, or_wait: bool, again: bool, fate: str) -> None:
        number = None if self.model.series else session
        self.enrol_some(companions, number, fate, again=again, or_wait=or_wait)

    @rule(session=st.none() | which, fate=fates)
    def enrol_as_one_cannot(self, session: int | None, fate: str) -> None:
        self.enrol_some(0, session, fate)

    @rule(companions=st.sampled_from([0, 0, 1]), session=which, fate=fates)
    def walk_in(self, companions: int, session: int, fate: str) -> None:
        self.enrol_some(companions, session, fate, walk_in=True, or_wait=True)

    @somebody
    @rule(person=who, session=which, fate=fates)
    def leave_group(self, person: int, session: int, fate: str) -> None:
        place = self.place(person, session)
        request = LeaveGroup(booking_id=self.of(place)["id"])
        self.do(lambda: self.model.leave(place[0]), request, bearer(self.of(place)), fate)

    @precondition(lambda self: self._waiting())
    @rule(person=who, fate=fates)
    def leave_while_others_wait(self, person: int, fate: str) -> None:
        """Most of what is of interest begins so."""
        seated = self.model.bookings(list(self.model.people), "confirmed", "held", "offered")
        if seated:
            place = seated[person % len(seated)]
            request = LeaveGroup(booking_id=self.of(place)["id"])
            self.do(lambda: self.model.leave(place[0]), request, bearer(self.of(place)), fate)

    def _waiting(self) -> list[tuple[str, int]]:
        return self.model.bookings(list(self.model.people), "waiting")

    @somebody
    @rule(person=who, session=which, fate=fates)
    def leave_one_session(self, person: int, session: int, fate: str) -> None:
        place = self.place(person, session)
        request = CancelBooking(booking_id=self.of(place)["id"])
        self.do(lambda: self.model.leave_one(*place), request, bearer(self.of(place)), fate)

    @precondition(lambda self: self.model.confirm and self.model.people)
    @rule(person=who, session=which, fate=fates)
    def confirm(self, person: int, session: int, fate: str) -> None:
        place = self.place(person, session)
        request = ConfirmBooking(booking_id=self.of(place)["id"])
        self.do(lambda: self.model.confirm_held(*place), request, bearer(self.of(place)), fate)

    @somebody
    @rule(person=who, session=which, accept=st.booleans(), fate=fates)
    def answer_offer_or_none(self, person: int, session: int, accept: bool, fate: str) -> None:
        self._answer(self.place(person, session), accept, fate)

    @precondition(lambda self: self.model.offers)
    @rule(person=who, session=which, accept=st.booleans(), fate=fates)
    def answer_offer(self, person: int, session: int, accept: bool, fate: str) -> None:
        offered = sorted(self.model.offers)
        name = offered[person % len(offered)]
        self._answer(self.place(list(self.model.people).index(name), session), accept, fate)

    def _answer(self, place: tuple[str, int], accept: bool, fate: str) -> None:
        request = AnswerOffer(booking_id=self.of(place)["id"], accept=accept)
        actor = bearer(self.of(place))
        self.do(lambda: self.model.answer(place[0], accept=accept), request, actor, fate)

    @somebody
    @rule(person=who, session=which, to=which, fate=fates)
    def exchange_session(self, person: int, session: int, to: int, fate: str) -> None:
        place = self.place(person, session)
        other = to % len(self.model.sessions)
        request = MoveBooking(booking_id=self.of(place)["id"], slot_id=self.reality.sessions[other])
        self.do(lambda: self.model.exchange(*place, other), request, bearer(self.of(place)), fate)

    @somebody
    @rule(person=who, session=which, sure=rarely, fate=fates)
    def erase(self, person: int, session: int, sure: bool, fate: str) -> None:
        if sure:
            self._erase(self.place(person, session), fate)

    @precondition(lambda self: self._in_a_session())
    @rule(person=who, fate=fates)
    def erase_during_a_session(self, person: int, fate: str) -> None:
        there = self._in_a_session()
        self._erase(there[person % len(there)], fate)

    def _in_a_session(self) -> list[tuple[str, int]]:
        coming = self.model.bookings(list(self.model.people), *COMING)
        return [place for place in coming if place[1] in self.going_on()]

    def _erase(self, place: tuple[str, int], fate: str) -> None:
        """They have proved that it is them; what they have in the group beside is erased as well."""
        mine = self.model.whole(place[0])
        bookings = sum(len(self.model.people[name]["status"]) for name in mine)
        request = EraseResident(booking_id=self.of(place)["id"])
        erased = self.do(lambda: self.model.erase(self._as_left(mine)), request, GATEWAY, fate)
        assert erased.bookings == bookings

    def _as_left(self, names: list[str]) -> list[str]:
        """By the first of what each has ahead."""
        ahead = sorted(
            (self.model.sessions[number]["starts"], self.seen.ids[name, number]["enrolment_id"], name)
            for name, number in self.model.ahead(names)
        )
        return list(dict.fromkeys([*(name for _, _, name in ahead), *names]))
