import socket
import stat
from pathlib import Path

import pytest

from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import AlreadyRunningError, only_one, port, read_json, write_json


def test_a_port_is_kept_for_the_next_start(tmp_path: Path) -> None:
    assert port(tmp_path, "nats") == port(tmp_path, "nats")


def test_a_port_somebody_else_took_is_given_up(tmp_path: Path) -> None:
    before = port(tmp_path, "nats")

    with socket.socket() as other:
        other.bind(("127.0.0.1", before))
        other.listen()
        after = port(tmp_path, "nats")

    assert after != before
    assert port(tmp_path, "nats") == after


def test_two_parts_never_get_the_same_port(tmp_path: Path) -> None:
    wanted = port(tmp_path, "gateway")

    assert port(tmp_path, "mail", wanted=wanted) != wanted


def test_a_second_start_over_the_same_folder_is_refused(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunningError), only_one(tmp_path):
        pass


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    write_json(path, {"database": "postgresql://…"})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_json(path) == {"database": "postgresql://…"}
    assert list(tmp_path.iterdir()) == [path]


def test_secrets_stay_and_a_newer_version_only_adds_its_own(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    kept = read_json(tmp_path / "secrets.json")
    del kept["form_key"], kept["nats"]["gateway"]
    write_json(tmp_path / "secrets.json", kept)

    second = load_secrets(tmp_path)

    assert second.link_key == first.link_key
    assert second.nats["booking"] == first.nats["booking"]
    assert second.form_key
    assert second.nats["gateway"]
    assert second == load_secrets(tmp_path)


def test_secrets_do_not_print(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path)

    assert secrets.link_key not in repr(secrets)
