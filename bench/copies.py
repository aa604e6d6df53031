"""What a second copy of booking and gateway gives on this machine."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from bench.figures import Figure, beside
from bench.stage import ROUNDS, add_times, booked_per_second, bookings, system
from deploy.embedded.stack import Stack as Embedded
from tests.support.eventually import eventually
from tests.support.stack import Stack


async def measure() -> list[Figure]:
    one, two = [], []
    async with system() as stack:
        ids = await add_times(stack, hosts=60, each=2500)
        half = len(ids) // 2
        requests = bookings(stack.gateway, ids[:half])
        await booked_per_second(stack, requests)
        for _ in range(ROUNDS):
            one.append(await booked_per_second(stack, requests))
            with _second(stack) as other:
                await _ready(other)
                others = bookings(other.gateway, ids[half : half + 200])
                await booked_per_second(other, others)
                others = bookings(other.gateway, ids[half + 200 :])
                both = await asyncio.gather(
                    booked_per_second(stack, requests, connections=32),
                    booked_per_second(other, others, connections=32),
                )
                half += 15_000
                two.append(sum(both))
    cores = os.cpu_count()
    return [
        beside(
            "bookings with two copies of booking and gateway",
            two,
            one,
            unit="/s",
            limit="one copy",
            target=None,
            said=f"{cores} cores for everything, the client too",
        )
    ]


class Other:
    """The second way in to the same system."""

    def __init__(self, port: int) -> None:
        self.gateway = f"http://127.0.0.1:{port}"


@contextmanager
def _second(stack: Stack) -> Iterator[Other]:
    embedded = Embedded(Path(stack.folder))
    embedded.find_running()
    ports = {name: _free_port() for name in ("booking", "gateway")}
    started = []
    try:
        for name, port in ports.items():
            environment = embedded.service_environment(name) | {
                "DIGIAULA_HTTP_PORT": str(port),
                "DIGIAULA_METRICS_PORT": "0",
                "DIGIAULA_LIMITS": "off",
            }
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"services.{name}"], env=environment, stdout=subprocess.DEVNULL
                )
            )
        yield Other(ports["gateway"])
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


async def _ready(other: Other) -> None:
    async def answers() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{other.gateway}/health/ready") as response,
            ):
                return response.status == 200
        except aiohttp.ClientError:
            return False

    await eventually(answers, within=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
