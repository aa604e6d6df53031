"""Services that are given more, or worse, than they should be."""

from pathlib import Path

from tests.prove.proof import Ground
from tests.prove.short_forms import WHOSE_PARTS_SUFFER, each_of, is_kept


@each_of[WHOSE_PARTS_SUFFER]
async def test_the_promise_is_kept(name: str, ground: Ground, tmp_path: Path) -> None:
    await is_kept(name, ground, tmp_path)
