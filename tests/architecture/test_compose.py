"""What the container files promise, checked without a container engine."""

import re
import subprocess
import sysconfig
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.rooms.domain import LIVELY

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "docker-compose.yml"
JITSI = ROOT / "deploy" / "compose" / "jitsi.yml"
WATCHING = ROOT / "deploy" / "observability" / "compose.yml"
TRACES = ROOT / "deploy" / "observability" / "traces.yml"
BACKUP = ROOT / "deploy" / "backup" / "compose.yml"
ENV = ROOT / ".env.example"
PROGRAMS = Path(sysconfig.get_path("scripts"))

SERVICES = ("booking", "rooms", "notify", "gateway")
SECRETIVE = re.compile(r"PASSWORD|SECRET|TOKEN|KEYS?\b|DATABASE_URL|NATS_URL|SMTP_URL")
INTERPOLATED = re.compile(r"\$\{(\w+)")
SETTING = re.compile(r'setting\(\s*"(DIGIAULA_\w+)"')


def merge(base: Any, over: Any) -> Any:
    """As compose merges files: mappings by key, lists one after the other, the rest replaced."""
    if isinstance(base, dict) and isinstance(over, list):  # networks have a short and a long form
        over = dict.fromkeys(over)
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: merge(base.get(key), value) for key, value in over.items()}
    if isinstance(base, list) and isinstance(over, list):
        return base + over
    return over


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return content


FILES = (MAIN, JITSI, WATCHING, TRACES, BACKUP)
COMPOSE = reduce(merge, map(read, FILES))
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
every_part = pytest.mark.parametrize("name", sorted(PARTS))


def environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in PARTS[name].get("environment", {}).items()}


def mounted(name: str) -> dict[str, str]:
    """The secrets a part sees: name of the file inside to name of the secret."""
    secrets = PARTS[name].get("secrets", [])
    long = [{"source": each, "target": each} if isinstance(each, str) else each for each in secrets]
    return {each["target"]: each["source"] for each in long}


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_are_compose_files() -> None:
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", *FILES)


def test_the_dockerfile_is_sound() -> None:
    run(PROGRAMS / "hadolint", ROOT / "deploy" / "Dockerfile")


def test_the_builder_is_sent_neither_secrets_nor_state() -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]

    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!requirements/run.txt",
        "!requirements/traces.txt",
        "!services",
        "!deploy/nats/server.conf",
        "!deploy/nats/cluster.conf",
        "!deploy/nats/start",
    }


