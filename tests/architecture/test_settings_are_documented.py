"""The table in docs/settings.md says what the code reads: every setting, by whom, and its default."""

import importlib
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from services.runtime.migrate import SERVICES, MigrateConfig

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
NAME = re.compile(r"\bDIGIAULA_[A-Z_]+\b")
ROW = re.compile(r"^\| `(DIGIAULA_\w+)` \| ([a-z, ]+) \| (needed|empty|`[^`]+`) \| \S.*\|$", re.MULTILINE)

Facts = dict[str, tuple[frozenset[str], str]]


def default_of(field: Any) -> str:
    """As the table writes it."""
    if field.default is MISSING:
        return "needed"
    return f"`{field.default}`" if field.default not in (None, "") else "empty"


def read_by_code() -> Facts:
    configs = {name: importlib.import_module(f"services.{name}.config").Config for name in SERVICES}
    readers: dict[str, set[str]] = {}
    defaults: dict[str, str] = {}
    for name, config in {**configs, "migrate": MigrateConfig}.items():
        for field in fields(config):
            setting = field.metadata["env"]
            readers.setdefault(setting, set()).add(name)
            assert defaults.setdefault(setting, default_of(field)) == default_of(field), setting
    return {name: (frozenset(who), defaults[name]) for name, who in readers.items()}


def told_by(table: str) -> Facts:
    return {
        name: (frozenset(part.strip() for part in who.split(",")), default)
        for name, who, default in ROW.findall(table)
    }


def test_the_table_tells_every_setting_with_its_readers_and_default() -> None:
    assert told_by(TABLE) == read_by_code()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("| `DIGIAULA_LINK_DAYS` |", "| `DIGIAULA_LINK_YEARS` |"),
        ("| `DIGIAULA_LINK_DAYS` | booking |", "| `DIGIAULA_LINK_DAYS` | notify |"),
        ("| `DIGIAULA_LINK_DAYS` | booking | `7` |", "| `DIGIAULA_LINK_DAYS` | booking | `8` |"),
    ],
    ids=["another name", "another reader", "another default"],
)
def test_a_table_that_says_otherwise_is_noticed(was: str, becomes: str) -> None:
    wrong = TABLE.replace(was, becomes)

    assert wrong != TABLE
    assert told_by(wrong) != read_by_code()


def test_the_example_names_every_setting() -> None:
    named = set(NAME.findall(EXAMPLE))

    assert not read_by_code().keys() - named
    assert "DIGIAULA_NEVER_HEARD_OF" not in named


def test_the_readme_names_no_setting_that_is_not_in_the_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert not set(NAME.findall(readme)) - set(NAME.findall(TABLE))
