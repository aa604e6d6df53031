"""The embedded form over a state folder of the test's own, with services that only say they are ready."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from deploy.embedded.environment import SERVICES
from deploy.embedded.installation import leave_refuge
from deploy.embedded.state import ROOT, read_json
from tests.support.eventually import eventually

STAND_IN = """
import http.server, json, os

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

    def log_message(self, *_):
        pass

at = (os.environ["DIGIAULA_HTTP_HOST"], int(os.environ["DIGIAULA_HTTP_PORT"]))
http.server.ThreadingHTTPServer(at, Answer).serve_forever()
"""


class Copy:
    """One running copy of the system."""

    def __init__(self, state: Path, code: Path) -> None:
        self.state = state
        self.code = code
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DIGIAULA_")},
            "DIGIAULA_STATE": str(state),
            "DIGIAULA_EMBEDDED_CODE": str(code),
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Popen[bytes]]:
        """The supervisor, once everything is ready; killed outright at the end if it still runs."""
        supervisor = self.start()
        try:
            await eventually(lambda: self._is_ready(supervisor), within=120)
            yield supervisor
        finally:
            supervisor.kill()
            supervisor.wait()

    def start(self, **options: Any) -> Popen[bytes]:
        command = [sys.executable, "-m", "deploy.embedded"]
        with (self.state.parent / "said").open("ab") as said:
            return Popen(command, cwd=ROOT, env=self.environment, **{"stdout": said, **options})

    def _is_ready(self, supervisor: Popen[bytes]) -> bool:
        ended = supervisor.poll()
        if ended is not None:
            said = (self.state.parent / "said").read_text()
            raise RuntimeError(f"the supervisor ended with {ended}:\n{said}")
        known = self.known()
        return bool(known and known["supervisor"] == supervisor.pid)

    def known(self) -> Any:
        return read_json(self.state / "state.json")


async def stop(supervisor: Popen[bytes], number: signal.Signals = signal.SIGINT) -> int:
    supervisor.send_signal(number)
    return await asyncio.wait_for(asyncio.to_thread(supervisor.wait), 60)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    folder.mkdir()
    yield folder
    leave_refuge(folder)


@pytest.fixture
def a_copy(state: Path, tmp_path: Path) -> Copy:
    services = tmp_path / "code" / "services"
    (services / "runtime").mkdir(parents=True)
    for name in SERVICES:
        (services / f"{name}.py").write_text(STAND_IN)
    (services / "runtime" / "migrate.py").write_text(
        "import os; os.environ['DIGIAULA_MIGRATOR_DATABASE_URL']"
    )
    return Copy(state, tmp_path / "code")
