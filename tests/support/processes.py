"""Who is alive, read from the kernel: a test that ends processes must not ask them."""

from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether it still runs; one that ended and was not yet collected does not."""
    return _state_and_parent(pid)[0] not in ("", "Z", "X")


def called(pid: int) -> str:
    """The name under which the kernel knows it."""
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()


def stands_still(pid: int) -> bool:
    """Whether every thread of it has been stopped by a signal."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    stats = [(each / "stat").read_text(encoding="utf-8", errors="replace") for each in threads]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def descendants(pid: int) -> set[int]:
    """Every process below this one, at this moment."""
    parents = {
        int(each.name): _state_and_parent(int(each.name))[1] for each in Path("/proc").glob("[0-9]*")
    }
    found: set[int] = set()
    generation = {pid}
    while generation:
        generation = {child for child, parent in parents.items() if parent in generation} - found
        found |= generation
    return found


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    state, parent, *_ = stat.rpartition(")")[2].split()
    return state, int(parent)
