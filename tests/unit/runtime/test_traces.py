"""Traces are an extra: nothing of them where nobody asked, and a plain word where they cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime import traces
from services.runtime.config import Common, SettingsError, load

ROOT = Path(__file__).parents[3]
ENOUGH = {
    "DIGIAULA_DATABASE_URL": "postgresql://u:hidden@h/d",
    "DIGIAULA_NATS_URL": "nats://u:hidden@h",
    "DIGIAULA_HTTP_PORT": "8000",
}
BOOKING = """
import runpy, sys
{before}
runpy.run_module("services.booking", run_name="__main__", alter_sys=True)
"""
WITHOUT_THE_EXTRA = "sys.modules['opentelemetry'] = None"  # what an import of it finds where there is none
OF_THE_EXTRA = """
import sys
from importlib import import_module
from services.runtime import config, traces
for name in ("booking", "rooms", "notify", "gateway"):
    import_module(f"services.{name}.app")
settings = config.load(config.Common)
traces.check(settings)
print(traces.begin("booking", settings) if not settings.traces else "-")
libraries = {name.partition(".")[0] for name, module in sys.modules.items() if module}
print(sorted(libraries & {"opentelemetry", "google", "urllib3", "requests"}))
"""


def python(program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environ = {"PATH": os.environ["PATH"], **ENOUGH, **{f"DIGIAULA_{k}": v for k, v in settings.items()}}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("address", ["http://jaeger:4318", "https://traces.example/otlp/"])
def test_a_collector_has_an_address(address: str) -> None:
    traces.check(load(Common, ENOUGH | {"DIGIAULA_TRACES": address}))


@pytest.mark.parametrize(
    "address",
    ["jaeger:4318", "grpc://jaeger:4317", "http://", "http://me:4711@jaeger", "http://jaeger?key=4711"],
)
def test_what_is_no_address_or_holds_a_password_is_refused_and_not_said_again(address: str) -> None:
    settings = load(Common, ENOUGH | {"DIGIAULA_TRACES": address})

    with pytest.raises(SettingsError) as refused:
        traces.check(settings)

    assert str(refused.value) == "unusable settings: DIGIAULA_TRACES"


@pytest.mark.parametrize("share", ["-0.1", "1.1", "all", "nan"])
def test_a_share_is_a_part_of_all(share: str) -> None:
    with pytest.raises(SettingsError, match="unusable settings: DIGIAULA_TRACES_SHARE"):
        load(Common, ENOUGH | {"DIGIAULA_TRACES_SHARE": share})


def test_without_the_extra_a_service_says_how_to_get_it_and_does_not_start() -> None:
    ended = python(
        BOOKING.format(before=WITHOUT_THE_EXTRA), TRACES="http://127.0.0.1:4318", FIRST_COORDINATOR=""
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"booking: {traces.NOT_INSTALLED}\n"


def test_without_the_extra_and_without_the_wish_nothing_is_said() -> None:
    ended = python(f"import sys; {WITHOUT_THE_EXTRA}\n{OF_THE_EXTRA}")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [("", "None\n[]\n"), ("http://h:1", "-\n['google', 'opentelemetry']\n")],
)
def test_nothing_of_it_is_in_a_process_that_was_not_asked(wanted: str, answer: str) -> None:
    ended = python(OF_THE_EXTRA, TRACES=wanted)

    assert ended.stderr == ""
    assert ended.stdout == answer
