"""Notify on real servers, with neighbours that a test speaks for."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.support.clock import SetClock
from tests.support.facts import NOW
from tests.support.system import System


@pytest.fixture
async def mailroom() -> AsyncIterator[Mailroom]:
    room = Mailroom()
    await room.open()
    yield room
    await room.close()


@pytest.fixture
async def neighbours(system: System, clock: SetClock) -> Neighbours:
    """It is a Tuesday morning in January, a week before the usual appointment."""
    clock.set(NOW)
    return await Neighbours.move_in(system)


@pytest.fixture
async def notify(system: System, neighbours: Neighbours, mailroom: Mailroom) -> System:
    """Notify alone, sending to the mailroom."""
    await system.start("notify", SMTP_URL=mailroom.url)
    return system
