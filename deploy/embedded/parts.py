"""The parts of the running system beside PostgreSQL and NATS: the services and the mail catcher.

Every part has the same few verbs, so that the supervisor treats them alike.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, Self

from deploy.embedded.environment import plain_environment
from deploy.embedded.forks import Nursery
from deploy.embedded.processes import Child
from deploy.embedded.ready import answers
from deploy.embedded.state import ROOT, port

QUIET = {"debug", "info"}
LONG = ("error",)  # where an error says line by line how it came about
KNOWN = {"service", "timestamp"}  # said by the prefix, or by the clock on the wall


class Part(Protocol):
    """Something that runs as one process and can be started again after any end."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    async def start(self) -> Self: ...
    async def stop(self) -> None: ...
    async def kill(self) -> None: ...
    async def wait(self) -> int: ...


class Program:
    """A Python module that is ready when it says so over HTTP."""

    def __init__(
        self,
        name: str,
        *,
        state: Path,
        command: Callable[[], list[str]],
        health: Callable[[], str],
        environment: Callable[[], Mapping[str, str]],
        code: Path = ROOT,
        grace: float = 20,
        say: Callable[[str, str], None] | None = None,
        nursery: Nursery | None = None,
    ) -> None:
        self.name = name
        self._state = state
        self._command = command
        self._health = health
        self._environment = environment
        self._code = code
        self._grace = grace
        self._say = say or show
        self._nursery = nursery
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        return self._running.pid

    async def start(self) -> Self:
        health = self._health()
        command, environment = self._command(), self._environment()
        self._child = Child(
            self.name,
            [sys.executable, "-u", "-m", *command],
            env=environment,
            log=self._state / "log" / f"{self.name}.log",
            cwd=self._code,
            on_line=partial(self._say, self.name),
            process=self._nursery.bear(self.name, command, environment) if self._nursery else None,
        )
        await self._child.until(partial(answers, health), within=60)
        return self

    async def stop(self) -> None:
        if self._child:
            await self._child.stop(grace=self._grace)

    async def kill(self) -> None:
        if self._child:
            await self._child.kill()

    async def wait(self) -> int:
        return await self._running.wait()

    @property
    def _running(self) -> Child:
        assert self._child, "not started"
        return self._child


def mail_catcher(state: Path, nursery: Nursery | None = None) -> Program:
    """The catcher, on ports asked for again at every start."""
    return Program(
        "mail",
        state=state,
        command=lambda: [
            "deploy.embedded.mail",
            *("--smtp", str(port(state, "smtp")), "--http", str(port(state, "mail"))),
        ],
        health=lambda: f"http://127.0.0.1:{port(state, 'mail')}/messages",
        environment=lambda: plain_environment(os.environ),
        grace=3,
        nursery=nursery,
    )


def show(name: str, line: str) -> None:
    """Print what someone should see: everything but the everyday lines, which the log file has."""
    for each in worth_seeing(line):
        print(f"{name:9} | {each}", flush=True)


def worth_seeing(line: str) -> list[str]:
    """A line of a log as people read it: nothing for an everyday one, more for an error."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict) or "event" not in entry:
        return [line] if line else []
    level, event = entry.pop("level", ""), entry.pop("event")
    if level in QUIET:
        return []
    longer = [each for key in LONG if isinstance(entry.get(key), list) for each in entry.pop(key)]
    facts = " ".join(f"{key}={value}" for key, value in entry.items() if key not in KNOWN)
    return [f"{level}: {event} {facts}".rstrip(), *(f"  {each}" for each in longer)]
