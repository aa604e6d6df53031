"""What the files for several copies promise, and that they say the same as those for one."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.test_compose import (
    INTERPOLATED,
    JITSI,
    MAIN,
    PROGRAMS,
    ROOT,
    SECRETIVE,
    SERVICES,
    merge,
    read,
    run,
)
from tests.architecture.test_container_scripts import contents, make, stub

SCALED = ROOT / "deploy" / "scaled"
TWO, MACHINE, BRIDGES, BRIDGE = (SCALED / f"{n}.yml" for n in ("two", "machine", "bridges", "bridge"))
NATS = ROOT / "deploy" / "nats"
ADDRESSES = ("10.77.0.1", "10.77.0.2", "10.77.0.3")
PRIVATE = re.compile(r"\$\{DIGIAULA_MACHINE_ADDRESS(:\?[^}]*)?\}:\d+:\d+")


def parts(*files: Path) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path in files:
        whole = merge(whole, read(path))
    return whole["services"]  # type: ignore[no-any-return]  # plain YAML


def test_the_files_are_compose_files() -> None:
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", TWO, MACHINE)
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", BRIDGES, BRIDGE)


def test_every_service_runs_twice_and_the_proxy_knows_both_doors() -> None:
    twice = parts(MAIN, TWO)

    assert {name for name, part in twice.items() if part["deploy"].get("replicas") == 2} == set(SERVICES)
    project = read(MAIN)["name"]
    doors = twice["proxy"]["environment"]["DIGIAULA_GATEWAYS"].split()
    assert doors == [f"{project}-gateway-{number}:8080" for number in (1, 2)]
    assert twice["gateway"]["environment"]["DIGIAULA_GATEWAY_COPIES"] == str(len(doors))


def test_the_two_proxies_differ_only_in_whom_they_ask() -> None:
    def without_asking(path: Path) -> list[str]:
        """Every line outside the blocks that hand requests on, and outside comments."""
        kept, depth = [], 0
        for line in path.read_text(encoding="utf-8").splitlines():
            if depth or re.match(r"\t(reverse_proxy|handle_errors)\b", line):
                depth += line.endswith("{")
                depth -= line.strip() == "}"
            elif line.strip() and not line.strip().startswith("#"):
                kept.append(line)
        return kept

    assert without_asking(SCALED / "Caddyfile") == without_asking(ROOT / "deploy" / "proxy" / "Caddyfile")


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
def test_the_proxy_understands_its_file() -> None:
    told = {"DIGIAULA_PUBLIC_URL": "https://localhost", "DIGIAULA_GATEWAYS": "a:8080 b:8080"}
    command: list[str | Path] = [
        "caddy",
        "validate",
        "--adapter",
        "caddyfile",
        "--config",
        SCALED / "Caddyfile",
    ]

    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_cluster_says_of_users_and_rights_what_the_single_server_says() -> None:
    text = (NATS / "cluster.conf").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert lines[0] == "include server.conf"
    keys = {line.partition(":")[0].split()[0] for line in lines[1:] if not line.startswith((" ", "}"))}
    assert keys == {"server_name", "cluster"}, "what else is set here would differ from the single form"


def test_a_machine_opens_ports_on_its_private_address_alone() -> None:
    for path in (MACHINE, BRIDGES, BRIDGE):
        for name, part in read(path)["services"].items():
            for port in part.get("ports", []):
                is_media = name == "jvb" and port == "10000:10000/udp"
                assert is_media or PRIVATE.fullmatch(port), f"{name} opens {port}"


def test_a_machine_keeps_streams_on_all_three_and_says_how_many_doors_there_are() -> None:
    one_of_three = parts(MAIN, MACHINE)

    for name in SERVICES:
        assert one_of_three[name]["environment"]["DIGIAULA_NATS_REPLICAS"] == str(len(ADDRESSES))
        assert "machines" in one_of_three[name]["networks"]
    assert one_of_three["gateway"]["environment"]["DIGIAULA_GATEWAY_COPIES"] == str(len(ADDRESSES))
    assert one_of_three["nats"]["environment"]["NATS_CONFIG"] == "/etc/nats/cluster.conf"


def test_no_part_of_a_machine_holds_a_secret_in_its_environment() -> None:
    for path in (TWO, MACHINE, BRIDGES, BRIDGE):
        for name, part in read(path)["services"].items():
            for key in part.get("environment", {}):
                assert key.endswith("_FILE") or not SECRETIVE.search(key), f"{name}: {key}"


def test_a_bridge_elsewhere_is_the_bridge_that_stands_beside_jitsi() -> None:
    here, there = parts(MAIN, JITSI, BRIDGES)["jvb"], read(BRIDGE)["services"]["jvb"]

    same = here.keys() - {"environment", "networks", "depends_on", "ports", "healthcheck"}
    assert {key: here[key] for key in same} == {key: there[key] for key in same}
    assert sorted(port.partition("_ADDRESS")[0] for port in here["ports"]) == sorted(
        port.partition("_ADDRESS")[0] for port in there["ports"]
    )
    assert there["environment"].keys() == here["environment"].keys()


def test_every_setting_of_a_machine_is_explained() -> None:
    example = (SCALED / "env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    asked = {
        name for path in (TWO, MACHINE, BRIDGES, BRIDGE) for name in INTERPOLATED.findall(path.read_text())
    }

    assert asked - known == explained


def test_the_runbook_names_what_is_there() -> None:
    """Read at night, by somebody who cannot guess what was meant."""
    text = (ROOT / "docs" / "scaling-out.md").read_text(encoding="utf-8")
    files = set(re.findall(r"\b(?:deploy|tests|docs)/[\w./-]*\w", text)) - {
        "deploy/secrets/jvb_auth_password"
    }
    settings = set(re.findall(r"\bDIGIAULA_[A-Z_]+\b", text))
    explained = (SCALED / "env.example").read_text() + (ROOT / ".env.example").read_text()

    assert [name for name in sorted(files) if not (ROOT / name).exists()] == []
    assert [name for name in settings if f"{name}=" not in explained] == ["DIGIAULA_GATEWAYS"]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    make(tmp_path)
    subprocess.run(
        [SCALED / "addresses", *ADDRESSES], env=os.environ | {"SECRETS_DIR": str(tmp_path)}, check=True
    )
    return tmp_path


def test_services_are_told_all_three_machines_with_their_own_passwords(secrets: Path) -> None:
    told = contents(secrets)

    for service in SERVICES:
        urls = told[f"{service}_nats_url"].split(",")
        password = told[f"nats_{service}_password"]
        assert urls == [f"nats://{service}:{password}@{address}:4222" for address in ADDRESSES]
    for role in (*SERVICES, "migrator"):
        hosts = ",".join(f"{address}:5432" for address in ADDRESSES)
        assert told[f"{role}_database_url"] == (
            f"postgresql://{role}:{told[f'postgres_{role}_password']}@{hosts}/digiaula"
            "?target_session_attrs=read-write"
        )


def test_telling_the_addresses_again_makes_no_new_secret(secrets: Path) -> None:
    before = contents(secrets)

    subprocess.run(
        [SCALED / "addresses", *ADDRESSES], env=os.environ | {"SECRETS_DIR": str(secrets)}, check=True
    )

    assert contents(secrets) == before
    made = {"nats_route_password", "postgres_replicator_password"}
    assert made <= before.keys()
    assert made == set(read(MACHINE)["secrets"])


def test_the_message_server_is_told_of_the_others(secrets: Path, tmp_path: Path) -> None:
    bin_folder = stub(tmp_path / "bin", "nats-server").parent
    env = {
        "SECRETS_DIR": str(secrets),
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "NATS_CONFIG": "/etc/nats/cluster.conf",
        "NATS_NAME": "a",
        "NATS_PEERS": " ".join(ADDRESSES),
    }

    said = _said([NATS / "start"], env)

    password = contents(secrets_only(secrets))["nats_route_password"]
    routes = ", ".join(f'"nats-route://route:{password}@{address}:6222"' for address in ADDRESSES)
    assert said[0] == "--config /etc/nats/cluster.conf"
    assert f"NATS_ROUTES=[{routes}]" in said
    assert 'NATS_NAME="a"' in said


def secrets_only(folder: Path) -> Path:
    """Without the stubs, which lie in a folder of the same place."""
    shutil.rmtree(folder / "bin")
    return folder


def _said(command: list[Path | str], env: dict[str, str]) -> list[str]:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def a_machine(secrets: Path, tmp_path: Path, *, address: str, **differs: str) -> dict[str, str]:
    programs = stub(tmp_path / "bin", "docker-entrypoint.sh").parent
    copy = programs / "pg_basebackup"
    copy.write_text('#!/bin/sh\necho "copies: $@"\n', encoding="utf-8")
    copy.chmod(0o755)
    return {
        "SECRETS_DIR": str(secrets),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PASSFILE": str(tmp_path / "passfile"),
        "PGDATA": str(tmp_path / "data"),
        "DIGIAULA_MACHINE": "b",
        "DIGIAULA_MACHINE_ADDRESS": address,
        "DIGIAULA_PRIMARY": ADDRESSES[0],
        "DIGIAULA_STANDBYS_AWAITED": "1",
    } | differs


def with_data(env: dict[str, str], *, follows: bool) -> dict[str, str]:
    data = Path(env["PGDATA"])
    data.mkdir()
    (data / "PG_VERSION").write_text("18\n", encoding="utf-8")
    if follows:
        (data / "standby.signal").touch()
    return env


START: list[Path | str] = ["/bin/sh", SCALED / "postgres" / "start", "postgres", "--timezone=UTC"]


def test_an_empty_standby_copies_the_primary_first(secrets: Path, tmp_path: Path) -> None:
    said = _said(START, a_machine(secrets, tmp_path, address=ADDRESSES[1]))

    assert said[0].startswith("copies: ")
    assert f"host={ADDRESSES[0]} port=5432 user=replicator" in said[0]
    assert said[1].startswith(
        "postgres --timezone=UTC -c synchronous_standby_names= -c primary_conninfo=host="
    )


def test_a_new_primary_waits_for_nobody_and_one_with_data_for_a_standby(
    secrets: Path, tmp_path: Path
) -> None:
    env = a_machine(secrets, tmp_path, address=ADDRESSES[0])
    assert "-c synchronous_standby_names= -c" in _said(START, env)[0]

    assert "-c synchronous_standby_names=ANY 1 (*) -c" in _said(START, with_data(env, follows=False))[0]
    alone = env | {"DIGIAULA_STANDBYS_AWAITED": "0"}
    assert "-c synchronous_standby_names= -c" in _said(START, alone)[0]


def test_who_took_writes_before_does_not_start_as_if_it_could_follow(secrets: Path, tmp_path: Path) -> None:
    """Two that take writes would be worse than one that is missing."""
    env = with_data(a_machine(secrets, tmp_path, address=ADDRESSES[1]), follows=False)

    done = subprocess.run(START, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "empty the volume" in done.stderr
    (Path(env["PGDATA"]) / "standby.signal").touch()  # the control
    assert _said(START, env)


def test_copies_are_replaced_one_after_the_other(tmp_path: Path) -> None:
    bin_folder = stub(tmp_path / "bin", "docker").parent
    (bin_folder / "docker").write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")

    said = _said([SCALED / "roll", "-f", "x.yml"], {"PATH": f"{bin_folder}:{os.environ['PATH']}"})

    assert said[:2] == ["compose -f x.yml build", "compose -f x.yml run --rm migrate"]
    steps = [line.split()[0] for line in said[2:]]
    assert steps == ["stop", "rm", "compose"] * 2 * len(SERVICES)
    assert all("--wait" in line for line in said[2:] if line.startswith("compose"))
