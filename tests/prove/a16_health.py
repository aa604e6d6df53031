"""A16: health checks tell the truth."""

import asyncio
import os
import signal
from collections.abc import Callable
from time import perf_counter
from typing import Any

from deploy.embedded.ready import answers
from services.runtime import main
from services.runtime.web import Health
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.places import a_house
from tests.prove.proof import Run
from tests.support.eventually import eventually

NAME = "booking-1"
UNREADY_SECONDS = 15
AGAIN_SECONDS = 60


async def prove(run: Run) -> None:
    """A booking whose client goes deaf, whose pool is taken, whose loop stands; NATS frozen."""
    async with a_fleet(run, services={"booking": 1}, modules={"booking": "tests.prove.sick"}) as fleet:

        def ill(number: signal.Signals) -> Callable[[], object]:
            return lambda: fleet.kill(NAME, number)

        await _tells(run, fleet, "its loop stands for 5 s", ill(signal.SIGHUP))
        await _tells(run, fleet, "its pool is taken for 20 s", ill(signal.SIGUSR2))
        if not run.short:
            await _frozen(run, fleet)
            was = fleet.pid(NAME)
            await _tells(run, fleet, "its NATS client is deaf", ill(signal.SIGUSR1))
            cure = "a restart" if fleet.pid(NAME) != was else "a new connection"
            run.said("its NATS client is deaf: cured by", cure)


async def _tells(run: Run, fleet: Fleet, what: str, harm: Callable[[], object]) -> None:
    await eventually(lambda: fleet.ready(NAME), within=30)
    began = perf_counter()
    harm()
    await _until(fleet, ready=False, within=30)
    run.measured(f"{what}: not ready", perf_counter() - began, UNREADY_SECONDS, "s")
    await _until(fleet, ready=True, within=120)
    run.measured(f"{what}: ready again", perf_counter() - began, AGAIN_SECONDS, "s")


async def _frozen(run: Run, fleet: Fleet) -> None:
    loop = asyncio.get_running_loop()

    def freeze() -> None:
        os.kill(fleet.nats.pid, signal.SIGSTOP)
        loop.call_later(20, os.kill, fleet.nats.pid, signal.SIGCONT)

    await _tells(run, fleet, "NATS frozen for 20 s", freeze)


async def _until(fleet: Fleet, *, ready: bool, within: float) -> None:
    async def so() -> bool:
        return await fleet.ready(NAME) is ready

    await eventually(so, within=within)


class Trusting(Health):
    """Ready once started, whatever has become of those it needs."""

    def __init__(self, *, version: str, checks: Any) -> None:
        super().__init__(version=version, checks=dict.fromkeys(checks, _all_is_well))


async def _all_is_well() -> None:
    return None


async def control(run: Run) -> None:
    """NATS frozen under a service that does not ask."""
    kept = vars(main)["Health"]
    vars(main)["Health"] = Trusting
    try:
        async with a_house(run) as house:
            address = f"{house.system.http('booking')}/health/ready"

            async def not_ready() -> bool:
                return not await answers(address)

            house.system.nats.freeze()
            try:
                await eventually(not_ready, within=UNREADY_SECONDS)
                told = True
            except AssertionError:
                told = False
            finally:
                house.system.nats.thaw()
    finally:
        vars(main)["Health"] = kept
    run.control("a round trip to each", "not ready" if told else "still ready", broke=not told)
