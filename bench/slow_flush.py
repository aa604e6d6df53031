"""Bookings on a disk that needs a millisecond for a flush, together and each for itself."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from shutil import which
from unittest import mock

from bench.figures import Figure, beside
from bench.stage import ROUNDS, add_times, booked_per_second, bookings, folder, nobody_listens, system
from deploy.embedded import postgres
from deploy.embedded.environment import plain_environment
from deploy.embedded.postgres import Postgres
from tests.support.stack import Stack

SOME = 0.3  # each for itself, more wait for a connection than get one in time; only the booked count
SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void rest(void) { struct timespec ms = {0, 1000000}; nanosleep(&ms, 0); }
int fdatasync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync"); rest(); return real(fd);
}
int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync"); rest(); return real(fd);
}
"""


async def measure() -> list[Figure]:
    compiler = which("cc")
    if compiler is None:
        print("slow flush: no C compiler to make flushes slow with; left out")
        return []
    with folder() as place:
        return [await _compare(_compiled(compiler, place / "slow.so"))]


def _compiled(compiler: str, shim: Path) -> Path:
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", shim, "-ldl"], input=SLOW.encode(), check=True
    )
    return shim


async def _compare(shim: Path) -> Figure:
    together, alone = [], []
    async with _slow_system(shim, "64") as one, _slow_system(shim, "1") as other:
        requests = [
            bookings(stack.gateway, await add_times(stack, hosts=30, each=2000)) for stack in (one, other)
        ]
        with nobody_listens(one, other):
            for stack, asked in zip((one, other), requests, strict=True):
                await booked_per_second(stack, asked, refused=SOME)
            for _ in range(ROUNDS):
                together.append(await booked_per_second(one, requests[0], refused=SOME))
                alone.append(await booked_per_second(other, requests[1], refused=SOME))
    return beside(
        "bookings, each flush at least 1 ms",
        together,
        alone,
        unit="/s",
        limit="each in a transaction of its own, pool of 8",
        target=4,
        said="rooms and notify held still",
    )


@asynccontextmanager
async def _slow_system(shim: Path, together: str) -> AsyncIterator[Stack]:
    with folder() as place, _preloaded(shim):
        server = await Postgres(place).start()
        try:
            async with system(
                BOOK_TOGETHER=together,
                DATABASE_CONNECTIONS="8",
                EMBEDDED_DATABASE_URL=server.superuser_dsn(),
            ) as stack:
                yield stack
        finally:
            await server.stop("immediate")
            server.remove()


@contextmanager
def _preloaded(shim: Path) -> Iterator[None]:
    """Into PostgreSQL alone, which gets nothing else from its caller."""
    with mock.patch.object(
        postgres, "plain_environment", lambda caller: plain_environment(caller) | {"LD_PRELOAD": str(shim)}
    ):
        yield
