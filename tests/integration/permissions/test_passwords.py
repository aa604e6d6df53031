"""The script that sets up roles in a container, on a real server with the real client."""

import asyncio
import os
import subprocess
from pathlib import Path

import asyncpg

from deploy.embedded.installation import settle
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from deploy.embedded.secrets import load_secrets
from deploy.embedded.state import ROOT


async def test_the_container_script_sets_roles_and_passwords_as_often_as_one_likes(
    postgres: Postgres, tmp_path: Path
) -> None:
    known = load_secrets(postgres.state)
    (tmp_path / "postgres_password").write_text(known.superuser, encoding="utf-8")
    for role, password in known.roles.items():
        (tmp_path / f"postgres_{role}_password").write_text(password, encoding="utf-8")
    env = {
        "PATH": f"{settle(postgres.state).bin}:{os.environ['PATH']}",
        "SECRETS_DIR": str(tmp_path),
        "ROLES_SQL": str(ROOT / "deploy" / "postgres" / "roles.sql"),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
    }

    for _ in range(2):
        script = ROOT / "deploy" / "postgres" / "init.sh"
        done = await asyncio.to_thread(
            subprocess.run, [script], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    for role, password in known.roles.items():
        connection = await asyncpg.connect(postgres.dsn(role, password, DATABASE))
        assert await connection.fetchval("SELECT current_user") == role
        await connection.close()
