"""Steps that those take who lead a group."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import AnswerApplication
from services.contracts.booking.groups import ChangeGroup, EndGroup, MoveSession
from services.contracts.booking.slots import CancelSlot
from services.contracts.booking.staffing import AcceptDuty, GiveUpDuty
from tests.integration.booking.group_model.board import HOUR, MINUTE
from tests.integration.booking.group_steps.steps import DAY, Steps, fates, rarely, which, who


class LeaderSteps(Steps):
    """By its host and its coordinator."""

    @rule(capacity=st.integers(2, 7), fate=fates)
    def set_capacity(self, capacity: int, fate: str) -> None:
        request = ChangeGroup(
            group_id=self.reality.group_id,
            name=Words("Omaiset", "Anhöriga", "Carers"),
            description=Words("Vertaistukea.", "Stöd.", "Support."),
            theme="omaishoito",
            organisation_id=self.reality.organisation_id,
            languages=["fi"],
            capacity=capacity,
            by_acceptance=self.model.acceptance,
            facilitators=[self.reality.hosts["host"].person_id],
        )
        coordinator = self.reality.hosts["coordinator"]
        self.do(lambda: self.model.set_capacity(capacity), request, coordinator, fate)

    @rule(session=which, hours=st.sampled_from([-30, -5, -1, 1, 2, 5, 30]), fate=fates)
    def move_session(self, session: int, hours: int, fate: str) -> None:
        self._move(session % len(self.model.sessions), hours * HOUR, fate)

    def _move(self, number: int, by: timedelta, fate: str) -> None:
        starts = self.model.sessions[number]["starts"] + by
        for other, each in self.model.sessions.items():
            if other != number and abs(each["starts"] - starts) <= HOUR:
                return  # its host would be in two places
        request = MoveSession(
            slot_id=self.reality.sessions[number], starts_at=starts, ends_at=starts + HOUR
        )
        host = self.reality.hosts["host"]
        self.do(lambda: self.model.move(number, starts), request, host, fate)

    @rule(session=which, sure=rarely, fate=fates)
    def call_session_off(self, session: int, sure: bool, fate: str) -> None:
        if sure:
            self._call_off(session % len(self.model.sessions), fate)

    @precondition(lambda self: self.going_on())
    @rule(fate=fates)
    def call_off_what_goes_on(self, fate: str) -> None:
        self._call_off(self.going_on()[0], fate)

    def _call_off(self, number: int, fate: str) -> None:
        request = CancelSlot(slot_id=self.reality.sessions[number], reason="Sairastuin.")
        host = self.reality.hosts["host"]
        self.do(lambda: self.model.call_off(number), request, host, fate)

    @rule(chance=st.integers(0, 5), fate=fates)
    def end_group(self, chance: int, fate: str) -> None:
        if chance == 5:
            request = EndGroup(group_id=self.reality.group_id, reason="Ryhmä loppui.")
            self.do(self.model.end_group, request, self.reality.hosts["coordinator"], fate)

    @precondition(lambda self: len(self.model.sessions) < 5)
    @rule(fate=fates)
    def add_session(self, fate: str) -> None:
        latest = max(each["starts"] for each in self.model.sessions.values())
        self.add_session_at(max(latest, self.model.now) + DAY, fate)

    @rule(session=which, name=st.sampled_from(["host", "coordinator"]), fate=fates)
    def lose_host(self, session: int, name: str, fate: str) -> None:
        number = session % len(self.model.sessions)
        request = GiveUpDuty(slot_id=self.reality.sessions[number])
        self.do(lambda: self.model.give_up(number, name), request, self.reality.hosts[name], fate)

    @rule(session=which, name=st.sampled_from(["host", "coordinator"]), fate=fates)
    def find_host(self, session: int, name: str, fate: str) -> None:
        number = session % len(self.model.sessions)
        request = AcceptDuty(slot_id=self.reality.sessions[number])
        self.do(lambda: self.model.promise(number, name), request, self.reality.hosts[name], fate)

    @precondition(lambda self: self.model.acceptance and self.model.people)
    @rule(person=who, session=which, accept=st.sampled_from([True, True, False]), fate=fates)
    def answer_application(self, person: int, session: int, accept: bool, fate: str) -> None:
        place = self.place(person, session)
        request = AnswerApplication(booking_id=self.of(place)["id"], accept=accept)
        host = self.reality.hosts["host"]
        self.do(lambda: self.model.admit(*place, accept=accept), request, host, fate)

    @rule(minutes=st.sampled_from([-10, -10, 20]), heard=st.booleans(), sure=rarely)
    def end_a_meeting(self, minutes: int, heard: bool, sure: bool) -> None:
        """Its host does, in rooms, which tells it. Shortly before its hour is when most may go wrong."""
        if sure and not self._open_rooms():
            self.let_a_session_come(minutes)
            heard = False  # what time did is looked at first
        for number in self._open_rooms():
            self.ended.append((number, self.model.sessions[number]["starts"], self.model.now))
            if heard:
                self._hear_end(-1)

    @precondition(lambda self: self._not_heard())
    @rule(days=st.integers(1, 3), late=st.booleans(), fate=fates)
    def move_what_was_ended(self, days: int, late: bool, fate: str) -> None:
        """Booking has not heard of it yet, and does so after the move if `late`."""
        number = self._not_heard()[0]
        self._move(number, days * DAY, fate)
        if late:
            self._hear_end(next(at for at, each in enumerate(self.ended) if each[0] == number))

    def _not_heard(self) -> list[int]:
        """Sessions that their hosts have ended, but are as if they went on."""
        return [
            number
            for number, starts, _ in self.ended
            if (self.model.sessions[number]["starts"], self.model.sessions[number]["ended"])
            == (starts, None)
        ]

    @precondition(lambda self: self.ended)
    @rule(told=which)
    def hear_late_or_again_that_it_was_ended(self, told: int) -> None:
        self._hear_end(told % len(self.ended))

    def _hear_end(self, told: int) -> None:
        self.model.hear_end(*self.ended[told])
        self.reality.hear_end(*self.ended[told])

    def _open_rooms(self) -> list[int]:
        closed = {(number, starts) for number, starts, _ in self.ended}
        return [
            number
            for number, each in self.model.sessions.items()
            if not self.model.over(number) and each["starts"] - 15 * MINUTE <= self.model.now
            if (number, each["starts"]) not in closed
        ]
