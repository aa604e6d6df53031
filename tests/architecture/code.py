"""The code as its own tests see it: what imports what, and what each service is put together from."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from nats.aio.client import Client

import services.contracts
from services.contracts.envelope import Event, Request
from services.runtime import config, letters
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.db import Database
from services.runtime.main import Parts, Service
from tests.support.system import FIXED_SETTINGS

ROOT = Path(__file__).parents[2]
CODE = ROOT / "services"
EVERY_FILE = sorted(CODE.rglob("*.py"))
NOWHERE = {
    "DIGIAULA_DATABASE_URL": "postgresql://nowhere",
    "DIGIAULA_NATS_URL": "nats://nowhere",
    "DIGIAULA_HTTP_PORT": "1",
    "DIGIAULA_PUBLIC_URL": "http://127.0.0.1:8000",
}


def imports(source: str) -> set[str]:
    """Every module that a source names, whole: `from services import booking` is `services.booking`.

    A relative import is given as it stands, with its dots.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {f"{base}.{alias.name}" for alias in node.names} if node.names else {base}
    return found


def _subclasses(of: type) -> Iterator[type[Any]]:
    each: type[Any]
    for each in of.__subclasses__():
        if each.__module__.startswith("services.") and isinstance(getattr(each, "subject", None), str):
            yield each
        yield from _subclasses(each)


@cache
def words(of: type) -> dict[str, type[Any]]:
    """Every request (or event) of the contracts by its subject."""
    for module in pkgutil.walk_packages(services.contracts.__path__, "services.contracts."):
        importlib.import_module(module.name)
    found: dict[str, type[Any]] = {}
    for each in _subclasses(of):
        assert found.setdefault(each.subject, each) is each, f"{each.subject} is said by two"
    return found


def requests() -> dict[str, type[Request[Any]]]:
    return words(Request)


def events() -> dict[str, type[Event]]:
    return words(Event)


@cache
def service(name: str) -> Service:
    """The service as it is built, on a database and a connection that are never opened."""
    module = importlib.import_module(f"services.{name}.app")
    settings_type = importlib.import_module(f"services.{name}.config").Config
    parts = Parts(
        name=name,
        db=Database(None),  # type: ignore[arg-type]
        bus=Bus(name, Client(), SystemClock()),
        clock=SystemClock(),
    )
    built: Service = module.build(parts, config.load(settings_type, NOWHERE | FIXED_SETTINGS))
    return built


def answered(name: str) -> set[str]:
    """What the service answers, and what the runtime answers for it."""
    table = {**service(name).handlers, **letters.handlers(name, Database(None))}  # type: ignore[arg-type]
    return {request.subject for request in table}


def heard(name: str) -> set[str]:
    """What the service hears with a promise that none is missed."""
    return {event.subject for item in service(name).subscriptions for event in item.handlers}
