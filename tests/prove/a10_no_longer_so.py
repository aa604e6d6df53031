"""A10: no reminder after a cancellation or a move. The races of the tests, more of them."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import msgspec

from services.contracts.booking.events import BookingConfirmed
from services.contracts.booking.slots import BookingStatus
from services.notify import domain
from tests.integration.notify import test_no_longer_so as races
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.prove.places import a_system
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS
from tests.support.system import System

AT_ONCE = 200
ON_ITS_WAY_SECONDS = 2


async def prove(run: Run) -> None:
    rounds = run.choose(long=1000, short=50)
    random.seed(run.chance.random())  # the races draw their own seed from here
    kept = races.ROUNDS
    races.ROUNDS = min(rounds, AT_ONCE)
    times = range(rounds // races.ROUNDS)
    old: list[float] = []

    async def moves(*here: Any) -> None:
        old.append(await races.races_of_moves(*here))

    try:
        cancelling = races.test_nothing_is_handed_over_after_a_cancellation
        wrong = [n for n in times if not await _holds(run, cancelling)]
        run.none(f"handed over after a cancellation, {rounds} races", wrong)
        wrong = [n for n in times if not await _holds(run, moves)]
        run.none(f"not told the new time, {rounds} races", wrong)
        slowest = max(old, default=0.0)
        run.measured("the last with the old time, after the move", slowest, ON_ITS_WAY_SECONDS, "s")
    finally:
        races.ROUNDS = kept


async def _holds(run: Run, race: Callable[..., Awaitable[None]]) -> bool:
    async with _notify(run) as here:
        try:
            await race(*here)
        except AssertionError as error:
            run.errors.append(str(error)[:500])
            return False
    return True


@asynccontextmanager
async def _notify(run: Run) -> AsyncIterator[tuple[System, Neighbours, Mailroom]]:
    room = Mailroom()
    await room.open()
    try:
        async with a_system(run) as system:
            system.clock.set(NOW)
            neighbours = await Neighbours.move_in(system)
            await system.start("notify", SMTP_URL=room.url)
            yield system, neighbours, room
    finally:
        await room.close()


async def control(run: Run) -> None:
    """Without asking the owner at the moment of sending; the news of the cancellation has not come."""

    def always(*_: Any, **__: Any) -> None:
        return None

    kept, domain.no_longer_true = domain.no_longer_true, always
    try:
        async with _notify(run) as (system, neighbours, room):
            facts = neighbours.has()
            await neighbours.tell(news(BookingConfirmed, facts))
            await room.mails(1, within=IN_THE_END)
            neighbours.has(msgspec.structs.replace(facts, status=BookingStatus.CANCELLED))
            system.clock.set(STARTS - timedelta(minutes=59))
            await neighbours.nudge()
            with suppress(AssertionError):
                await eventually(lambda: len(room.taken) > 1, within=IN_THE_END)
            reminders = len(room.taken) - 1
    finally:
        domain.no_longer_true = kept
    run.control("asking the owner", f"{reminders} reminders of what is off", broke=reminders > 0)
