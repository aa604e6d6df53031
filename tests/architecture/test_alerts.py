"""Alerts and board ask for figures that the code tells, and each alert says what to do.

An alert with a misspelt name never fires, and nobody notices.
"""

import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from nats.aio.client import Client
from ruamel.yaml import YAML

from services.runtime import config
from services.runtime.backlog import Backlog
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.connections import Connections
from services.runtime.db import Database
from services.runtime.main import Parts
from services.runtime.measures import Measures
from services.runtime.migrate import SERVICES
from tests.architecture.code import NOWHERE
from tests.architecture.test_compose import COMPOSE
from tests.support.system import FIXED_SETTINGS

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "observability"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = "## What the alerts say"

# Of Prometheus itself, and of its client where the system has /proc.
GIVEN = {
    "up": {"job", "service", "instance"},
    "ALERTS": {"alertname", "alertstate", "severity"},
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
    "process_start_time_seconds": set(),
}
OF_THE_TARGET = {"job", "service", "instance", "le"}
SPOKEN = {
    *("sum", "max", "min", "count", "absent", "rate", "increase", "changes", "time", "topk"),
    *("histogram_quantile", "by", "on", "or", "and", "unless", "without", "ignoring"),
}
TEXT = re.compile(r"\"[^\"]*\"")
LABELS_OF = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
WORD = re.compile(r"(?<![\w.])[A-Za-z_:][\w:]*")


class NoPool:
    """Stands where a pool would be when nothing is ever asked."""

    def get_size(self) -> int:
        return 0

    get_idle_size = get_size


@cache
def told() -> dict[str, set[str]]:
    """Every series that any service tells, with its labels."""
    found = dict(GIVEN)
    for name in SERVICES:
        measures = Measures(name)
        db = Database(cast(Connections, NoPool()), measures)
        bus = Bus(name, Client(), SystemClock(), measures)
        module = importlib.import_module(f"services.{name}.app")
        settings = importlib.import_module(f"services.{name}.config").Config
        parts = Parts(name=name, db=db, bus=bus, clock=SystemClock(), measures=measures)
        built = module.build(parts, config.load(settings, NOWHERE | FIXED_SETTINGS))
        measures.registry.register(Backlog(db, built.questions))
        found |= _series(measures)
    return found


def _series(measures: Measures) -> dict[str, set[str]]:
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    labels = {
        collector: set(getattr(collector, "_labelnames", ()))
        for collector in measures.registry._collector_to_names
    }
    return {
        family.name + ending: labels[collector]
        for collector in labels
        for family in collector.collect()
        if family.name.startswith("digiaula_")
        for ending in endings[family.type]
    }


def unknown(expression: str) -> list[str]:
    """What an expression names and nobody tells: series, or labels that no series in it has."""
    plain = TEXT.sub('""', expression)
    wrong = []
    named: set[str] = set()
    for name, selected in SELECTOR.findall(plain):
        asked = {each.strip() for each in re.findall(r"(\w+)\s*[=!]", selected)}
        wrong += sorted(asked - told().get(name, set()) - OF_THE_TARGET)
    listed = {label.strip() for each in LABELS_OF.findall(plain) for label in each.split(",")}
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", LABELS_OF.sub("", plain))
    named = set(WORD.findall(bare)) - SPOKEN
    wrong += sorted(named - told().keys())
    there = {label for name in named for label in told().get(name, set())}
    return wrong + sorted(listed - there - OF_THE_TARGET)


def rules() -> list[dict[str, Any]]:
    content = YAML(typ="safe", pure=True).load((HERE / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def board() -> Iterator[tuple[str, str]]:
    file = HERE / "grafana" / "boards" / "digiaula.json"
    for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


every_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))


@every_rule
def test_an_alert_asks_for_what_is_told(rule: dict[str, Any]) -> None:
    assert unknown(rule["expr"]) == []


def test_the_board_asks_for_what_is_told() -> None:
    assert [(title, unknown(asked)) for title, asked in board() if unknown(asked)] == []


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("max(digiaula_outbox_oldest_second) > 60", ["digiaula_outbox_oldest_second"]),
        ("digiaula_requests > 1", ["digiaula_requests"]),
        ('rate(digiaula_requests_total{outcom="internal"}[5m])', ["outcom"]),
        ("sum by (servic, subject) (digiaula_requests_total)", ["servic"]),
        ("maximum(digiaula_dead_letters)", ["maximum"]),
        ("histogram_quantile(0.95, digiaula_message_late_seconds)", ["digiaula_message_late_seconds"]),
        ('sum(rate(digiaula_requests_total{outcome="internal"}[5m])) > 1e3', []),
    ],
)
def test_what_nobody_tells_is_found(expression: str, wrong: list[str]) -> None:
    """The control of the two tests above."""
    assert unknown(expression) == wrong


@every_rule
def test_an_alert_says_what_it_means_and_what_to_do(rule: dict[str, Any]) -> None:
    said = rule["annotations"]

    assert rule["labels"] in ({"severity": "page"}, {"severity": "look"})
    assert said.keys() == {"summary", "people", "first", "docs"}
    assert all(len(text) > 10 for text in said.values())
    assert said["docs"] == f"docs/operations.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] == "look" or "for" in rule, "nobody gets up for a hiccup"


def test_every_alert_has_its_paragraph_and_every_paragraph_its_alert() -> None:
    section = OPERATIONS.partition(SECTION)[2].partition("\n## ")[0]

    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == [rule["alert"] for rule in rules()]


def test_every_age_has_an_alert() -> None:
    """Of whatever waits, the oldest is what somebody is told about."""
    asked = " ".join(rule["expr"] for rule in rules())
    ages = {name for name in told() if re.search(r"oldest_\w*seconds$|overdue_seconds$", name)}

    assert len(ages) == 5
    assert not {name for name in ages if name not in asked}


def test_every_service_is_asked_where_it_tells() -> None:
    content = YAML(typ="safe", pure=True).load((HERE / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = content["scrape_configs"]
    asked = {name: each["port"] for each in job["dns_sd_configs"] for name in each["names"]}
    ports = {
        name: int(COMPOSE["services"][name]["environment"].get("DIGIAULA_METRICS_PORT", 8080))
        for name in SERVICES
    }

    assert job["job_name"] == "digiaula"
    assert asked == ports
    assert ports["gateway"] != 8080


def test_every_mounted_file_is_there() -> None:
    for name in ("prometheus", "grafana"):
        for volume in COMPOSE["services"][name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists(), source
