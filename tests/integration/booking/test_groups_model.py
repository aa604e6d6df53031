"""Whatever people, hosts and time do to a group, in any order: the service stays what the model says.

A few hundred steps in the suite. `DIGIAULA_MODEL_STEPS=10000` takes so many, `--hypothesis-seed=7` others;
a difference is shown as the shortest way to it that was found.
"""

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.embedded.postgres import Postgres
from deploy.embedded.secrets import load_secrets
from services.booking.store.enrolment import enrolments
from services.contracts.booking.appointments import (
    CancelBooking,
    Companion,
    CompanionKind,
    ConfirmBooking,
    MoveBooking,
)
from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import (
    AnswerApplication,
    AnswerOffer,
    DescribeEnrolment,
    Enrol,
    LeaveGroup,
)
from services.contracts.booking.groups import ChangeGroup, MoveSession
from services.contracts.booking.slots import CancelSlot
from services.contracts.booking.staffing import AcceptDuty, GiveUpDuty
from services.contracts.envelope import Actor, Request
from services.contracts.refusals import Refusal
from tests.integration.booking.group_model import HOUR, MINUTE, Model, No
from tests.integration.booking.group_reality import Reality, bearer
from tests.support.house import A_TUESDAY

STEPS = int(os.environ.get("DIGIAULA_MODEL_STEPS", "250"))
STEPS_OF_ONE = 40
DAY = 24 * HOUR

who = st.integers(0, 40)
which = st.integers(0, 5)
fates = st.sampled_from(["done", "done", "done", "taken back", "repeated"])


class Groups(RuleBasedStateMachine):
    """One group, from its founding on."""

    reality: Reality

    @initialize(
        kind=st.fixed_dictionaries(
            {
                "open": st.booleans(),
                "series": st.booleans(),
                "acceptance": st.sampled_from([False, False, False, True]),
                "confirm": st.sampled_from([False, False, True]),
            }
        ),
        capacity=st.integers(2, 4),
        first=st.sampled_from([DAY, HOUR, 5 * HOUR, 3 * DAY, 10 * DAY]),
        sessions=st.integers(1, 3),
        crowd=st.lists(st.sampled_from([0, 0, 1]), min_size=3, max_size=9),
    )
    def found(
        self, kind: dict[str, bool], capacity: int, first: timedelta, sessions: int, crowd: list[int]
    ) -> None:
        """More people than places, most of the time."""
        self.model = Model(A_TUESDAY, capacity, **kind)
        self.reality.begin(confirm=kind["confirm"])
        self.reality.add_group(
            open=kind["open"],
            whole_series=kind["series"],
            by_acceptance=kind["acceptance"],
            capacity=capacity,
        )
        for number in range(sessions):
            starts = A_TUESDAY + first + number * DAY
            self.model.add_session(number, starts)
            self.reality.add_session(starts)
        self.seen = self.reality.see()
        self.reality.news(self.seen)
        for number, companions in enumerate(crowd):
            self._enrol(companions, None if kind["series"] else number // 6, "done", or_wait=True)

    def do(
        self,
        expect: Callable[[], None],
        request: Request[Any],
        actor: Actor | None = None,
        fate: str = "done",
    ) -> Any:
        """The same in both. Taken back before its commit it leaves no trace, repeated it is done once."""
        self._tick()
        if fate == "taken back":
            self.reality.take_back(request, actor)
            assert self.reality.see() == self.seen
        expected = None
        try:
            expect()
        except No as no:
            expected = no.code
        key = str(uuid4()) if fate == "repeated" else None
        code, answer = self._ask(request, actor, key)
        assert code == expected
        if key is not None:
            assert self._ask(request, actor, key) == (code, answer)
        return answer

    def _ask(self, request: Request[Any], actor: Actor | None, key: str | None) -> tuple[str | None, Any]:
        """The code of a refusal, or the answer."""
        try:
            return None, self.reality.ask(request, actor, key=key)
        except Refusal as refusal:
            return str(refusal.code), None

    def _tick(self) -> None:
        """No two things happen at the same moment."""
        self.model.now += timedelta(seconds=1)
        self.reality.clock.moment = self.model.now

    def place(self, person: int, session: int) -> tuple[str, int]:
        """Somebody, and one of their sessions."""
        names = list(self.model.people)
        name = names[person % len(names)]
        numbers = sorted(self.model.people[name]["status"])
        return name, numbers[session % len(numbers)]

    def of(self, place: tuple[str, int]) -> Any:
        return self.seen.ids[place]

    somebody = precondition(lambda self: self.model.people)

    @rule(companions=st.sampled_from([0, 0, 0, 1, 2]), session=which, or_wait=st.booleans(), fate=fates)
    def enrol(self, companions: int, session: int, or_wait: bool, fate: str) -> None:
        self._enrol(companions, None if self.model.series else session, fate, or_wait=or_wait)

    @rule(session=st.none() | which, fate=fates)
    def enrol_as_one_cannot(self, session: int | None, fate: str) -> None:
        self._enrol(0, session, fate)

    @rule(companions=st.sampled_from([0, 0, 1]), session=which, fate=fates)
    def walk_in(self, companions: int, session: int, fate: str) -> None:
        self._enrol(companions, session, fate, walk_in=True, or_wait=True)

    def _enrol(self, companions: int, session: int | None, fate: str, **how: Any) -> None:
        number = None if session is None else session % len(self.model.sessions)
        main = f"P{len(self.model.people)}"
        names = [main, *(f"{main}+{each}" for each in range(companions))]
        request = Enrol(
            group_id=self.reality.group_id,
            slot_id=None if number is None else self.reality.sessions[number],
            display_name=main,
            email=f"{main}@posti.example",
            companions=[
                Companion(display_name=name, phone="+358401234567", comes_as=CompanionKind.CLOSE_PERSON)
                for name in names[1:]
            ],
            **how,
        )
        enrolled = self.do(lambda: self.model.enrol(names, number, **how), request, fate=fate)
        if enrolled is not None:
            status = self.model.overall(main)
            before = self.model.before(main) if status == "waiting" else None
            assert (enrolled.status, enrolled.before_you) == (status, before)

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

    @precondition(lambda self: self.model.acceptance and self.model.people)
    @rule(person=who, session=which, accept=st.sampled_from([True, True, False]), fate=fates)
    def answer_application(self, person: int, session: int, accept: bool, fate: str) -> None:
        place = self.place(person, session)
        request = AnswerApplication(booking_id=self.of(place)["id"], accept=accept)
        host = self.reality.hosts["host"]
        self.do(lambda: self.model.admit(*place, accept=accept), request, host, fate)

    @somebody
    @rule(person=who, session=which, to=which, fate=fates)
    def exchange_session(self, person: int, session: int, to: int, fate: str) -> None:
        place = self.place(person, session)
        other = to % len(self.model.sessions)
        request = MoveBooking(booking_id=self.of(place)["id"], slot_id=self.reality.sessions[other])
        self.do(lambda: self.model.exchange(*place, other), request, bearer(self.of(place)), fate)

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

    @rule(session=which, sure=st.sampled_from([False, False, True]), fate=fates)
    def call_session_off(self, session: int, sure: bool, fate: str) -> None:
        if not sure:
            return
        number = session % len(self.model.sessions)
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

    @rule(by=st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, DAY]))
    def let_time_pass(self, by: timedelta) -> None:
        self.model.let_time_pass(by)
        self.reality.clock.moment = self.model.now
        self.reality.run_jobs()

    @invariant()
    def is_as_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        self.reality.steps += 1
        model, seen = self.model, self.reality.see()
        self.seen = seen
        assert seen.status == {
            (name, number): (status, person["until"][number] if status in ("held", "offered") else None)
            for name, person in model.people.items()
            for number, status in person["status"].items()
        }
        assert seen.sessions == {
            number: (
                each["live"],
                model.taken(number),
                each["capacity"],
                each["starts"],
                each["host"],
                each["staffing"],
            )
            for number, each in model.sessions.items()
        }
        assert seen.offers == model.offers
        model.hear_of_missing_hosts(seen.told)
        assert sorted(self.reality.news(seen)) == sorted(model.news)
        model.news.clear()

    @invariant()
    def those_who_wait_see_how_many_are_before_them(self) -> None:
        if not hasattr(self, "model"):
            return
        waiting = [name for name in self.model.people if self.model.overall(name) == "waiting"]
        for name in waiting[-2:]:
            row = self.of((name, min(self.model.people[name]["status"])))
            mine = self.reality.ask(DescribeEnrolment(booking_id=row["id"]), bearer(row))
            assert (mine.status, mine.before_you) == ("waiting", self.model.before(name))

    def teardown(self) -> None:
        assert self.reality.broken() == []


