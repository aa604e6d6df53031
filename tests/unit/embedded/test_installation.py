from pathlib import Path

import pytest

from deploy.embedded import installation
from deploy.embedded.installation import can_reach, leave_refuge, refuge
from deploy.embedded.processes import User

STRANGER = User(uid=54321, gid=54321)


@pytest.fixture
def refuges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "refuges"
    place.mkdir()
    monkeypatch.setattr(installation, "REFUGES", place)
    return place


def test_a_folder_closed_to_others_is_out_of_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)

    assert not can_reach(closed / "inside", STRANGER)
    assert can_reach(Path("/usr"), STRANGER)


def test_a_refuge_is_remembered_and_removed_with_the_state(tmp_path: Path, refuges: Path) -> None:
    place = refuge(tmp_path)
    (place / "data").mkdir()

    leave_refuge(tmp_path)

    assert list(refuges.iterdir()) == []
    leave_refuge(tmp_path)


def test_a_refuge_open_to_others_is_refused(tmp_path: Path, refuges: Path) -> None:
    refuge(tmp_path).chmod(0o777)

    with pytest.raises(PermissionError):
        refuge(tmp_path)


def test_a_link_in_place_of_a_refuge_is_refused(tmp_path: Path, refuges: Path) -> None:
    place = refuge(tmp_path)
    place.rmdir()
    place.symlink_to(tmp_path)

    with pytest.raises((PermissionError, FileExistsError)):
        refuge(tmp_path)


def test_a_pointer_elsewhere_removes_nothing(tmp_path: Path, refuges: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "refuge").write_text(str(precious))

    leave_refuge(tmp_path)

    assert precious.exists()
    assert list(refuges.iterdir()) == []
