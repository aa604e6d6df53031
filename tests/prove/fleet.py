"""The whole system as processes, in as many copies of each service as a proof wants to end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from deploy.embedded import environment
from deploy.embedded.environment import SERVICES, Addresses
from deploy.embedded.nats import Nats
from deploy.embedded.parts import Part, Program, mail_catcher
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.ready import answers
from deploy.embedded.secrets import load_secrets
from deploy.embedded.stack import health
from deploy.embedded.state import port, read_json
from deploy.embedded.supervisor import Supervisor
from services.runtime.migrate import migrate
from tests.prove.proof import IN_THE_END, Run
from tests.support.cable import Cable
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import House
from tests.support.nats_cluster import SERVERS, NatsCluster
from tests.support.processes import is_alive
from tests.support.system import System

ONE_OF_EACH = dict.fromkeys(SERVICES, 1)
NOTHING: Mapping[str, str] = {}
UNSPREAD = " UNION ALL ".join(
    f"SELECT id FROM {name}.outbox WHERE published_at IS NULL"  # noqa: S608 - our own names
    for name in SERVICES
)


class Fleet:
    """What ends is started again by a supervisor, as systemd or Docker would: harm is a signal.

    `modules` replaces what runs as a service. Every copy reaches NATS through a cable of its own, unless
    there are three servers of it, or a proof that measures wants no `cables`: this process carries them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        copies: Mapping[str, int] = ONE_OF_EACH,
        settings: Mapping[str, str] = NOTHING,
        modules: Mapping[str, str] = NOTHING,
        smtp: str | None = None,
        clustered: bool = False,
        cables: bool = True,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        self.secrets = load_secrets(folder)
        self.postgres = Postgres(folder)
        self.nats = NatsCluster(folder) if clustered else Nats(folder)
        self.message_servers = (
            list(self.nats.servers.values()) if isinstance(self.nats, NatsCluster) else [self.nats]
        )
        self.mail = mail_catcher(folder)
        self.supervisor = Supervisor(changed=lambda: None, say=self._note)
        self.said: list[str] = []
        self.cables: dict[str, Cable] = {}
        self._settings = {"DIGIAULA_LIMITS": "off"}
        self._settings |= {f"DIGIAULA_{name}": value for name, value in settings.items()}
        self._modules = modules
        self._smtp = smtp
        self._has_cables = cables and not clustered
        ground: list[Part] = [self.postgres, *self.message_servers, self.mail]
        self._parts: dict[str, Part] = {each.name: each for each in ground}
        self.names = {
            name: [f"{name}-{number + 1}" for number in range(count)] for name, count in copies.items()
        }
        self.system: System
        self.house: House

    async def up(self) -> None:
        await self.supervisor.start(self.postgres, *self.message_servers, self.mail)
        await prepare_database(self.postgres, self.secrets)
        await migrate(self.postgres.dsn("migrator", self.secrets.roles["migrator"], DATABASE))
        if self._has_cables and isinstance(self.nats, Nats):
            for name in (name for names in self.names.values() for name in names):
                self.cables[name] = Cable(self.nats.port)
                await self.cables[name].mend()
        copies = [self._copy(service, name) for service, names in self.names.items() for name in names]
        self._parts |= {copy.name: copy for copy in copies}
        await self.supervisor.start(*copies)
        self.system = System(postgres=self.postgres, database=DATABASE, nats=self.nats, clock=SetClock())
        if "booking" in self.names and "booking" not in self._modules:
            self.house = await House.build(self.system)

    async def down(self) -> None:
        if hasattr(self, "system"):
            await self.system.stop()
        await self.supervisor.kill()
        for cable in self.cables.values():
            await cable.cut()
        self.postgres.remove()

    def pid(self, name: str) -> int:
        return self._parts[name].pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Send a signal to a part by its name: `booking-2`, `nats`, `postgres`. False when it is down."""
        pid = self.pid(name)
        if is_alive(pid):
            os.kill(pid, number)
            return True
        return False

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port(name)}"

    @property
    def gateways(self) -> list[str]:
        return [self.url(name) for name in self.names.get("gateway", ["gateway-1"])]

    @property
    def host(self) -> str:
        """The one name that every copy of the gateway answers to."""
        return self.gateways[0].removeprefix("http://")

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self._port('mail')}"

    async def ready(self, name: str) -> bool:
        """Whether this copy says that it can work."""
        return await answers(f"{self.url(name)}/health/ready")

    async def all_ready(self) -> bool:
        names = [name for copies in self.names.values() for name in copies]
        return all(await asyncio.gather(*(self.ready(name) for name in names)))

    async def news_spread(self) -> bool:
        return not await self.system.sql(UNSPREAD)

    async def settled(self, *, within: float = IN_THE_END) -> None:
        """Everything runs again and all news has been spread."""
        await eventually(self.all_ready, within=within)
        await eventually(self.news_spread, within=within)

    def logs(self) -> list[str]:
        files = sorted((self.folder / "log").glob("*"))
        return [line for path in files for line in path.read_text(errors="replace").splitlines()]

    def errors(self) -> list[str]:
        """What the services called an error."""
        return [line for line in self.logs() if '"level":"error"' in line]

    def _note(self, text: str) -> None:
        self.said.append(text)

    def _port(self, name: str) -> int:
        """The port it has; asked for again only before a start, since one in use is not free."""
        kept: Mapping[str, int] = read_json(self.folder / "ports.json") or {}
        return kept.get(name) or port(self.folder, name)

    def _copy(self, service: str, name: str) -> Program:
        return Program(
            name,
            state=self.folder,
            command=lambda: self._modules.get(service, f"services.{service}").split(),
            health=lambda: health(port(self.folder, name)),
            environment=partial(self._environment, service, name),
            say=_silently,
        )

    def _nats_for(self, name: str) -> int:
        if isinstance(self.nats, NatsCluster):
            return 0
        return self.cables[name].port if name in self.cables else self.nats.port

    def _environment(self, service: str, name: str) -> dict[str, str]:
        at = Addresses(
            postgres=self.postgres.address(DATABASE),
            nats=self._nats_for(name),
            smtp=self._port("smtp"),
            mail=self._port("mail"),
            http={each: self._port(f"{each}-1") for each in SERVICES} | {service: self._port(name)},
        )
        told = environment.service_environment(
            service, at=at, secrets=self.secrets, caller={**_harmless(), **self._settings}
        )
        told["DIGIAULA_PUBLIC_URL"] = self.gateways[0]
        if isinstance(self.nats, NatsCluster):
            told["DIGIAULA_NATS_URL"] = self.nats.url(service)
            told["DIGIAULA_NATS_REPLICAS"] = str(SERVERS)
        if self._smtp and service == "notify":
            told["DIGIAULA_SMTP_URL"] = self._smtp
        return told


def _harmless() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DIGIAULA_")}


def _silently(_: str, __: str) -> None:
    """The log file has it."""


@asynccontextmanager
async def a_fleet(
    run: Run,
    *,
    copies: int = 1,
    services: Mapping[str, int] | None = None,
    modules: Mapping[str, str] | None = None,
    smtp: str | None = None,
    own: bool = False,
    clustered: bool = False,
    cables: bool = True,
    **settings: Any,
) -> AsyncIterator[Fleet]:
    """`copies` of each service unless `services` says otherwise; `settings` without their DIGIAULA_.

    Short proofs share a fleet with those that want as many copies, unless they need an `own`.
    """
    if run.short and not (own or services or modules or smtp):
        each = dict.fromkeys(SERVICES, copies)
        yield await run.ground.shared(
            f"fleet-{copies}", lambda folder: _started(Fleet(folder, copies=each))
        )
        return
    fleet = Fleet(
        run.new_folder(),
        copies=services or dict.fromkeys(SERVICES, copies),
        settings=settings,
        modules=modules or {},
        smtp=smtp,
        clustered=clustered,
        cables=cables,
    )
    try:
        async with _started(fleet):
            yield fleet
    finally:
        run.errors += fleet.errors()


@asynccontextmanager
async def _started(fleet: Fleet) -> AsyncIterator[Fleet]:
    try:
        await fleet.up()
        yield fleet
    finally:
        await fleet.down()
