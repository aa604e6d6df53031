"""Who may import whom. The names of files are rooms, and each room has its rules in every service."""

import sys
from pathlib import Path

import pytest

from services.runtime.migrate import SERVICES
from tests.architecture.code import CODE, EVERY_FILE, imports

# Libraries, and what of the project, a room may name. A room not listed may name any library and
# everything of its own service.
LIBRARIES: dict[str, set[str]] = {
    "contracts": {"msgspec"},
    "domain": {"dateutil"},
    "store": {"asyncpg", "msgspec"},
    "handlers": set(),
    "subscribers": set(),
}
OWN: dict[str, set[str]] = {
    "contracts": {"contracts"},
    "runtime": {"contracts.envelope", "contracts.refusals", "contracts.letters", "runtime"},
    "domain": {"contracts", "domain"},
    "store": {"contracts", "domain", "store", "runtime.db"},
}
SHARED = ("contracts", "runtime")
PATTERN = "{0}: {1}"


def allowed(path: Path, name: str) -> bool:
    """Whether the file may name this module."""
    owner, room = place(path)
    parts = name.split(".")
    if name.startswith("."):
        return False
    if parts[0] != "services":
        library = parts[0]
        known = LIBRARIES.get(room)
        return library in sys.stdlib_module_names or known is None or library in known
    if len(parts) < 3 or parts[1] not in (owner, *SHARED):
        return False
    if parts[1] == owner and owner in SERVICES and parts[2] == "app" and room != "__main__":
        return False
    if room not in OWN:
        return True
    # One's own rooms by their own names, what is shared by where it lies.
    inside = ".".join(parts[2:] if parts[1] == owner and owner in SERVICES else parts[1:])
    return any(inside == target or inside.startswith(f"{target}.") for target in OWN[room])


def place(path: Path) -> tuple[str, str]:
    """The service a file belongs to and its room there; the shared packages are one room each."""
    owner, *rest = path.relative_to(CODE).with_suffix("").parts
    return owner, owner if owner in SHARED or not rest else rest[0]


def test_every_file_names_only_what_its_room_may() -> None:
    wrong = [
        PATTERN.format(path.relative_to(CODE), name)
        for path in EVERY_FILE
        for name in imports(path.read_text(encoding="utf-8"))
        if not allowed(path, name)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("booking/service/book.py", "from services.rooms.domain import x"),
        ("booking/app.py", "import services.notify.store"),
        ("booking/app.py", "from services import rooms"),
        ("booking/app.py", "from . import handlers"),
        ("booking/handlers.py", "from services.booking.app import build"),
        ("booking/handlers.py", "import asyncpg"),
        ("booking/domain/holds.py", "import asyncpg"),
        ("booking/domain.py", "from services.runtime.db import Tx"),
        ("booking/domain.py", "from services.booking.store import slots"),
        ("booking/store/slots.py", "from services.booking.service import book"),
        ("booking/store.py", "from services.runtime.bus import Bus"),
        ("contracts/rooms.py", "import aiohttp"),
        ("contracts/rooms.py", "from services.runtime.call import Call"),
        ("runtime/bus.py", "from services.contracts.booking.events import BookingHeld"),
        ("runtime/main.py", "def later():\n    import services.booking.app"),
    ],
)
def test_a_stray_import_is_found(path: str, source: str) -> None:
    """The control of the test above."""
    assert [name for name in imports(source) if not allowed(CODE / path, name)]


def test_pages_never_open_a_store() -> None:
    for path in (CODE / "gateway" / "pages").rglob("*.py"):
        named = imports(path.read_text(encoding="utf-8"))
        assert not {name for name in named if name.startswith("services.gateway.store")}, path


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    """Whoever has read one of them finds anything in the others."""
    folder = CODE / service
    for room in ("__init__.py", "__main__.py", "app.py", "config.py", "README.md", "migrations"):
        assert (folder / room).exists(), f"{service} has no {room}"
    assert (folder / "store.py").exists() or (folder / "store").is_dir()
    assert (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    assert (folder / "__main__.py").read_text(encoding="utf-8") == MAIN.format(service)


MAIN = """from services.{0}.app import build
from services.{0}.config import Config
from services.runtime.main import run

if __name__ == "__main__":
    run("{0}", build, Config)
"""


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}

    assert not [path for path in EVERY_FILE if path.stem in drawers]
