"""A real booking that falls ill when a signal tells it to.

SIGUSR1 its NATS client goes deaf · SIGUSR2 its pool is taken, and given back when it is sent again
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace

from services.booking import app
from services.booking.config import Config
from services.runtime.main import Parts, Service, run


def build(parts: Parts, settings: Config) -> Service:
    service = app.build(parts, settings)
    well = service.on_start

    async def on_start() -> None:
        if well is not None:
            await well()
        loop = asyncio.get_running_loop()
        given_back = asyncio.Event()
        taking: list[asyncio.Task[None]] = []

        def pool() -> None:
            if taking:
                given_back.set()
            else:
                taking.append(loop.create_task(_take_all(parts, given_back)))

        illnesses: dict[signal.Signals, Callable[[], object]] = {
            signal.SIGUSR1: lambda: parts.bus.client._reading_task.cancel(),  # type: ignore[union-attr]
            signal.SIGUSR2: pool,
        }
        for number, illness in illnesses.items():
            loop.add_signal_handler(number, illness)

    return replace(service, on_start=on_start)


async def _take_all(parts: Parts, given_back: asyncio.Event) -> None:
    """Every connection there is, without a word to anybody."""
    pool = parts.db._pool
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    await given_back.wait()
    for connection in taken:
        await pool.release(connection)


if __name__ == "__main__":
    run("booking", build, Config)
