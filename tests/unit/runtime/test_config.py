"""Settings: read once, refused whole, secrets unseen."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from services.runtime.config import Common, Secret, SettingsError, load, setting


class Mode(StrEnum):
    CALM = "calm"
    BUSY = "busy"


@dataclass(frozen=True, kw_only=True)
class Config(Common):
    password: Secret = setting("DIGIAULA_TEST_PASSWORD")
    minutes: int = setting("DIGIAULA_TEST_MINUTES", default=15)
    mode: Mode = setting("DIGIAULA_TEST_MODE", default=Mode.CALM)
    wanted: bool = setting("DIGIAULA_TEST_WANTED", default=False)


ENOUGH = {
    "DIGIAULA_DATABASE_URL": "postgresql://u:hidden@h/d",
    "DIGIAULA_NATS_URL": "nats://u:hidden@h",
    "DIGIAULA_HTTP_PORT": "8000",
    "DIGIAULA_TEST_PASSWORD": "hidden",
}


def test_what_is_not_said_has_its_default() -> None:
    config = load(Config, ENOUGH)

    assert (config.minutes, config.mode, config.http_port) == (15, Mode.CALM, 8000)


def test_what_is_said_has_its_type() -> None:
    said = {"DIGIAULA_TEST_MINUTES": " 30 ", "DIGIAULA_TEST_MODE": "busy", "DIGIAULA_TEST_WANTED": "true"}

    config = load(Config, ENOUGH | said)

    assert (config.minutes, config.mode, config.wanted) == (30, Mode.BUSY, True)


def test_everything_missing_and_unusable_is_named_at_once_and_no_value() -> None:
    wrong = {"DIGIAULA_TEST_MINUTES": "soon-4711", "DIGIAULA_TEST_MODE": "odd-4711"}

    with pytest.raises(SettingsError) as refused:
        load(Config, wrong)

    assert str(refused.value) == (
        "missing settings: DIGIAULA_DATABASE_URL, DIGIAULA_NATS_URL, DIGIAULA_HTTP_PORT,"
        " DIGIAULA_TEST_PASSWORD; unusable settings: DIGIAULA_TEST_MINUTES, DIGIAULA_TEST_MODE"
    )


def test_a_service_without_a_connection_to_its_database_is_refused() -> None:
    assert load(Config, ENOUGH | {"DIGIAULA_DATABASE_CONNECTIONS": "1"}).database_connections == 1
    with pytest.raises(SettingsError, match=r"^unusable settings: DIGIAULA_DATABASE_CONNECTIONS$"):
        load(Config, ENOUGH | {"DIGIAULA_DATABASE_CONNECTIONS": "0"})


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_variable_is_not_set(nothing: str) -> None:
    with pytest.raises(SettingsError, match="missing settings: DIGIAULA_TEST_PASSWORD"):
        load(Config, ENOUGH | {"DIGIAULA_TEST_PASSWORD": nothing})

    assert load(Config, ENOUGH | {"DIGIAULA_TEST_MINUTES": nothing}).minutes == 15


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from-a-file\n", encoding="utf-8")
    without = {key: value for key, value in ENOUGH.items() if key != "DIGIAULA_TEST_PASSWORD"}

    assert load(Config, without | {"DIGIAULA_TEST_PASSWORD_FILE": str(file)}).password == "from-a-file"


def test_a_file_that_is_not_there_is_named_and_an_empty_one_is_missing(tmp_path: Path) -> None:
    without = {key: value for key, value in ENOUGH.items() if key != "DIGIAULA_TEST_PASSWORD"}
    empty = tmp_path / "empty"
    empty.touch()

    with pytest.raises(SettingsError, match=r"^unusable settings: DIGIAULA_TEST_PASSWORD$"):
        load(Config, without | {"DIGIAULA_TEST_PASSWORD_FILE": str(tmp_path / "nowhere")})
    with pytest.raises(SettingsError, match=r"^missing settings: DIGIAULA_TEST_PASSWORD$"):
        load(Config, without | {"DIGIAULA_TEST_PASSWORD_FILE": str(empty)})


def test_secrets_print_as_stars_and_work_as_themselves() -> None:
    config = load(Config, ENOUGH)

    assert "hidden" not in repr(config)
    assert repr(config).count("***") == 3
    assert config.password == "hidden"
    assert f"{config.password}" == "hidden"
