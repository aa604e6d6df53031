"""Make the hash-locked requirements, or say that they are older than pyproject.toml.

`python requirements/lock.py` renews them and keeps the versions that still fit, `--upgrade` takes
the newest, `--check` only compares. Renewing needs uv; checking and installing do not.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYPROJECT = HERE.parent / "pyproject.toml"
# The widest first: the others take its versions, so that what is tested is what runs.
LOCKS = {
    "test": ("embedded", "test", "traces"),
    "embedded": ("embedded",),
    "traces": ("traces",),
    "run": (),
}
# Nothing of ours runs with these: they share no versions with the others.
APART = ("peer",)


def wanted(lock: str) -> str:
    """A digest of what pyproject.toml asks for; formatting and comments do not count."""
    told = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    asked = _asked_apart(told, lock) if lock in APART else _asked(told["project"])
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _asked(project: dict[str, Any]) -> dict[str, Any]:
    asked = {key: project[key] for key in ("requires-python", "dependencies")}
    extras = {name: sorted(each) for name, each in project["optional-dependencies"].items()}
    return asked | {"dependencies": sorted(project["dependencies"]), "extras": extras}


def _asked_apart(told: dict[str, Any], lock: str) -> dict[str, Any]:
    python = told["project"]["requires-python"]
    return {"requires-python": python, lock: sorted(told["dependency-groups"][lock])}


def heading(lock: str) -> str:
    return f"# Locked from pyproject.toml {wanted(lock)}; renew with `make lock`.\n"


def stale() -> list[str]:
    """The names of the locks that were made from another pyproject.toml."""
    locks = (HERE / f"{name}.txt" for name in (*LOCKS, *APART))
    return [
        lock.name
        for lock in locks
        if not lock.exists() or not lock.read_text(encoding="utf-8").startswith(heading(lock.stem))
    ]


def renew(*options: str) -> None:
    for name, extras in LOCKS.items():
        asked = [word for extra in extras for word in ("--extra", extra)]
        asked += [] if name == "test" else ["--constraint", "requirements/test.txt"]
        _renew(name, *asked, "pyproject.toml", *options)
    for name in APART:
        _renew(name, "--group", name, *options)


def _renew(name: str, *asked: str) -> None:
    lock = HERE / f"{name}.txt"
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", *asked, "--output-file", str(lock)]
    quiet = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run(command, check=True, cwd=HERE.parent, env=quiet, stdout=subprocess.DEVNULL)
    lock.write_text(heading(name) + lock.read_text(encoding="utf-8"), encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments != ["--check"]:
        renew(*arguments)
        return 0
    if old := stale():
        print(f"older than pyproject.toml: {', '.join(old)}; run `make lock`", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
