"""The small scripts around the containers: secrets made once, and handed on from files."""

import importlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from services.contracts.links import parse_keys
from services.runtime import config
from tests.architecture.test_compose import COMPOSE, ROOT, SERVICES, environment

DEPLOY = ROOT / "deploy"
INTERPOLATION = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
# What an operator must fill in; all else is left as it comes.
FILLED_IN = {
    "DIGIAULA_PUBLIC_URL": "https://digiaula.example",
    "DIGIAULA_JITSI_DOMAIN": "meet.digiaula.example",
    "DIGIAULA_FIRST_COORDINATOR": "koordinaattori@digiaula.example",
    "DIGIAULA_MAIL_FROM": "digiaula@digiaula.example",
}
YOURS_TO_WRITE = {"smtp_url", "sms_token", "jitsi_private_keys"}


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    make(tmp_path)
    return contents(tmp_path)


def make(folder: Path) -> str:
    command = [DEPLOY / "secrets" / "make", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def stub(folder: Path, name: str) -> Path:
    """A program that says what it was given."""
    folder.mkdir()
    program = folder / name
    program.write_text('#!/bin/sh\necho "$@"\nenv\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def test_every_secret_is_made_and_none_that_nobody_reads(secrets: dict[str, str]) -> None:
    assert secrets.keys() == COMPOSE["secrets"].keys()
    assert {name for name, content in secrets.items() if not content} == YOURS_TO_WRITE
    for name, declared in COMPOSE["secrets"].items():
        assert declared["file"] == f"deploy/secrets/{name}"


def test_making_again_changes_nothing(secrets: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "smtp_url").write_text("smtps://mail.example", encoding="utf-8")
    (tmp_path / "form_key").unlink()

    said = make(tmp_path)

    assert said == "made form_key\n"
    again = contents(tmp_path)
    assert again.pop("smtp_url") == "smtps://mail.example"
    assert again.pop("form_key") != secrets["form_key"]
    assert again.items() <= secrets.items()


def test_only_the_owner_gets_in_and_every_container_can_read(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in secrets} == {0o644}


def test_secrets_are_strong_plain_and_all_different(secrets: dict[str, str]) -> None:
    made = {name: secret for name, secret in secrets.items() if name.endswith(("_password", "_secret"))}

    assert len(set(made.values())) == len(made)
    for secret in made.values():
        assert re.fullmatch(r"p[A-Za-z0-9_-]{43}", secret)
    assert len(parse_keys(secrets["link_keys"])) == 1


def test_addresses_hold_the_same_passwords(secrets: dict[str, str]) -> None:
    for role in (*SERVICES, "migrator"):
        password = secrets[f"postgres_{role}_password"]
        assert secrets[f"{role}_database_url"] == f"postgresql://{role}:{password}@postgres:5432/digiaula"
    for service in SERVICES:
        password = secrets[f"nats_{service}_password"]
        assert secrets[f"{service}_nats_url"] == f"nats://{service}:{password}@nats:4222"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_what_compose_gives_it(service: str, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "smtp_url").write_text("smtps://user:word@mail.example:465", encoding="utf-8")
    given = {
        key: INTERPOLATION.sub(lambda match: FILLED_IN.get(match[1], match[2] or ""), value).replace(
            "/run/secrets", str(tmp_path)
        )
        for key, value in environment(service).items()
    }
    settings_type = importlib.import_module(f"services.{service}.config").Config

    settings = config.load(settings_type, given)

    password = (tmp_path / f"postgres_{service}_password").read_text(encoding="utf-8")
    assert password in settings.database_url


def test_git_takes_no_secret() -> None:
    rules = (DEPLOY / "secrets" / ".gitignore").read_text(encoding="utf-8").split()

    assert rules == ["*", "!.gitignore", "!README.md", "!make"]


def test_the_message_server_gets_its_passwords(secrets: dict[str, str], tmp_path: Path) -> None:
    bin_folder = stub(tmp_path / "bin", "nats-server").parent
    env = {"SECRETS_DIR": str(tmp_path), "PATH": f"{bin_folder}:{os.environ['PATH']}"}

    said = subprocess.run(
        [DEPLOY / "nats" / "start"], env=env, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert said[0] == "--config /etc/nats/server.conf"
    for user in (*SERVICES, "system"):
        assert f"NATS_{user.upper()}_PASSWORD={secrets[f'nats_{user}_password']}" in said


def test_jitsi_gets_its_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "JWT_APP_SECRET").write_text("p-secret", encoding="utf-8")
    init = stub(tmp_path / "bin", "init")
    env = {"SECRETS_DIR": str(folder), "INIT": str(init), "PATH": os.environ["PATH"]}

    said = subprocess.run(
        ["/bin/sh", DEPLOY / "compose" / "start-with-secrets"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert "JWT_APP_SECRET=p-secret" in said
