"""A group in both: as the model says it is and as the service has it. What each step has in common."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.contracts.booking.appointments import Companion, CompanionKind
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol
from services.contracts.envelope import Actor, Request
from services.contracts.refusals import Refusal
from tests.integration.booking.group_model import Model
from tests.integration.booking.group_model.board import HOUR, MINUTE, No
from tests.integration.booking.group_reality import Reality, bearer
from tests.support.house import A_TUESDAY

DAY = 24 * HOUR

who = st.integers(0, 40)
which = st.integers(0, 5)
fates = st.sampled_from(["done", "done", "done", "taken back", "repeated"])
rarely = st.sampled_from([False, False, True])


class Steps(RuleBasedStateMachine):
    """One group, from its founding on."""

    reality: Reality
    ended: list[tuple[int, datetime, datetime]]
    """Which session its host ended, of which hour, and when: news that booking may hear late."""

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
        beside=st.sampled_from([None, None, -10, 20]),
    )
    def found(
        self,
        kind: dict[str, bool],
        capacity: int,
        first: timedelta,
        sessions: int,
        crowd: list[int],
        beside: int | None,
    ) -> None:
        """More people than places, most of the time; every other time it is just the hour of a session."""
        self.model = Model(A_TUESDAY, capacity, **kind)
        self.ended = []
        self.reality.begin(confirm=kind["confirm"])
        self.reality.add_group(
            open=kind["open"],
            whole_series=kind["series"],
            by_acceptance=kind["acceptance"],
            capacity=capacity,
        )
        for number in range(sessions):
            self.add_session_at(A_TUESDAY + first + number * DAY, "done")
        self.seen = self.reality.see()
        for number, companions in enumerate(crowd):
            self.enrol_some(companions, None if kind["series"] else number // 6, "done", or_wait=True)
        if beside is not None:
            self.let_a_session_come(beside)

    def add_session_at(self, starts: datetime, fate: str) -> None:
        number = len(self.model.sessions)
        request, host = self.reality.session_at(starts), self.reality.hosts["host"]
        added = self.do(lambda: self.model.add_session(number, starts), request, host, fate)
        if added is not None:
            self.reality.sessions.append(added.id)

    def do(
        self,
        expect: Callable[[], None],
        request: Request[Any],
        actor: Actor | None = None,
        fate: str = "done",
    ) -> Any:
        """The same in both. Taken back before its commit it leaves no trace, repeated it is done once."""
        self.tick()
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

    def tick(self) -> None:
        """No two things happen at the same moment."""
        self.model.now += timedelta(seconds=1)
        self.reality.clock.moment = self.model.now

    def place(self, person: int, session: int) -> tuple[str, int]:
        """Somebody, and one of their sessions."""
        names = list(self.model.people)
        name = names[person % len(names)]
        numbers = sorted(self.model.people[name]["status"])
        return name, numbers[session % len(numbers)]

    def going_on(self) -> list[int]:
        return [
            each for each in self.model.sessions if self.model.has_begun(each) and not self.model.over(each)
        ]

    def of(self, place: tuple[str, int]) -> Any:
        return self.seen.ids[place]

    def enrol_some(
        self, companions: int, session: int | None, fate: str, *, again: bool = False, **how: Any
    ) -> None:
        """`again`: by the one who enrolled last, once more."""
        number = None if session is None else session % len(self.model.sessions)
        main = f"P{len(self.model.people)}"
        names = [main, *(f"{main}+{each}" for each in range(companions))]
        known = [
            name for name, one in self.model.people.items() if one["party"] == name and not one["forgotten"]
        ]
        contact = self.model.people[known[-1]]["contact"] if again and known else main
        request = Enrol(
            group_id=self.reality.group_id,
            slot_id=None if number is None else self.reality.sessions[number],
            display_name=main,
            email=f"{contact}@posti.example",
            companions=[
                Companion(
                    display_name=name,
                    phone=f"+35840{10 * len(self.model.people) + number:07}",
                    comes_as=CompanionKind.CLOSE_PERSON,
                )
                for number, name in enumerate(names[1:])
            ],
            **how,
        )
        enrolled = self.do(
            lambda: self.model.enrol(names, number, contact=contact, **how), request, fate=fate
        )
        if enrolled is not None:
            status = self.model.overall(main)
            before = self.model.before(main) if status == "waiting" else None
            assert (enrolled.status, enrolled.before_you) == (status, before)

    @rule(by=st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, DAY]))
    def let_time_pass(self, by: timedelta) -> None:
        self.model.let_time_pass(by)
        self.reality.clock.moment = self.model.now
        self.reality.run_jobs()

    @rule(minutes=st.sampled_from([-10, 20]))
    def let_a_session_come(self, minutes: int) -> None:
        """Shortly before, when its room is open, or in the midst of it: little is as it was then."""
        moments = [each["starts"] + minutes * MINUTE for each in self.model.sessions.values()]
        ahead = [moment for moment in moments if moment > self.model.now]
        if ahead:
            self.let_time_pass(min(ahead) - self.model.now)

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
                each["ended"],
                each["host"],
                each["staffing"],
            )
            for number, each in model.sessions.items()
        }
        assert seen.offers == model.offers
        model.hear_of_missing_hosts(seen.told)
        assert seen.forgotten == {name for name, person in model.people.items() if person["forgotten"]}
        assert sorted(self.reality.news(seen)) == model.told()

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
