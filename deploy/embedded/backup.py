"""`make backup` and `make restore`: the embedded form's use of deploy/backup.

python -m deploy.embedded.backup dump FOLDER        of the copy that runs, into a new folder below FOLDER
python -m deploy.embedded.backup restore FOLDER     onto a state folder in which nothing is yet
"""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.embedded.installation import settle
from deploy.embedded.nats import Nats
from deploy.embedded.postgres import SUPERUSER, Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets
from deploy.embedded.stack import Stack
from deploy.embedded.state import ROOT, AlreadyRunningError, only_one, state_folder

SCRIPTS = ROOT / "deploy" / "backup"
# Links already sent are worth nothing without the key that made them; and demo people are not made twice.
BESIDE = ("secrets.json", "people.json", "demo-loaded")


def run(script: str, postgres: Postgres, *arguments: Path) -> tuple[int, str]:
    """One of the scripts that containers run too, with the programs of the wheel."""
    done = subprocess.run(
        [str(SCRIPTS / script), *map(str, arguments)],
        env={
            "PATH": f"{settle(postgres.state).bin}:{os.environ.get('PATH', os.defpath)}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(postgres.port),
            "PGUSER": SUPERUSER,
            "PGDATABASE": DATABASE,
            "PGPASSWORD": load_secrets(postgres.state).superuser,
            "BACKUP_KEEP_DAYS": os.environ.get("BACKUP_KEEP_DAYS", "35"),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def dump(state: Path, into: Path) -> int:
    if not (state / "state.json").exists():
        print("nothing runs here: start it with `make run`", file=sys.stderr)
        return 1
    stack = Stack(state)
    stack.find_running()
    if not isinstance(stack.postgres, Postgres):
        print("this database is yours: back it up where it runs", file=sys.stderr)
        return 1
    code, made = run("dump", stack.postgres, into.absolute())
    if code == 0:
        _copy(state, Path(made))
        print(made)
    return code


def in_use(state: Path) -> bool:
    return (state / "secrets.json").exists()


async def restore(state: Path, backup: Path) -> int:
    """PostgreSQL alone is started for it. The message store stays empty: relays notice, and fill it."""
    if in_use(state):
        print(f"{state} is in use: restore onto an empty one (DIGIAULA_STATE=…)", file=sys.stderr)
        return 1
    _copy(backup, state)
    postgres = await Postgres(state).start()
    try:
        await prepare_database(postgres, load_secrets(state))
        code, said = await asyncio.to_thread(run, "restore", postgres, backup)
    finally:
        await postgres.stop()
    Nats(state).wipe()
    if code == 0:
        print(f"restored into {state}: {said}\nnow: make run")
    else:
        postgres.remove()
        _empty(state)
    return code


def _copy(source: Path, target: Path) -> None:
    for name in BESIDE:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


def _empty(state: Path) -> None:
    for name in BESIDE:
        (state / name).unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    state = state_folder()
    match arguments:
        case ["dump", into]:
            return dump(state, Path(into))
        case ["restore", backup] if (Path(backup) / "database.dump").exists():
            try:
                with only_one(state):
                    return asyncio.run(restore(state, Path(backup).absolute()))
            except AlreadyRunningError:
                print(f"Digiaula runs from {state}: stop it first", file=sys.stderr)
                return 1
        case _:
            print("which backup? make restore from=backups/digiaula-…", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
