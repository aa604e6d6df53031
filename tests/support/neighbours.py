"""Booking, rooms and notify as tables of answers: real messages over a real bus, no rules behind them.

    neighbours = await Neighbours.beside(system)
    neighbours.answers(Look, RoomView(...))             one answer for everybody
    neighbours.answers(Book, lambda request, call: ...)  or one that depends on the question
    neighbours.refuses(Book, Refusal(Code.SLOT_TAKEN, "…", next=[]))
    await neighbours.away("booking")                     nobody answers for it any more
    neighbours.heard(Book)                               what was asked so far

An answer may be changed at any time. What has no answer is refused as `not_found`.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import services.contracts.booking.appointments
import services.contracts.booking.catalogue
import services.contracts.booking.coordination
import services.contracts.booking.enrolment
import services.contracts.booking.groups
import services.contracts.booking.people
import services.contracts.booking.receptions
import services.contracts.booking.slots
import services.contracts.booking.staffing
import services.contracts.letters
import services.contracts.notify
import services.contracts.rooms  # noqa: F401 - loading them makes their requests known
from services.contracts.envelope import Event, Request, Told, encode, raw
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.bus import Bus
from services.runtime.call import Call
from tests.support.system import System

R = TypeVar("R")
NAMES = ("booking", "rooms", "notify")


class Neighbours:
    """The three services the gateway asks. Each has the rights of the real one, and no more."""

    def __init__(self, buses: dict[str, Bus]) -> None:
        self._buses = buses
        self._answers: dict[type[Request[Any]], Any] = {}
        self._heard: dict[type[Request[Any]], list[tuple[Any, Call]]] = defaultdict(list)
        self._away: set[str] = set()

    @classmethod
    async def beside(cls, system: System, *names: str) -> "Neighbours":
        """Stand in for `names`, or for all three; the system closes them when it stops."""
        beside = cls({name: await system.bus(name) for name in names or NAMES})
        for name, bus in beside._buses.items():
            await bus.serve({kind: beside._answer(kind) for kind in _requests_of(name)})
        return beside

    def answers(self, kind: type[Request[R]], answer: R | Callable[[Any, Call], R | Exception]) -> None:
        self._answers[kind] = answer

    def refuses(self, kind: type[Request[Any]], refusal: Refusal | Unavailable) -> None:
        self._answers[kind] = refusal

    def heard(self, kind: type[Request[Any]]) -> list[Any]:
        """The questions of this kind, in the order in which they came."""
        return [request for request, _ in self._heard[kind]]

    def calls(self, kind: type[Request[Any]]) -> list[Call]:
        """On whose behalf they were asked, and under which key."""
        return [call for _, call in self._heard[kind]]

    def forget(self) -> None:
        """Nothing answered and nothing heard: for tables that several tests share."""
        self._answers.clear()
        self._heard.clear()

    async def away(self, name: str) -> None:
        self._away.add(name)
        await self._buses[name].stop_serving(1)
        await self._buses[name].settle()

    async def all_back(self) -> None:
        for name in tuple(self._away):
            await self.back(name)

    async def back(self, name: str) -> None:
        self._away.discard(name)
        await self._buses[name].serve({kind: self._answer(kind) for kind in _requests_of(name)})

    async def tell(self, event: Event) -> None:
        """Spread news as its owner would, for open pages to hear."""
        told = Told(event_id=uuid4(), at=datetime.now(UTC), body=raw(event))
        bus = self._buses[event.subject.partition(".")[0]]
        await bus.client.publish(event.subject, encode(told))
        await bus.client.flush(timeout=30)

    def _answer(self, kind: type[Request[Any]]) -> Callable[[Any, Call], Any]:
        async def answer(request: Any, call: Call) -> Any:
            self._heard[kind].append((request, call))
            said = self._answers.get(kind, Refusal(Code.NOT_FOUND, "Nothing has been prepared for this."))
            said = said(request, call) if callable(said) else said
            if isinstance(said, Exception):
                raise said
            return said

        return answer


def _requests_of(owner: str) -> list[type[Request[Any]]]:
    """Every request that the contracts know of this owner."""
    known = [kind for kind in Request.__subclasses__() if hasattr(kind, "subject")]
    return [kind for kind in known if kind.subject.startswith(f"{owner}.")]
