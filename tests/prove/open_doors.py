"""A22, A23, A29: the guards taken away, the suite's own tests must fail."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from deploy.embedded.nats import CONFIGURATION, Nats
from services.booking.domain import access
from services.contracts.envelope import Actor, Staff
from services.gateway import store
from tests.integration.gateway import test_audit, test_role_matrix
from tests.integration.gateway.conftest import Doorstep
from tests.integration.permissions import test_subjects
from tests.prove.places import a_house
from tests.prove.proof import Run

PERMISSIONS = "permissions {"


async def everybody_leads(run: Run) -> None:
    """A booking to which everybody who serves is the host of everything."""

    def whoever(actor: Actor, _: object) -> Staff:
        if isinstance(actor, Staff):
            return actor
        raise access.not_found()

    async with _doorstep(run) as doorstep:
        with _replaced(access, host=whoever, leads=whoever):
            said = await _fails(test_role_matrix.test_everybody_is_answered_as_the_matrix_says(doorstep))
    rows = [line for line in said if " and not " in line]
    run.control("asking whose it is", f"{len(rows)} rows of the matrix differ", broke=bool(rows))


async def everybody_speaks(run: Run) -> None:
    """A NATS without its lists."""
    folder = run.new_folder()
    folder.mkdir(parents=True)
    configuration = folder / "open.conf"
    configuration.write_text(_without_lists(CONFIGURATION.read_text(encoding="utf-8")), encoding="utf-8")
    server = await Nats(folder, configuration=configuration).start()
    try:
        async with test_subjects.callers_of(server) as connect:
            spoke = await _fails(
                test_subjects.test_a_service_speaks_only_where_the_table_lets_it("rooms", connect)
            )
        async with test_subjects.callers_of(server) as connect:
            heard = await _fails(
                test_subjects.test_a_service_hears_only_what_the_table_lets_it("rooms", connect)
            )
    finally:
        await server.stop()
    seen = bool(spoke) + bool(heard)
    run.control("the lists of who may speak and hear", f"{seen} of 2 tests see it", broke=seen == 2)


def _without_lists(text: str) -> str:
    """Each block goes up to the brace that closes it."""
    assert PERMISSIONS in text
    while PERMISSIONS in text:
        start = text.index(PERMISSIONS)
        end, depth = start + len(PERMISSIONS), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        text = text[:start] + text[end:]
    return text


async def nobody_writes(run: Run) -> None:
    """A gateway that lets people look and writes nothing down."""

    async def forget(*_: Any) -> None:
        return None

    async with _doorstep(run) as doorstep:
        with _replaced(store, add_audit=forget):
            said = await _fails(test_audit.test_a_look_at_contact_data_is_one_row(doorstep))
    run.control("the row before the look", "seen" if said else "not seen", broke=bool(said))


@asynccontextmanager
async def _doorstep(run: Run) -> AsyncIterator[Doorstep]:
    async with a_house(run, "rooms", "gateway") as house, AsyncExitStack() as stack:
        yield Doorstep(house.system, house, stack)


@contextmanager
def _replaced(module: Any, **others: Any) -> Iterator[None]:
    kept = {name: vars(module)[name] for name in others}
    vars(module).update(others)
    try:
        yield
    finally:
        vars(module).update(kept)


async def _fails(test: Awaitable[None]) -> list[str]:
    """What the test had to say against it; nothing when it passed."""
    try:
        await test
    except AssertionError as error:
        return str(error).splitlines() or ["it fails"]
    return []
