"""A PostgreSQL server that follows another by streaming replication, and can take over from it."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg

from deploy.embedded.environment import plain_environment
from deploy.embedded.installation import Installation, settle
from deploy.embedded.postgres import Postgres
from deploy.embedded.processes import GUARD
from deploy.embedded.provision import DATABASE
from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import ROOT

REPLICATION = ROOT / "deploy" / "scaled" / "postgres" / "replication.sh"
FOLLOWING = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"


class Standby(Postgres):
    """Its data is a copy of the other's, so it knows the same roles and passwords."""

    name = "standby"

    def __init__(self, state: Path, *, of: Postgres, follows_as: tuple[str, str]) -> None:
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o711)
        shutil.copy(of.state / "secrets.json", state / "secrets.json")
        super().__init__(state, durable=False)
        self._of = of
        self._role, self._word = follows_as

    async def take_over(self) -> None:
        server = await asyncpg.connect(self.superuser_dsn())
        try:
            assert await server.fetchval("SELECT pg_promote()")
        finally:
            await server.close()

    def _settle(self) -> Installation:
        place = settle(self.state)
        data = place.base / "data"
        if not data.exists():
            guard = [sys.executable, "-I", "-S", str(GUARD)]
            if place.user:
                guard += ["--user", f"{place.user.uid}:{place.user.gid}"]
            source = f"host=127.0.0.1 port={self._of.port} user={self._role} application_name={self.name}"
            command = [str(place.bin / "pg_basebackup"), "-D", str(data), "-R", "--checkpoint=fast"]
            subprocess.run(
                [*guard, "--", *command, "--no-sync", "-d", source],
                env=plain_environment(os.environ) | {"PGPASSWORD": self._word},
                cwd="/",
                check=True,
                capture_output=True,
            )
        return place


def let_follow(primary: Postgres, folder: Path) -> tuple[str, str]:
    """Make the role with which standbys follow, by the script that operators run, twice as they may."""
    folder.mkdir()
    role, word = "replicator", "p-of-the-replicator"
    (folder / "postgres_password").write_text(load_secrets(primary.state).superuser, encoding="utf-8")
    (folder / "postgres_replicator_password").write_text(word, encoding="utf-8")
    told = {
        "SECRETS_DIR": str(folder),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(primary.port),
        "PGDATA": str(primary.data),
        "POSTGRES_DB": DATABASE,
        "PATH": f"{settle(primary.state).bin}:{os.environ['PATH']}",
    }
    for _ in range(2):
        subprocess.run(["/bin/sh", REPLICATION], env=told, check=True, capture_output=True)
    allowed = (primary.data / "pg_hba.conf").read_text(encoding="utf-8").splitlines()
    assert allowed.count(f"host replication {role} all scram-sha-256") == 1
    return role, word


async def follow_synchronously(primary: Postgres) -> None:
    """From now on a commit is answered when the standby has it too."""
    server = await asyncpg.connect(primary.superuser_dsn())
    try:
        while not await server.fetchval(FOLLOWING):
            await asyncio.sleep(0.05)
        await server.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        await server.execute("SELECT pg_reload_conf()")
    finally:
        await server.close()