@every_part
def test_a_container_can_do_little_harm(name: str) -> None:
    part = PARTS[name]

    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert int(part["user"].split(":")[0]) > 0
    assert part["pids_limit"] > 0
    assert part["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert not {"privileged", "network_mode", "pid", "devices"} & part.keys()
    assert "docker.sock" not in str(part)


@every_part
def test_a_container_starts_stops_and_is_watched(name: str) -> None:
    part = PARTS[name]

    assert part["stop_grace_period"] == "20s"
    # Jitsi's images bring an init that must be the first process.
    assert part["init"] is (name not in {"web", "prosody", "jicofo", "jvb"})
    if name == "migrate":
        assert part["healthcheck"] == {"disable": True}
        assert part["restart"] == "no"
    else:
        assert part["healthcheck"]["test"][0] == "CMD"
        assert part["restart"] == "unless-stopped"


def test_only_the_proxy_and_the_video_bridge_are_reached_from_outside() -> None:
    published = {name: part["ports"] for name, part in PARTS.items() if "ports" in part}

    assert published == {
        "proxy": ["80:80", "443:443", "443:443/udp"],
        "jvb": ["10000:10000/udp"],
        "grafana": ["127.0.0.1:3000:3000"],  # the machine itself
        "jaeger": ["127.0.0.1:16686:16686"],
    }


def test_what_watches_and_backs_up_can_be_left_out() -> None:
    plain = merge(read(MAIN), read(JITSI))["services"]

    assert PARTS.keys() - plain.keys() == {"prometheus", "grafana", "jaeger", "backup"}
    assert read(BACKUP)["services"].keys() == {"backup"}
    for name in SERVICES:
        assert read(WATCHING)["services"][name] == {"networks": ["watch"]}
        assert "DIGIAULA_TRACES" not in plain[name]["environment"]


def test_whoever_wants_traces_gets_images_that_can_tell_them() -> None:
    told = read(TRACES)["services"]

    for name in SERVICES:
        assert told[name]["build"]["args"] == {"LIBRARIES": "traces"}
        assert PARTS[name]["build"]["args"]["SERVICE"] == name
        assert environment(name)["DIGIAULA_TRACES"] == "http://jaeger:4318"


def test_jaeger_listens_where_it_is_asked() -> None:
    listens = read(TRACES.with_name("jaeger.yml"))
    shown = listens["extensions"]["jaeger_query"]["http"]["endpoint"]
    heard = listens["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    well = listens["extensions"]["healthcheckv2"]["http"]["endpoint"]

    assert PARTS["jaeger"]["ports"] == [f"127.0.0.1:16686:{shown.rpartition(':')[2]}"]
    assert environment("gateway")["DIGIAULA_TRACES"] == f"http://jaeger:{heard.rpartition(':')[2]}"
    assert PARTS["jaeger"]["healthcheck"]["test"][-1] == f"http://{well}/status"
    assert {*listens["service"]["extensions"]} == {*listens["extensions"]}


def test_networks_hold_no_more_than_they_must() -> None:
    members: dict[str, set[str]] = {}
    for name, part in PARTS.items():
        for network in part["networks"]:
            members.setdefault(network, set()).add(name)

    assert members == {
        "public": {"proxy", "jvb"},
        "out": {"notify"},
        "door": {"proxy", "gateway", "web"},
        "data": {*SERVICES, "migrate", "postgres", "backup"},
        "bus": {*SERVICES, "nats"},
        "callbacks": {"rooms", "prosody"},
        "meet": {"web", "prosody", "jicofo", "jvb"},
        "watch": {*SERVICES, "prometheus", "grafana"},
        "desk": {"grafana"},
        "traces": {*SERVICES, "jaeger"},
        "glass": {"jaeger"},
    }
    closed = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert members.keys() - closed == {"public", "out", "desk", "glass"}


def test_the_gateway_believes_the_proxy_alone() -> None:
    address = PARTS["proxy"]["networks"]["door"]["ipv4_address"]

    assert environment("gateway")["DIGIAULA_TRUSTED_PROXIES"] == address


def test_every_setting_is_explained_in_the_example() -> None:
    asked = set(INTERPOLATED.findall("".join(map(Path.read_text, (MAIN, JITSI, WATCHING, TRACES)))))
    explained = set(re.findall(r"^#?([A-Z_]+)=", ENV.read_text(encoding="utf-8"), re.MULTILINE))

    assert asked == explained


def test_every_setting_is_one_that_a_service_reads() -> None:
    read_by_services = {
        name
        for path in (ROOT / "services").rglob("*.py")
        for name in SETTING.findall(path.read_text(encoding="utf-8"))
    }
    given = {
        key.removesuffix("_FILE")
        for name in (*SERVICES, "migrate")
        for key in environment(name)
        if key.startswith("DIGIAULA_")
    }

    assert given == read_by_services - {"DIGIAULA_VERSION"}  # that one is in the image


@every_part
def test_secrets_come_as_files_and_only_where_they_are_needed(name: str) -> None:
    variables = environment(name)

    for key, value in variables.items():
        assert not re.search(r"://[^/]*@", value), f"{key} holds a password"
        if SECRETIVE.search(key):
            assert key.endswith("_FILE"), f"{key} would be seen by everybody who may look at the container"
            assert value.removeprefix("/run/secrets/") in mounted(name)
    if name in SERVICES:
        unread = mounted(name).keys() - {
            value.removeprefix("/run/secrets/") for value in variables.values()
        }
        assert not unread


def test_each_secret_is_seen_by_those_it_is_for() -> None:
    seen: dict[str, set[str]] = {secret: set() for secret in COMPOSE["secrets"]}
    for name in PARTS:
        for secret in mounted(name).values():
            seen[secret].add(name)

    assert seen == {
        **{f"{service}_database_url": {service} for service in SERVICES},
        **{f"{service}_nats_url": {service} for service in SERVICES},
        **{f"postgres_{role}_password": {"postgres"} for role in (*SERVICES, "migrator")},
        **{f"nats_{user}_password": {"nats"} for user in (*SERVICES, "system")},
        "postgres_password": {"postgres", "backup"},
        "migrator_database_url": {"migrate"},
        "link_keys": {"gateway", "notify"},
        "form_key": {"gateway"},
        "jitsi_app_secret": {"rooms", "prosody"},
        "jitsi_private_keys": {"rooms"},
        "rooms_callback_secret": {"rooms", "prosody"},
        "smtp_url": {"notify"},
        "sms_token": {"notify"},
        "jicofo_auth_password": {"prosody", "jicofo"},
        "jvb_auth_password": {"prosody", "jvb"},
        "grafana_password": {"grafana"},
    }


def test_one_token_opens_one_room_and_decides_who_moderates() -> None:
    wanted = {
        "ENABLE_AUTH": "1",
        "AUTH_TYPE": "jwt",
        "ENABLE_GUESTS": "0",
        "JWT_ALLOW_EMPTY": "0",
        "JWT_ENABLE_DOMAIN_VERIFICATION": "1",
        "ENABLE_AUTO_OWNER": "0",
        "XMPP_MUC_MODULES": "token_affiliation,token_no_wildcard",
        "XMPP_MODULES": "frozen_nick",
        "ENABLE_LOBBY": "0",
        "PROSODY_RESERVATION_ENABLED": "1",
        "LOG_LEVEL": "warn",
    }
    assert wanted.items() <= environment("prosody").items()
    assert "JWT_APP_SECRET" in mounted("prosody")
    focus = {"JICOFO_ENABLE_AUTH": "0", "ENABLE_AUTO_OWNER": "0", "ENABLE_AUTH": "1", "AUTH_TYPE": "jwt"}
    assert focus.items() <= environment("jicofo").items()
    page = {"ENABLE_AUTH": "1", "ENABLE_GUESTS": "0", "DISABLE_DEEP_LINKING": "1", "ENABLE_P2P": "0"}
    assert page.items() <= environment("web").items()


def test_a_room_holds_no_more_than_rooms_says_and_large_ones_begin_quietly() -> None:
    """Prosody looks at a room's own number only if it has one for all rooms."""
    assert int(environment("prosody")["MAX_PARTICIPANTS"]) > 0
    web = environment("web")
    assert web["START_AUDIO_MUTED"] == web["START_VIDEO_MUTED"] == str(LIVELY)


def test_rooms_signs_what_jitsi_accepts() -> None:
    rooms, prosody = environment("rooms"), environment("prosody")

    assert rooms["DIGIAULA_JITSI_APP_ID"] == prosody["JWT_APP_ID"] == prosody["JWT_ACCEPTED_ISSUERS"]
    assert rooms["DIGIAULA_JITSI_AUDIENCE"] == prosody["JWT_ACCEPTED_AUDIENCES"]
    assert rooms["DIGIAULA_JITSI_SUBJECT"] == prosody["XMPP_DOMAIN"]
    assert rooms["DIGIAULA_JITSI_MODE"] == "hs256"


def test_jitsi_asks_rooms_at_one_address_with_the_shared_secret() -> None:
    base = environment("prosody")["PROSODY_RESERVATION_REST_BASE_URL"]
    told = (ROOT / "deploy" / "compose" / "callbacks.cfg.lua").read_text(encoding="utf-8")

    assert base == f"http://rooms:{environment('rooms')['DIGIAULA_HTTP_PORT']}"
    assert f'api_prefix = "{base}"' in told
    assert "ENV_ROOMS_CALLBACK_SECRET" in told
    assert "ROOMS_CALLBACK_SECRET" in mounted("prosody")


def test_the_four_parts_of_jitsi_are_of_one_release() -> None:
    version = "${JITSI_IMAGE_VERSION:-stable-11146-2}"

    assert {name: PARTS[name]["image"] for name in ("web", "jicofo", "jvb")} == {
        name: f"ghcr.io/jitsi/{name}:{version}" for name in ("web", "jicofo", "jvb")
    }
    assert PARTS["prosody"]["build"]["args"]["JITSI_IMAGE_VERSION"] == version
