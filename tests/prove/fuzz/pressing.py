"""Sends the cases, as many at a time as leave the gateway room, and keeps what was wrong with an answer."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

from services.gateway.routing import Route
from tests.prove.fuzz import verdict
from tests.prove.fuzz.cases import Case, Maker
from tests.prove.fuzz.crowd import Actor, Crowd
from tests.prove.fuzz.shown import Fields, read
from tests.prove.fuzz.wire import Said, Wire

AT_ONCE = 10
KEPT_FORMS = 12
LONGEST = 4000


@dataclass
class Found:
    """What came of it: `wrong` counts what was, by row, with an example of each that can be done again."""

    cases: Counter[str] = field(default_factory=Counter)
    yes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.cases.values())


class Pressing:
    def __init__(self, routes: Sequence[Route], address: str, seed: int) -> None:
        self.found = Found()
        self._routes = list(routes)
        self._address = address
        self._seed = seed
        self._forms: dict[str, list[Fields]] = {}
        self._actions = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)), route.named)
            for route in routes
            if route.method == "POST" and route.api is None
        ]
        self._order = Random(seed)

    @property
    def fewest(self) -> int:
        """How many there were of the row that had the fewest."""
        return min(self.found.cases[route.named] for route in self._routes)

    def only(self, named: str) -> None:
        """Leave the other rows alone."""
        self._routes = [route for route in self._routes if route.named == named]

    async def press(self, crowd: Crowd, *, rounds: int, until: float) -> None:
        """So many cases of each row, in an order by chance, unless time is up first."""
        host = self._address.removeprefix("http://")
        maker = Maker(crowd, host, self._seed, self._forms)
        cases = self._cases(maker, rounds)
        await asyncio.gather(*(self._work(crowd, cases, host, until) for _ in range(AT_ONCE)))

    def _cases(self, maker: Maker, rounds: int) -> Iterator[Case]:
        for _ in range(rounds):
            # Pages that show forms come first once, so that the rest is filled in as it was shown.
            order = sorted(self._routes, key=lambda route: self._order.random())
            for route in order if self._forms else sorted(order, key=lambda route: route.method):
                self.found.cases[route.named] += 1
                yield maker.make(route, self.found.cases[route.named])

    async def _work(self, crowd: Crowd, cases: Iterator[Case], host: str, until: float) -> None:
        name, port = host.split(":")
        wire = Wire(name, int(port))
        try:
            while perf_counter() < until and (case := next(cases, None)):
                cookie = case.actor.cookie
                said = await wire.ask(case.sent)
                self._judge(case, said)
                if self._is_signed_out(case, said) and case.actor.cookie == cookie:
                    await _again(crowd, case.actor)
        finally:
            wire.close()

    def _judge(self, case: Case, said: Said) -> None:
        found = self.found
        found.statuses[said.status] += 1
        found.seconds.append(said.seconds)
        if 200 <= said.status < 400:
            found.yes[case.route.named] += 1
        for what in verdict.wrong(case, said):
            kind = f"{case.route.named}: {what}"
            found.wrong[kind] += 1
            found.examples.setdefault(
                kind,
                f"{case.named}, seed {self._seed}: {what}\n    {case.sent.curl(self._address)[:LONGEST]}"
                f"\n    {said.status} {said.body[:300]!r}",
            )
        if said.media == "text/html":
            self._learn(said.body.decode("utf-8", "replace"))

    def _learn(self, html: str) -> None:
        for action, fields in read(html).forms:
            path = action.partition("?")[0]
            named = next((named for pattern, named in self._actions if pattern.fullmatch(path)), None)
            if named is not None:
                kept = self._forms.setdefault(named, [])
                kept.append(fields)
                del kept[:-KEPT_FORMS]

    def _is_signed_out(self, case: Case, said: Said) -> bool:
        if (
            case.actor.person is None
            or (b"Cookie", f"sid={case.actor.cookie}".encode()) not in case.sent.headers
        ):
            return False
        to_sign_in = said.headers.get("location", "").startswith("/sign-in")
        return said.status == 401 or to_sign_in or "sid=" in said.headers.get("set-cookie", "")


async def _again(crowd: Crowd, actor: Actor) -> None:
    actor.cookie = ""  # whoever else notices leaves it to this one
    await crowd.sign_in(actor)
