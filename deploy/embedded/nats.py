"""A private NATS server with JetStream, launched from the binary in its wheel."""

import os
import shutil
import signal
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from deploy.embedded.environment import plain_environment
from deploy.embedded.processes import Child
from deploy.embedded.ready import answers, listens
from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import ROOT, port

CONFIGURATION = ROOT / "deploy" / "nats" / "server.conf"
# Garbage is collected when it is half of what is needed, not as much as that: docs/performance.md.
ENVIRONMENT = {"GOGC": "50"}


class Nats:
    """One server with its streams under `state`, configured as everywhere else."""

    def __init__(
        self,
        state: Path,
        *,
        configuration: Path = CONFIGURATION,
        name: str = "nats",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """One of several over the same state folder has a name, and `settings` for its configuration."""
        self.state = state
        self.name = name
        self.port = 0
        self._configuration = configuration
        self._settings = settings or {}
        self._passwords = load_secrets(state).nats
        self._child: Child | None = None

    @property
    def store(self) -> Path:
        return self.state / self.name

    @property
    def pid(self) -> int:
        return self._running.pid

    async def start(self, *, within: float = 30) -> Self:
        """Start and wait until clients are let in, which is after all streams that can be have been
        recovered. Those that cannot be, whoever owns them makes anew.
        """
        self.port = port(self.state, self.name)
        monitoring = port(self.state, f"{self.name}-http")
        store = self.store
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        passwords = {f"NATS_{user.upper()}_PASSWORD": secret for user, secret in self._passwords.items()}
        self._child = Child(
            self.name,
            [binary(), "-c", str(self._configuration)],
            # The server reads values as configuration text: quoted, they are strings.
            env=plain_environment(os.environ)
            | ENVIRONMENT
            | passwords
            | dict(self._settings)
            | {
                "NATS_LISTEN": f'"127.0.0.1:{self.port}"',
                "NATS_HTTP": f'"127.0.0.1:{monitoring}"',
                "NATS_STORE_DIR": f'"{store}"',
            },
            log=self.state / "log" / f"{self.name}.log",
        )
        healthy = f"http://127.0.0.1:{monitoring}/healthz?js-server-only=true"
        await self._child.until(partial(answers, healthy), within=within)
        await self._child.until(partial(listens, self.port), within=within)
        return self

    async def stop(self) -> None:
        if self._child:
            await self._child.stop(grace=10)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._running.kill()

    async def wait(self) -> int:
        return await self._running.wait()

    def freeze(self) -> None:
        """Leave its connections open and unanswered, as a hung machine would.

        Back only when it has really stopped: the signal takes a moment.
        """
        self._running.send(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        self._running.send(signal.SIGCONT)

    def wipe(self) -> None:
        """Take every stream from a server, the worst that can happen to it: from one that runs at one
        moment, so that nothing it writes meanwhile is left.
        """
        lost = self.store.with_name(f"{self.name}-lost")
        shutil.rmtree(lost, ignore_errors=True)
        with suppress(FileNotFoundError):
            self.store.rename(lost)
        shutil.rmtree(lost, ignore_errors=True)

    def url(self, user: str) -> str:
        return f"nats://{user}:{self._passwords[user]}@127.0.0.1:{self.port}"

    @property
    def _running(self) -> Child:
        assert self._child, "not started"
        return self._child


def binary() -> str:
    """The server of this environment, whatever else the machine has."""
    return str(Path(sysconfig.get_path("scripts")) / "nats-server")
