"""The state folder: one per running copy, `.digiaula/` unless DIGIAULA_STATE says otherwise."""

import fcntl
import json
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Below the range from which the kernel takes ports for outgoing connections.
PORTS = range(20_000, 32_000)


class AlreadyRunningError(Exception):
    """Another process holds this state folder."""


def state_folder() -> Path:
    """Where this copy keeps everything; others may pass through it but not look around."""
    folder = Path(os.environ.get("DIGIAULA_STATE") or ROOT / ".digiaula").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    return folder


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the folder while the block runs; the lock goes with the process, however it ends."""
    with (state / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(str(state)) from error
        yield


def read_json(path: Path) -> Any:
    """What the file holds, or None when there is none yet."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_json(path: Path, content: object) -> None:
    """Replace the file whole: a reader sees the old or the new, and only its owner sees either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def port(state: Path, name: str, *, wanted: int | None = None) -> int:
    """A free port for `name`: the one it had, else the one it would like, else any.

    Ask again before every start: a port somebody else took meanwhile is given up.
    """
    kept = read_json(state / "ports.json") or {}
    mine = [each for each in (kept.get(name), wanted) if each]
    others = {each for who, each in kept.items() if who != name}
    candidates = [*mine, *random.sample(PORTS, k=200)]
    chosen: int = next(each for each in candidates if each not in others and is_free(each))
    if kept.get(name) != chosen:
        write_json(state / "ports.json", kept | {name: chosen})
    return chosen


def is_free(number: int) -> bool:
    """Whether a server could listen there now; connections it had before do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
            probe.listen()
        except OSError:
            return False
    return True
