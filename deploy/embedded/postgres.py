"""A private PostgreSQL 18, launched from the binaries in its wheel."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Literal, Self
from urllib.parse import quote

from deploy.embedded.environment import plain_environment
from deploy.embedded.installation import Installation, leave_refuge, settle
from deploy.embedded.processes import GUARD, Child, NotReadyError
from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import port

SUPERUSER = "postgres"
READY_LINE = 8
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # What does not fit, the system's own cache holds: docs/performance.md.
    "shared_buffers": "16MB",
    "io_method": "sync",
    "jit": "off",
    "max_logical_replication_workers": "0",
    "max_pred_locks_per_transaction": "10",  # no transaction here is serializable
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Values people typed stay out of the log.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
}
# The threshold malloc begins with, which it keeps to once told so. Left alone it raises it, and each
# session holds more of what it has freed: docs/performance.md.
ENVIRONMENT = {"LC_ALL": "C", "MALLOC_TRIM_THRESHOLD_": "131072"}
# For tests alone: a crash of the machine would lose data. A crash of PostgreSQL still does not, which
# tests rely on, so commits keep being written; without fsync that costs next to nothing.
CARELESS = {"fsync": "off", "full_page_writes": "off"}
StopMode = Literal["fast", "immediate", "smart"]
SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "smart": signal.SIGTERM}


class Postgres:
    """One server with its data under `state`. Start it, use its addresses, stop it."""

    name = "postgres"

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self.state = state
        self.port = 0
        self._settings = SETTINGS | ({} if durable else CARELESS)
        self._password = load_secrets(state).superuser
        self._child: Child | None = None

    @property
    def data(self) -> Path:
        """The data folder, which may lie outside the state folder."""
        return settle(self.state).base / "data"

    @property
    def pid(self) -> int:
        return self._running.pid

    async def start(self, *, within: float = 30) -> Self:
        """Start and wait until it answers. After a crash that includes its recovery."""
        place = await asyncio.to_thread(self._settle)
        deadline = monotonic() + within
        while True:
            forget_reused_pid(place.base / "data" / "postmaster.pid")
            self.port = port(self.state, self.name)
            child = self._child = self._launch(place)
            ready = partial(says_ready, place.base / "data" / "postmaster.pid", child.pid)
            try:
                await child.until(ready, within=deadline - monotonic())
            except NotReadyError as error:
                await self.stop("immediate")
                if "pre-existing shared memory" not in str(error) or monotonic() > deadline:
                    raise
                # Its last life was killed a moment ago and is still letting go.
                await asyncio.sleep(0.05)
            else:
                return self

    async def stop(self, mode: StopMode = "fast") -> None:
        """`fast` closes every connection and stops cleanly; `immediate` leaves it to recovery."""
        if self._child:
            await self._child.stop(SIGNALS[mode], grace=10)

    async def restart(self, mode: StopMode = "fast") -> None:
        await self.stop(mode)
        await self.start()

    async def kill(self) -> None:
        """End it as a crash would, with everything unfinished left unfinished."""
        await self._running.kill()

    async def wait(self) -> int:
        return await self._running.wait()

    def remove(self) -> None:
        """Delete the data of a stopped server, also what lies outside the state folder."""
        shutil.rmtree(self.state / "postgres", ignore_errors=True)
        leave_refuge(self.state)

    def address(self, database: str) -> str:
        """Where it is, without who is asking."""
        return f"127.0.0.1:{self.port}/{database}"

    def dsn(self, user: str, password: str, database: str) -> str:
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{self.address(database)}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        return self.dsn(SUPERUSER, self._password, database)

    @property
    def _running(self) -> Child:
        assert self._child, "not started"
        return self._child

    def _settle(self) -> Installation:
        place = settle(self.state)
        if not (place.base / "data").exists():
            initialise(place, self._password)
        return place

    def _launch(self, place: Installation) -> Child:
        settings = self._settings | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Child(
            self.name,
            [str(place.bin / "postgres"), "-D", str(place.base / "data"), *options],
            env=plain_environment(os.environ) | ENVIRONMENT,
            log=self.state / "log" / "postgres.log",
            user=place.user,
            # Killed outright it would leave the processes it started to notice by themselves.
            last_signal=signal.SIGQUIT,
        )


def says_ready(path: Path, pid: int) -> bool:
    """Whether the server of this pid has written that it takes connections, as a standby perhaps."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    written = len(lines) >= READY_LINE and lines[0] == str(pid)
    return written and lines[READY_LINE - 1].strip() in ("ready", "standby")


def forget_reused_pid(path: Path) -> None:
    """Drop the file of a crashed server whose number another program has by now.

    PostgreSQL would take that program for a running server and refuse to start.
    """
    with suppress(OSError, IndexError):
        pid = path.read_text(encoding="utf-8").splitlines()[0].strip()
        if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() != "postgres":
            path.unlink()


def initialise(place: Installation, password: str) -> None:
    """Make the data folder under another name first, so that a broken-off attempt leaves none."""
    draft = place.base / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    secret = place.base / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    guard = [sys.executable, "-I", "-S", str(GUARD)]
    if place.user:
        os.chown(secret, place.user.uid, place.user.gid)
        guard += ["--user", f"{place.user.uid}:{place.user.gid}"]
    command = [str(place.bin / "initdb"), "-D", str(draft), f"--username={SUPERUSER}"]
    command += [f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    try:
        done = subprocess.run(
            [*guard, "--", *command],
            env=plain_environment(os.environ) | {"LC_ALL": "C"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        secret.unlink()
    if done.returncode != 0:
        raise NotReadyError(f"initdb failed:\n{done.stdout}{done.stderr}")
    draft.rename(place.base / "data")
