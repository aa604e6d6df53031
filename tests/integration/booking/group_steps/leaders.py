"""Steps that those take who lead a group."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import AnswerApplication
from services.contracts.booking.groups import ChangeGroup, MoveSession
from services.contracts.booking.slots import CancelSlot
from services.contracts.booking.staffing import AcceptDuty, GiveUpDuty
from tests.integration.booking.group_model.board import HOUR
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
        number = session % len(self.model.sessions)
        starts = self.model.sessions[number]["starts"] + hours * HOUR
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

    @precondition(lambda self: len(self.model.sessions) < 5)
    @rule()
    def add_session(self) -> None:
        self._tick()
        latest = max(each["starts"] for each in self.model.sessions.values())
        starts = max(latest, self.model.now) + DAY
        self.model.add_session(len(self.model.sessions), starts)
        self.reality.add_session(starts)

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
