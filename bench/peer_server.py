"""django-appointment in an environment of its own, run by gunicorn, with a database beside ours."""

import os
import secrets
import shutil
import subprocess
import venv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from bench.stage import folder
from deploy.embedded.environment import plain_environment
from deploy.embedded.processes import Child
from deploy.embedded.ready import answers
from deploy.embedded.state import ROOT, port
from tests.support.stack import Stack

PLACE = ROOT / "build" / "peer"
LOCK = ROOT / "requirements" / "peer.txt"
SITE = Path(__file__).with_name("peer_site")
DATABASE = "peer"
WORKERS, THREADS = 2, 4
STAFF = 60

ADD_SERVICE = """
    INSERT INTO appointment_service (name, duration, price, down_payment, currency, reschedule_limit,
                                     allow_rescheduling, use_service_duration_as_slot,
                                     created_at, updated_at)
    VALUES ('Digineuvonta', interval '30 minutes', 0, 0, 'EUR', 0, false, true, now(), now()) RETURNING id
"""
ADD_STAFF = """
    WITH people AS (
        INSERT INTO auth_user (username, email, first_name, last_name, password, is_superuser, is_staff,
                               is_active, date_joined)
        SELECT 'neuvoja' || n, 'neuvoja' || n || '@digiaula.example', 'Neuvoja', n, '!', false, true,
               true, now()
        FROM generate_series(1, $2::integer) n RETURNING id
    ), staff AS (
        INSERT INTO appointment_staffmember (user_id, work_on_saturday, work_on_sunday, created_at,
                                             updated_at)
        SELECT id, true, true, now(), now() FROM people RETURNING id
    ), hours AS (
        INSERT INTO appointment_workinghours (staff_member_id, day_of_week, start_time, end_time,
                                              created_at, updated_at)
        SELECT id, day, '09:00', '18:00', now(), now() FROM staff, generate_series(0, 6) day
    )
    INSERT INTO appointment_staffmember_services_offered (staffmember_id, service_id)
    SELECT id, $1 FROM staff RETURNING staffmember_id AS id
"""


class NotInstalledError(Exception):
    """Why there is no peer to measure."""


class Peer:
    """A running copy. Only what stands in its database counts."""

    def __init__(self, address: str, database: str) -> None:
        self.address = address
        self._database = database
        self.service = 0
        self.staff: list[int] = []

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self._database)
        try:
            rows: list[Any] = await connection.fetch(statement, *args)
            return rows
        finally:
            await connection.close()

    async def open(self) -> None:
        """A service, and those who give it all week."""
        (service,) = await self.sql(ADD_SERVICE)
        self.service = service["id"]
        self.staff = [row["id"] for row in await self.sql(ADD_STAFF, self.service, STAFF)]


def install() -> Path:
    """Its python. What is there stays until other versions are asked for."""
    python, done = PLACE / "bin" / "python", PLACE / "installed.txt"
    if not done.exists() or done.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(PLACE, ignore_errors=True)
        venv.create(PLACE, with_pip=True, symlinks=True)
        _fill(python)
        shutil.copy(LOCK, done)
    return python


def _fill(python: Path) -> None:
    """By uv where it is there and can reach its index, by pip otherwise."""
    wanted = ["install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    by_uv = ["uv", "pip", *wanted, "--python", str(python)]
    if shutil.which("uv") and subprocess.run(by_uv, check=False, capture_output=True).returncode == 0:
        return
    by_pip = [str(python), "-m", "pip", *wanted, "--disable-pip-version-check"]
    done = subprocess.run(by_pip, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotInstalledError(f"django-appointment could not be installed: {_reason(done.stderr)}")


@asynccontextmanager
async def serving(stack: Stack, python: Path) -> AsyncIterator[Peer]:
    """Over the same PostgreSQL as ours, which keeps its commits as it keeps ours."""
    await stack.sql(f"CREATE DATABASE {DATABASE}")
    database = urlunsplit(urlsplit(stack.state["database"])._replace(path=f"/{DATABASE}"))
    environment = _environment(database)
    for words in (["makemigrations", "appointment"], ["migrate"]):
        _django(python, words, environment)
    with folder() as place:
        number = port(place, DATABASE)
        peer = Peer(f"http://127.0.0.1:{number}", database)
        await peer.open()
        command = [str(python), "-m", "gunicorn", "--workers", str(WORKERS), "--threads", str(THREADS)]
        command += ["--bind", f"127.0.0.1:{number}", "--no-control-socket"]
        command += ["django.core.wsgi:get_wsgi_application()"]
        child = Child("peer", command, env=environment, log=place / "peer.log", cwd=SITE)
        try:
            page = f"{peer.address}/appointment/request/{peer.service}/"
            await child.until(partial(answers, page), within=30)
            yield peer
        finally:
            await child.stop(grace=5)


def _environment(database: str) -> Mapping[str, str]:
    """The host of the library's own example says to it that there is no mail to send, and it words none."""
    where = urlsplit(database)
    return plain_environment(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "settings",
        "PEER_SECRET_KEY": secrets.token_hex(32),
        "EMAIL_HOST": "smtp.example.com",
        "PGHOST": where.hostname or "",
        "PGPORT": str(where.port),
        "PGUSER": where.username or "",
        "PGPASSWORD": unquote(where.password or ""),
        "PGDATABASE": DATABASE,
    }


def _django(python: Path, words: list[str], environment: Mapping[str, str]) -> None:
    """The library brings no migrations; its documentation has them made where it is installed."""
    command = [str(python), "-m", "django", *words]
    done = subprocess.run(command, cwd=SITE, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotInstalledError(f"{' '.join(words)}: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    """What pip calls an error, or the end of a traceback."""
    lines = said.strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if line.startswith("ERROR")), lines[-1])
