"""A10: no reminder after a cancellation or a move. The races of the tests, more of them."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from services.notify import domain
from tests.integration.notify import test_no_longer_so as races
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.prove.places import a_system
from tests.prove.proof import Run
from tests.support.facts import NOW
from tests.support.system import System

AT_ONCE = 200


async def prove(run: Run) -> None:
    rounds = run.choose(long=1000, short=50)
    random.seed(run.chance.random())  # the races draw their own seed from here
    kept = races.ROUNDS
    races.ROUNDS = min(rounds, AT_ONCE)
    try:
        for what, race in (
            ("handed over after a cancellation", races.test_nothing_is_handed_over_after_a_cancellation),
            (
                "handed over with the old time",
                races.test_nothing_with_the_old_time_is_handed_over_after_a_move,
            ),
        ):
            wrong = [str(n) for n in range(rounds // races.ROUNDS) if not await _holds(run, race)]
            run.none(f"{what}, {rounds} races", wrong)
    finally:
        races.ROUNDS = kept


async def _holds(run: Run, race: Callable[..., Awaitable[None]]) -> bool:
    async with _notify(run) as (system, neighbours, room):
        try:
            await race(system, neighbours, room)
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
    """Without asking the owner at the moment of sending."""

    def always(*_: Any, **__: Any) -> None:
        return None

    kept, domain.no_longer_true = domain.no_longer_true, always
    try:
        async with _notify(run) as (system, neighbours, room):
            await races.test_a_reminder_of_a_cancelled_meeting_is_not_sent(
                system, neighbours, room, system.clock
            )
        held = True
    except AssertionError:
        held = False
    finally:
        domain.no_longer_true = kept
    run.control("asking the owner", "no reminder" if held else "a reminder of what is off", broke=not held)
