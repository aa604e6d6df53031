"""A look at the supply chain that could not be made passes, and never looks like a clean one."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from tests.architecture.test_compose import ROOT

_SPEC = spec_from_file_location("audit", ROOT / "requirements" / "audit.py")
assert _SPEC is not None
assert _SPEC.loader is not None
audit = module_from_spec(_SPEC)
_SPEC.loader.exec_module(audit)

CLEAN = {"name": "aiohttp", "version": "3", "vulns": []}
HOLE = {"name": "yarl", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
UNASKED = {"name": "uvloop", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([CLEAN], 0, "no known hole in 1 packages"),
        ([CLEAN, HOLE, UNASKED], 1, "known holes: yarl (PYSEC-1)"),
        ([CLEAN, UNASKED], 0, "NOT AUDITED: 1"),
        ([UNASKED], 0, "NOT AUDITED: the index answered about none of 1"),
    ],
    ids=["clean", "a hole", "some not known", "none asked"],
)
def test_only_a_known_hole_fails(packages: list[Any], code: int, words: str) -> None:
    found = audit.judge({"dependencies": packages})

    assert found[0] == code
    assert words in found[1]


def test_outside_of_ci_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)

    assert audit.main() == 0
    assert "where CI=true" in capsys.readouterr().out
