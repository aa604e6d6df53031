"""Migrations: numbered without a hole, each with its reason, in the words that the style asks for."""

import re
from pathlib import Path

import pytest

from services.runtime.migrate import SERVICES
from tests.architecture.code import CODE

OWNERS = ("runtime", *SERVICES)
FILES = sorted(path for owner in OWNERS for path in (CODE / owner / "migrations").iterdir())
every_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}"
)


@pytest.mark.parametrize("owner", OWNERS)
def test_they_are_numbered_without_a_hole(owner: str) -> None:
    names = sorted(path.name for path in (CODE / owner / "migrations").iterdir())

    assert [name[:5] for name in names] == [f"{number:04}_" for number in range(1, len(names) + 1)]


@every_file
def test_each_has_a_name_and_a_reason(path: Path) -> None:
    assert re.fullmatch(r"\d{4}(_[a-z]+)+\.sql", path.name)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- ")
    assert len(first) > 20


@every_file
def test_no_schema_is_named(path: Path) -> None:
    """The same file makes the tables of whichever service it is applied for."""
    sql = re.sub(r"--[^\n]*|'[^']*'", "", path.read_text(encoding="utf-8"))

    assert not re.search(rf"\b({'|'.join(SERVICES)}|public)\.\w", sql)


@every_file
def test_constraints_are_named(path: Path) -> None:
    """Code relies on the names; those of keys and of NOT NULL are the server's and nobody's business."""
    sql = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    checks = re.findall(r"(?:CONSTRAINT\s+\w+\s+)?\b(?:CHECK|EXCLUDE)\b", sql)

    assert [check for check in checks if not check.startswith("CONSTRAINT")] == []


@every_file
def test_it_runs_inside_a_transaction(path: Path) -> None:
    """The applier opens it, and either all of a file is applied or nothing."""
    sql = re.sub(r"--[^\n]*|\$\$.*?\$\$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert not re.search(r"\b(BEGIN|COMMIT|ROLLBACK|CONCURRENTLY|VACUUM)\b", sql, re.IGNORECASE)
