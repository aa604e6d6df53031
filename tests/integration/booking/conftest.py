import pytest

from tests.support.house import A_TUESDAY, House
from tests.support.system import System


@pytest.fixture
async def house(system: System) -> House:
    """booking runs, it is nine on a Tuesday morning in winter, and a coordinator is there."""
    system.clock.set(A_TUESDAY)
    await system.start("booking")
    return await House.build(system)
