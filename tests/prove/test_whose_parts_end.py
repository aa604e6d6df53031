"""Several copies of services, and message stores, that end and begin again."""

from pathlib import Path

from tests.prove.proof import Ground
from tests.prove.short_forms import WHOSE_PARTS_END, each_of, is_kept


@each_of[WHOSE_PARTS_END]
async def test_the_promise_is_kept(name: str, ground: Ground, tmp_path: Path) -> None:
    await is_kept(name, ground, tmp_path)
