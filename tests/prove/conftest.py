"""What the short forms in one file share."""

from collections.abc import AsyncIterator

import pytest

from deploy.embedded.postgres import Postgres
from tests.prove.proof import Ground, on_ground


@pytest.fixture(scope="module")
async def ground(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with on_ground(tmp_path_factory.mktemp("prove")) as shared:
        shared.give("postgres", postgres)
        yield shared
