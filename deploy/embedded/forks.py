"""Parts that begin as forks of one process, and so share the memory of what they import.

At the start alone, and on Linux alone: a part that is started again is a process of its own, as everywhere
(decision 30).
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from deploy.embedded.environment import plain_environment
from deploy.embedded.processes import Child

NURSERY = Path(__file__).with_name("nursery.py")
PR_SET_CHILD_SUBREAPER = 36
READY_SECONDS = 60
BORN_SECONDS = 5


class Forked:
    """A process that somebody else forked, and that the kernel has given to us."""

    def __init__(self, pid: int, stdout: IO[bytes]) -> None:
        self.pid = pid
        self.stdout = stdout
        self._code: int | None = None

    def poll(self) -> int | None:
        self._collect(os.WNOHANG)
        return self._code

    def wait(self) -> int:
        self._collect(0)
        assert self._code is not None
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _collect(self, how: int) -> None:
        if self._code is None:
            ended, status = os.waitpid(self.pid, how)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)


class Nursery:
    """Open while the system starts. Closed, broken or elsewhere than on Linux, it bears nobody."""

    def __init__(self, state: Path, *, code: Path, modules: Sequence[str]) -> None:
        self.log = state / "log" / "nursery.log"
        self._code = code
        self._modules = modules
        self._line: socket.socket | None = None
        self.child: Child | None = None

    def open(self) -> None:
        """Begin to import, while other things start."""
        if not adopt_orphans(True):
            return
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours = (str(theirs.fileno()), str(os.getpid()))
            self.child = Child(
                "nursery",
                [sys.executable, "-P", "-u", str(NURSERY), *ours, *self._modules],
                env=plain_environment(os.environ),
                log=self.log,
                cwd=self._code,
                pass_fds=[theirs.fileno()],
            )

    async def ready(self) -> None:
        """Wait until it can bear, or is known to be of no use."""
        if self._line is None:
            return
        self._line.setblocking(False)
        said = b""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                said = await asyncio.get_running_loop().sock_recv(self._line, 16)
        self._line.settimeout(BORN_SECONDS)
        if not said:
            self._hang_up()

    def bear(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Forked | None:
        """A module with its arguments as a child of ours, or None: then it must be started by itself."""
        if self._line is None:
            return None
        wish = {"name": name, "command": list(command), "environment": dict(environment)}
        source, sink = os.pipe()
        pid = b""
        with suppress(OSError):
            socket.send_fds(self._line, [json.dumps(wish).encode()], [sink])
            pid = self._line.recv(16)
        os.close(sink)
        if pid:
            return Forked(int(pid), os.fdopen(source, "rb"))
        os.close(source)
        self._hang_up()
        return None

    async def close(self) -> None:
        self._hang_up()
        if self.child:
            await self.child.stop(signal.SIGKILL)
            adopt_orphans(False)

    def _hang_up(self) -> None:
        if self._line:
            self._line.close()
            self._line = None


def adopt_orphans(wanted: bool) -> bool:
    """Whether the kernel will give us, and not process 1, what our children leave behind."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0)
