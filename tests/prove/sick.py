"""A real booking that falls ill when a signal tells it to.

SIGUSR1 its NATS client goes deaf · SIGUSR2 its pool is taken for 20 s · SIGHUP its loop stands for 5 s
"""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import replace

from services.booking import app
from services.booking.config import Config
from services.runtime.main import Parts, Service, run

POOL_SECONDS = 20
LOOP_SECONDS = 5


def build(parts: Parts, settings: Config) -> Service:
    service = app.build(parts, settings)
    well = service.on_start

    async def on_start() -> None:
        if well is not None:
            await well()
        loop = asyncio.get_running_loop()
        illnesses: dict[signal.Signals, Callable[[], object]] = {
            signal.SIGUSR1: lambda: parts.bus.client._reading_task.cancel(),  # type: ignore[union-attr]
            signal.SIGUSR2: lambda: _kept.append(loop.create_task(_take_all(parts))),
            signal.SIGHUP: lambda: time.sleep(LOOP_SECONDS),
        }
        for number, illness in illnesses.items():
            loop.add_signal_handler(number, illness)

    return replace(service, on_start=on_start)


_kept: list["asyncio.Task[None]"] = []


async def _take_all(parts: Parts) -> None:
    """Every connection there is, without a word to anybody."""
    pool = parts.db._pool
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    await asyncio.sleep(POOL_SECONDS)
    for connection in taken:
        await pool.release(connection)


if __name__ == "__main__":
    run("booking", build, Config)
