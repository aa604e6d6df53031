"""PostgreSQL is the record: whatever happens to the streams costs delay, never news."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext

from deploy.embedded.nats import CONFIGURATION, Nats
from services.runtime import outbox
from tests.integration.runtime.conftest import Pieces, add_effect
from tests.integration.runtime.test_outbox import all_published
from tests.integration.runtime.words import SomethingDone
from tests.support.eventually import eventually
from tests.support.system import System


def some(count: int) -> list[SomethingDone]:
    return [SomethingDone(thing_id=uuid4()) for _ in range(count)]


def things(*events: SomethingDone) -> list[UUID]:
    return [event.thing_id for event in events]


async def running(pieces: Pieces) -> None:
    pieces.run((await pieces.relay()).run())
    pieces.run((await pieces.listener(add_effect)).run())


async def test_losing_every_stream_loses_no_news(storm: Pieces) -> None:
    before, unheard, meanwhile, after = some(10), some(10), some(10), some(10)
    server = storm.system.nats
    await running(storm)
    await storm.tell(*before)
    await storm.came_of(things(*before))
    await storm.stop_loops()
    storm.run((await storm.relay()).run())  # told, but nobody listens
    await storm.tell(*unheard)
    await eventually(lambda: all_published(storm))

    await server.kill()
    server.wipe()
    await storm.tell(*meanwhile)
    await server.start()
    storm.run((await storm.listener(add_effect)).run())
    await storm.tell(*after)

    await storm.came_of(things(*before, *unheard, *meanwhile, *after))
    bus = await storm.bus("booking")
    info = await bus.jetstream.stream_info("BOOKING")
    assert info.state.messages == 40
    assert info.config.deny_purge


async def test_losing_every_stream_under_a_running_system_loses_no_news(storm: Pieces) -> None:
    """The durable consumer is gone too, and whoever pulled from it must notice and declare it anew."""
    await running(storm)
    told = some(5)
    await storm.tell(*told)
    await storm.came_of(things(*told))
    server = storm.system.nats

    for _ in range(2):
        await server.kill()
        server.wipe()
        more = some(5)
        await storm.tell(*more)
        told += more
        await server.start()

    await storm.came_of(things(*told), within=60)


@pytest.mark.parametrize("kept", ["nothing", "consumers"])
async def test_a_stream_cut_short_is_noticed(storm: Pieces, kept: str) -> None:
    """A server that loses its last writes comes back with the same stream, shorter. Its consumers may
    remember more than the stream does, and must not skip what takes the lost places."""
    await running(storm)
    server = storm.system.nats
    store, copy = server.state / "nats", server.state / "copy"
    early, late, after = some(10), some(5), some(3)
    await storm.tell(*early)
    await storm.came_of(things(*early))
    await server.stop()
    shutil.copytree(store, copy)
    await server.start()
    await storm.tell(*late)
    await storm.came_of(things(*early, *late))

    await server.kill()
    cut_back(store, copy, kept=kept)
    await storm.tell(*after)
    await server.start()

    await storm.came_of(things(*early, *late, *after), within=60)
    bus = await storm.bus("booking")
    info = await bus.jetstream.stream_info("BOOKING")
    assert info.state.messages >= 18


def cut_back(store: Path, copy: Path, *, kept: str) -> None:
    """Put the messages back to what they were, and the consumers' memory too unless it is kept."""
    if kept == "nothing":
        shutil.rmtree(store)
        shutil.copytree(copy, store)
        return
    (messages,) = store.glob("**/BOOKING/msgs")
    shutil.rmtree(messages)
    shutil.copytree(copy / messages.relative_to(store), messages)


@pytest.mark.parametrize("failures", [0, 1])
async def test_what_a_lost_stream_left_behind_hides_no_news(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """The stream is gone and its consumers' memory is not: it knows places that new messages take. Whoever
    is interrupted while removing it begins again."""
    remove, broken = JetStreamContext.delete_consumer, iter(range(failures))

    async def delete_consumer(of: JetStreamContext, stream: str, consumer: str) -> bool:
        if next(broken, None) is not None:
            raise TimeoutError
        return await remove(of, stream, consumer)

    monkeypatch.setattr(JetStreamContext, "delete_consumer", delete_consumer)
    await running(storm)
    server = storm.system.nats
    before, after = some(10), some(3)
    await storm.tell(*before)
    await storm.came_of(things(*before))
    await server.stop()
    for file in server.store.rglob("*"):
        if file.is_file() and file.name != "o.dat":
            file.unlink()
    assert list(server.store.glob("**/obs/*/o.dat"))

    await storm.tell(*after)
    await server.start()

    await storm.came_of(things(*before, *after), within=60)


@pytest.fixture
async def operator(system: System, tmp_path: Path) -> AsyncIterator[Client]:
    """Somebody who may do what no service may: remove a stream. In place of the test's usual server."""
    open_to_all = tmp_path / "open.conf"
    users = CONFIGURATION.read_text(encoding="utf-8").replace(
        "    users: [\n      {\n        user: booking",
        "    users: [\n      {user: operator, password: operator}\n      {\n        user: booking",
    )
    open_to_all.write_text(users, encoding="utf-8")
    await system.nats.stop()
    system.nats = await Nats(tmp_path / "open", configuration=open_to_all).start()
    client = await nats.connect(
        system.nats.url("booking").replace(
            system.nats.url("booking").partition("//")[2].partition("@")[0], "operator:operator"
        )
    )
    yield client
    await client.close()
    await system.nats.stop()


async def test_a_stream_replaced_between_two_looks_at_it_is_noticed_at_the_next_event(
    operator: Client, storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stays and the relay does not look again: only the places it is given tell."""
    monkeypatch.setattr(outbox, "LOOK_AT_STREAM_SECONDS", 3600)
    monkeypatch.setattr(outbox, "REMEMBER_BATCH", 3)
    storm.run((await storm.relay()).run())
    told = some(10)
    await storm.tell(*told)
    await eventually(lambda: all_published(storm))
    manager = operator.jetstream()
    config = (await manager.stream_info("BOOKING")).config

    await manager.delete_stream("BOOKING")
    await manager.add_stream(config)
    await storm.tell(*some(1))
    await eventually(lambda: count(operator, 11))

    storm.run((await storm.listener(add_effect)).run())
    await eventually(lambda: heard(storm, 11))


async def count(operator: Client, messages: int) -> bool:
    return (await operator.jetstream().stream_info("BOOKING")).state.messages == messages


async def heard(pieces: Pieces, count: int) -> bool:
    return len(await pieces.effects()) == count
