"""The child process everything here is made of: never orphaned, always waited for."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Protocol

GUARD = Path(__file__).with_name("guard.py")
KEPT_LOG_BYTES = 10_000_000


class NotReadyError(Exception):
    """A part did not come up; the message says which, and what it said last."""


@dataclass(frozen=True)
class User:
    uid: int
    gid: int


class Process(Protocol):
    """What we need of a process: the words of subprocess.Popen."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...


class Child:
    """One process in a session of its own, so that Ctrl-C reaches only us and we decide the order.

    Start it from a thread that lives as long as the program, the main one: the kernel counts the
    end of the starting thread as the end of the parent.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path | str = "/",
        user: User | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
        on_line: Callable[[str], None] | None = None,
        pass_fds: Sequence[int] = (),
        process: Process | None = None,
    ) -> None:
        """`process` is one that runs this command already, and says what it says over its `stdout`."""
        self.name = name
        self.log = log
        self._buried = False
        rotate(log)
        if process is None:
            guarded = [sys.executable, "-I", "-S", str(GUARD)]
            guarded += ["--signal", str(int(last_signal)), "--parent", str(os.getpid())]
            guarded += ["--user", f"{user.uid}:{user.gid}"] if user else []
            with log.open("ab") as sink:
                process = subprocess.Popen(
                    [*guarded, "--", *command],
                    env=dict(env),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if on_line else sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=pass_fds,
                )
        self._process: Process = process
        self._reader: threading.Thread | None = None
        if on_line:
            self._reader = threading.Thread(target=self._pump, args=(on_line,), daemon=True)
            self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send it, unless the process is gone already."""
        self._process.send_signal(number)

    async def wait(self) -> int:
        """The exit code, once there is one; noticed at once where the kernel can tell."""
        if self.running and hasattr(os, "pidfd_open"):
            await _readable(os.pidfd_open(self.pid))
        while self.running:
            await asyncio.sleep(0.02)
        return self._process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, grace: float = 20) -> None:
        """Ask, wait for `grace` seconds, then insist; nothing of its session is left behind."""
        self.send(number)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it and what it started, once: later the number may be somebody else's."""
        if not self._buried:
            self._buried = True
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        await self.wait()

    def last_lines(self, count: int = 15) -> str:
        """What it wrote last, unless it was shown already: for people who ask why it ended."""
        if self._reader:
            self._reader.join(1)
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    async def until(self, ready: Callable[[], bool | Awaitable[bool]], *, within: float) -> None:
        """Wait for `ready`, or raise NotReadyError when the process ends or time is up first."""
        deadline = monotonic() + within
        while not (await answer if inspect.isawaitable(answer := ready()) else answer):
            if not self.running:
                raise NotReadyError(f"{self.name} ended at once\n{self.last_lines()}".strip())
            if monotonic() > deadline:
                raise NotReadyError(f"{self.name} was not ready in {within:g} s:\n{self.last_lines()}")
            await asyncio.sleep(0.01)

    def _pump(self, on_line: Callable[[str], None]) -> None:
        """Copy what it says to its log and to `on_line`, for as long as it says anything."""
        assert self._process.stdout is not None
        with self.log.open("ab", buffering=0) as sink, self._process.stdout as source:
            for line in source:
                sink.write(line)
                on_line(line.decode(errors="replace").rstrip())


def rotate(log: Path) -> None:
    """Keep one old log, so that a machine left running does not fill its disk."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > KEPT_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
