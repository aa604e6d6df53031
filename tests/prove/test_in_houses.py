"""Services in this process, or a whole copy of the system, beside one another."""

from pathlib import Path

from tests.prove.proof import Ground
from tests.prove.short_forms import IN_HOUSES, each_of, is_kept


@each_of[IN_HOUSES]
async def test_the_promise_is_kept(name: str, ground: Ground, tmp_path: Path) -> None:
    await is_kept(name, ground, tmp_path)
