"""A16: health checks tell the truth."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

from deploy.embedded.ready import answers
from services.runtime import main
from services.runtime.web import Health
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.places import a_house
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually

NAME = "booking-1"
UNREADY_SECONDS = 15
AGAIN_SECONDS = 60
Harm = Callable[[], object]


async def prove(run: Run) -> None:
    """A booking whose loop stands, whose pool is taken, whose NATS is frozen, whose client goes deaf."""
    async with a_fleet(run, services={"booking": 1}, modules={"booking": "tests.prove.sick"}) as fleet:

        def sent(number: signal.Signals, to: str = NAME) -> Harm:
            return lambda: fleet.kill(to, number)

        stop, go_on, pool = sent(signal.SIGSTOP), sent(signal.SIGCONT), sent(signal.SIGUSR2)
        await _tells(run, fleet, "its loop stands", 5, stop, go_on)
        await _tells(run, fleet, "its pool is taken", 20, pool, pool)
        thaw = sent(signal.SIGCONT, "nats")
        await _tells(run, fleet, "NATS frozen", 20, sent(signal.SIGSTOP, "nats"), thaw)
        if not run.short:
            was = fleet.pid(NAME)
            await _tells(run, fleet, "its NATS client is deaf", None, sent(signal.SIGUSR1), _nothing)
            cure = "a restart" if fleet.pid(NAME) != was else "a new connection"
            run.said("its NATS client is deaf: cured by", cure)


def _nothing() -> None:
    """It finds a cure itself."""


async def _tells(run: Run, fleet: Fleet, what: str, seconds: float | None, harm: Harm, end: Harm) -> None:
    """The harm ends after so many seconds; in the short form when it has been told of, however late."""
    await _until(fleet, ready=True)
    began = perf_counter()
    harm()
    if seconds is not None and not run.short:
        asyncio.get_running_loop().call_later(seconds, end)
    await _until(fleet, ready=False)
    told = perf_counter() - began
    if run.short:
        end()
    if seconds is not None:
        what = f"{what} for {told if run.short else seconds:.3g} s"
    run.measured(f"{what}: not ready", told, UNREADY_SECONDS, "s")
    await _until(fleet, ready=True)
    run.measured(f"{what}: ready again", perf_counter() - began, AGAIN_SECONDS, "s")


async def _until(fleet: Fleet, *, ready: bool) -> None:
    async def so() -> bool:
        return await fleet.ready(NAME) is ready

    await eventually(so, within=IN_THE_END)


class Trusting(Health):
    """Ready once started, whatever has become of those it needs."""

    def __init__(self, *, version: str, checks: Any) -> None:
        super().__init__(version=version, checks=dict.fromkeys(checks, _all_is_well))


async def _all_is_well() -> None:
    return None


async def control(run: Run) -> None:
    """NATS frozen under a service that does not ask: it calls itself ready when one that asks no longer
    does."""
    kept = vars(main)["Health"]
    vars(main)["Health"] = Trusting
    try:
        async with a_house(run) as house:
            vars(main)["Health"] = kept
            system = house.system
            await system.start("rooms")
            trusting, asking = (f"{system.http(name)}/health/ready" for name in ("booking", "rooms"))

            async def told() -> bool:
                return not await answers(asking)

            await eventually(lambda: answers(asking), within=IN_THE_END)
            system.nats.freeze()
            try:
                await eventually(told, within=IN_THE_END)
                with suppress(AssertionError):
                    await eventually(lambda: answers(trusting), within=UNREADY_SECONDS)
                still = await answers(trusting)
            finally:
                system.nats.thaw()
    finally:
        vars(main)["Health"] = kept
    run.control("a round trip to each", "still ready" if still else "not ready", broke=still)
