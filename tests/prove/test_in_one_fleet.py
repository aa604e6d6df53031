"""Harm to one running system that all of these share."""

from pathlib import Path

from tests.prove.proof import Ground
from tests.prove.short_forms import IN_ONE_FLEET, each_of, is_kept


@each_of[IN_ONE_FLEET]
async def test_the_promise_is_kept(name: str, ground: Ground, tmp_path: Path) -> None:
    await is_kept(name, ground, tmp_path)
