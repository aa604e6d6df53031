import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.embedded.nats import Nats
from services.runtime import bus
from services.runtime.clock import SystemClock
from tests.support.eventually import eventually
from tests.support.processes import is_alive


@pytest.fixture
async def own(state: Path) -> AsyncIterator[Nats]:
    server = await Nats(state).start()
    yield server
    await server.stop()


async def greets(server: Nats) -> bool:
    """Whether it speaks to whoever comes."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    except OSError:
        return False
    try:
        greeting = await asyncio.wait_for(reader.readline(), 0.3)
    except TimeoutError:
        return False
    finally:
        writer.close()
    return greeting.startswith(b"INFO ")


async def test_every_service_comes_in_with_its_own_password(own: Nats) -> None:
    for user in ("booking", "rooms", "notify", "gateway"):
        connection = await bus.connect(user, own.url(user), SystemClock())
        await connection.ping()
        await connection.close()


async def test_it_comes_back_at_the_same_address_after_a_kill(own: Nats) -> None:
    address, before = own.url("gateway"), own.pid

    await own.kill()
    await own.start()

    assert not is_alive(before)
    assert own.url("gateway") == address
    await eventually(lambda: greets(own))


async def test_a_frozen_server_keeps_silent_until_thawed(own: Nats) -> None:
    own.freeze()
    assert not await greets(own)

    own.thaw()

    await eventually(lambda: greets(own))


async def test_wiping_leaves_no_stream_behind(own: Nats) -> None:
    await own.stop()

    own.wipe()

    assert not (own.state / "nats").exists()
    await own.start()
