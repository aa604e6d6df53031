"""The whole system in its order: what starts when, and what is written down about it."""

import asyncio
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import monotonic

from deploy.embedded import environment
from deploy.embedded.environment import SERVICES, Addresses, database_url, nats_url
from deploy.embedded.forks import Nursery
from deploy.embedded.nats import Nats
from deploy.embedded.outside import OutsidePostgres
from deploy.embedded.parts import Part, Program, mail_catcher
from deploy.embedded.postgres import Postgres
from deploy.embedded.processes import Child, NotReadyError
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import ROOT, port, read_json, write_json
from deploy.embedded.supervisor import Supervisor

DOOR = 8000
METRICS = "gateway-metrics"
DEMO = "deploy.embedded.demo"
DEMO_FILE = Path("deploy") / "embedded" / "demo.py"
# What is imported once for all parts; the mail catcher itself is run, not imported.
SHARED = [*(f"services.{name}.app" for name in SERVICES), "aiosmtpd.smtp", "deploy.embedded.mailbox"]
# Imported by all or most of them a moment later, when they begin to work.
SHARED += ["uvloop.loop", "concurrent.futures.thread", "jinja2.ext", "encodings.idna"]


class Stack:
    """One copy of the system over one state folder. `code` is the checkout whose services run."""

    def __init__(self, state: Path, *, code: Path = ROOT) -> None:
        self.state = state
        self.code = code
        self.secrets = load_secrets(state)
        outside = os.environ.get("DIGIAULA_EMBEDDED_DATABASE_URL")
        self.postgres = OutsidePostgres(outside) if outside else Postgres(state)
        self.nats = Nats(state)
        self._nursery = Nursery(state, code=code, modules=SHARED if code == ROOT else [])
        self.mail = mail_catcher(state, self._nursery if code == ROOT else None)
        self.services = [self._service(name) for name in SERVICES]
        self.supervisor = Supervisor(changed=self.write_state, say=say)

    async def up(self) -> None:
        """Start everything; when this returns, the door is open and state.json says where."""
        began = monotonic()
        self._nursery.open()
        try:
            await self.supervisor.start(self.postgres, self.nats)
            await prepare_database(self.postgres, self.secrets)
            say(f"PostgreSQL and NATS run ({monotonic() - began:.1f} s)")
            await self._run("migrate", "services.runtime.migrate", self._migrator())
            for name in SERVICES:
                self._free_port(name)  # all of them before any: each is told the door's address
            self._free_port(METRICS)
            await self._nursery.ready()
            await self.supervisor.start(self.mail, *self.services)
        finally:
            await self._nursery.close()
        await self._load_demo()
        self.write_state()
        say(f"everything is ready ({monotonic() - began:.1f} s)")

    async def down(self) -> None:
        """Services first, while what they lean on is still there."""
        services: list[Part] = [*self.services]
        ground: list[Part] = [self.nats, self.mail]
        await self.supervisor.stop(services, ground, [self.postgres])
        self.state_file.unlink(missing_ok=True)

    async def kill(self) -> None:
        await self.supervisor.kill()
        self.state_file.unlink(missing_ok=True)

    @property
    def state_file(self) -> Path:
        return self.state / "state.json"

    def find_running(self) -> None:
        """Take the addresses of the copy that runs over this state folder, started by another."""
        self.nats.port = self._port("nats")
        if isinstance(self.postgres, Postgres):
            self.postgres.port = self._port("postgres")

    def addresses(self) -> Addresses:
        return Addresses(
            postgres=self.postgres.address(DATABASE),
            nats=self.nats.port,
            smtp=self._port("smtp"),
            mail=self._port("mail"),
            http={name: self._port(name) for name in SERVICES},
            metrics=self._port(METRICS),
        )

    def service_environment(self, name: str) -> dict[str, str]:
        return environment.service_environment(
            name, at=self.addresses(), secrets=self.secrets, caller=os.environ
        )

    def write_state(self) -> None:
        """Say where everything is, for people's scripts and for tests."""
        at, pids = self.addresses(), self.supervisor.pids
        write_json(
            self.state_file,
            {
                "gateway": at.gateway,
                "mail": f"http://127.0.0.1:{at.mail}",
                "nats": nats_url("gateway", at=at, secrets=self.secrets),
                "database": self.postgres.superuser_dsn(DATABASE),
                "services": {
                    name: {
                        "pid": pids[name],
                        "health": health(at.http[name]),
                        "metrics": metrics(at.metrics if name == "gateway" else at.http[name]),
                    }
                    for name in SERVICES
                },
                "people": read_json(self.state / "people.json") or [],
                "parts": {name: {"pid": pids[name]} for name in ("postgres", "nats", "mail")},
                "supervisor": os.getpid(),
            },
        )

    def _service(self, name: str) -> Program:
        return Program(
            name,
            state=self.state,
            command=lambda: [f"services.{name}"],
            health=lambda: health(self._free_port(name)),
            environment=partial(self.service_environment, name),
            code=self.code,
            nursery=self._nursery,
        )

    def _port(self, name: str) -> int:
        kept: Mapping[str, int] = read_json(self.state / "ports.json") or {}
        return kept.get(name) or self._free_port(name)

    def _free_port(self, name: str) -> int:
        return port(self.state, name, wanted=DOOR if name == "gateway" else None)

    def _migrator(self) -> dict[str, str]:
        url = database_url("migrator", at=self.addresses(), secrets=self.secrets)
        return {"DIGIAULA_MIGRATOR_DATABASE_URL": url}

    async def _load_demo(self) -> None:
        """Once per state folder: what people changed afterwards is theirs."""
        done = self.state / "demo-loaded"
        if done.exists() or not (self.code / DEMO_FILE).exists():
            return
        at = self.addresses()
        await self._run(
            "demo",
            DEMO,
            {
                "DIGIAULA_NATS_URL": nats_url("gateway", at=at, secrets=self.secrets),
                "DIGIAULA_STATE": str(self.state),
                "DIGIAULA_PUBLIC_URL": at.gateway,
                "DIGIAULA_TIME_ZONE": os.environ.get("DIGIAULA_TIME_ZONE", "Europe/Helsinki"),
            },
        )
        done.touch()

    async def _run(self, name: str, module: str, settings: dict[str, str]) -> None:
        """Run a module to its end; a failure ends the start."""
        child = Child(
            name,
            [sys.executable, "-u", "-m", module],
            env=environment.plain_environment(os.environ) | settings,
            log=self.state / "log" / f"{name}.log",
            cwd=self.code,
        )
        try:
            async with asyncio.timeout(120):
                code: int | None = await child.wait()
        except TimeoutError:
            code = None
        finally:
            await child.kill()
        if code != 0:
            raise NotReadyError(f"{name} failed ({code}):\n{child.last_lines()}")


def health(number: int) -> str:
    return f"http://127.0.0.1:{number}/health/ready"


def metrics(number: int) -> str:
    return f"http://127.0.0.1:{number}/metrics"


def say(text: str) -> None:
    for line in text.splitlines():
        print(f"digiaula  | {line}", flush=True)
