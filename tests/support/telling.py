"""The whole system, telling its traces to a collector of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.collector import Collector, collecting
from tests.support.stack import Stack, running_stack


@asynccontextmanager
async def telling_stack(folder: Path) -> AsyncIterator[tuple[Stack, Collector]]:
    async with collecting() as collector, running_stack(folder, TRACES=collector.url) as stack:
        yield stack, collector