@pytest.fixture
def reality(postgres: Postgres, database: str) -> Iterator[Reality]:
    loop = asyncio.new_event_loop()
    url = postgres.dsn("booking", load_secrets(postgres.state).roles["booking"], database)
    opened = Reality.open(loop, url, postgres.superuser_dsn(database))
    yield opened
    opened.close()
    loop.close()


def run_model(reality: Reality, groups: int, **how: Any) -> None:
    """The lives of so many groups."""
    Groups.reality = reality
    run_state_machine_as_test(
        Groups,
        settings=settings(
            max_examples=groups,
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **how,
        ),
    )


def test_a_group_is_what_the_model_says_after_every_step(reality: Reality) -> None:
    while reality.steps < STEPS:
        seed(random.randrange(2**32))(Groups)  # another one each time round
        run_model(reality, max(1, (STEPS - reality.steps) // STEPS_OF_ONE))
    print(f"{reality.steps} steps")  # noqa: T201 - the figure is the point of a long run


BREAKAGES = {
    "the list runs backwards": ("WAITING", "ORDER BY m.place", "ORDER BY m.place DESC"),
    "a party is waited for by its first alone": ("WAITING", "coalesce(e.accompanies, e.id)", "e.id"),
    "an offer is forgotten when it was answered": ("END_EMPTY_OFFERS", "NOT EXISTS", "EXISTS"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_model_finds_what_is_broken(
    reality: Reality, monkeypatch: pytest.MonkeyPatch, breakage: str
) -> None:
    """The negative control: each of these is one word in one statement."""
    name, right, wrong = BREAKAGES[breakage]
    assert right in getattr(enrolments, name)
    monkeypatch.setattr(enrolments, name, getattr(enrolments, name).replace(right, wrong))

    with pytest.raises((AssertionError, ExceptionGroup, KeyError)):
        run_model(reality, 80, phases=[Phase.generate], derandomize=True)
