"""Three NATS servers that keep every stream: any one of them may go."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from deploy.embedded.nats import CONFIGURATION, Nats
from deploy.embedded.postgres import Postgres
from services.contracts.refusals import Unavailable
from services.runtime import bus as nats_bus
from services.runtime import durability
from services.runtime.bus import Bus
from services.runtime.durability import NotDurable
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.nats_cluster import CLUSTERED, SERVERS, NatsCluster, a_cluster, insisted, stream_info
from tests.support.processes import stands_still
from tests.support.system import System

LEFT = 20.0  # the client by itself takes half a minute
ELECTION = 90.0  # takes four to nine seconds where nothing else is going on
PLACES = "SELECT count(*) AS n FROM rooms.place"


class Clustered:
    """Booking and rooms beside three servers, and somebody who books one time after the other."""

    def __init__(self, cluster: NatsCluster, system: System, house: House, bus: Bus) -> None:
        self.cluster = cluster
        self.system = system
        self.house = house
        self.bus = bus
        self.booked = 0

    async def book(self) -> None:
        """Asking again under the same key for as long as one is told to."""
        self.booked += 1
        at = self.system.clock.now() + timedelta(hours=2 * self.booked)
        host = await insisted(self.house.expert)
        slot = await insisted(lambda: self.house.slot(host, at))
        key = str(uuid4())
        await insisted(lambda: self.house.book(slot.id, key=key))

    async def rooms_knows_all(self) -> bool:
        (row,) = await self.system.sql(PLACES)
        return bool(row["n"] == self.booked)

    async def leader(self) -> str:
        return await eventually(lambda: self.cluster.leader(self.bus, "BOOKING"), within=ELECTION)


@pytest.fixture
async def clustered(
    postgres: Postgres, database: str, clock: SetClock, tmp_path: Path
) -> AsyncIterator[Clustered]:
    async with a_cluster(tmp_path / "cluster") as cluster:
        system = System(postgres=postgres, database=database, nats=cluster, clock=clock)
        clock.set(A_TUESDAY)
        await system.start("booking", "rooms", NATS_REPLICAS=str(SERVERS))
        house = await insisted(lambda: House.build(system))
        bus = await system.bus("booking")
        await eventually(lambda: _kept_by_three(bus), within=ELECTION)
        yield Clustered(cluster, system, house, bus)
        await system.stop()


async def _kept_by_three(bus: Bus) -> bool:
    return all([len(await _replicas(bus, name)) == SERVERS - 1 for name in ("BOOKING", "ROOMS")])


async def _replicas(bus: Bus, stream: str) -> list[str]:
    """Those beside the leader that have all of it."""
    info = await stream_info(bus, stream)
    return [each["name"] for each in info.get("cluster", {}).get("replicas", []) if each["current"]]


async def test_the_leader_of_the_streams_dies_and_nothing_is_lost(clustered: Clustered) -> None:
    await clustered.book()
    await eventually(clustered.rooms_knows_all, within=ELECTION)
    died = await clustered.leader()

    with capture_logs() as logs:
        await clustered.cluster.servers[died].kill()
        await clustered.book()  # does not wait for the streams: requests go by another way
        assert await clustered.leader() != died
        await clustered.book()
        await eventually(clustered.rooms_knows_all, within=ELECTION)

        await clustered.cluster.servers[died].start(within=ELECTION)
        await clustered.book()
        await eventually(clustered.rooms_knows_all, within=ELECTION)
        await eventually(lambda: _kept_by_three(clustered.bus), within=ELECTION)
    assert [line for line in logs if line["event"] == "stream.replaced"] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_server_that_hangs_is_left_for_another(clustered: Clustered) -> None:
    """Its connections stay open, so nobody is told."""
    asking = await clustered.system.bus("gateway")
    server = _server_of(clustered.cluster, asking)
    before = asking.line.connections
    watching = asyncio.create_task(asking.watch())
    server.freeze()
    await eventually(lambda: stands_still(server.pid))
    try:
        await eventually(lambda: asking.line.connections > before, within=LEFT)
        await clustered.book()
    finally:
        server.thaw()
        watching.cancel()
    await eventually(clustered.rooms_knows_all, within=ELECTION)
    gc.collect()  # the client leaves the connection of an attempt that failed to the collector


def _server_of(cluster: NatsCluster, bus: Bus) -> Nats:
    at = bus.client.connected_url
    assert at
    return next(server for server in cluster.servers.values() if server.port == at.port)


async def test_one_careless_server_of_three_is_found_out(tmp_path: Path, clock: SetClock) -> None:
    careless = tmp_path / "careless"
    careless.mkdir()
    for configuration in (CONFIGURATION, CLUSTERED):
        text = configuration.read_text(encoding="utf-8").replace("  sync_interval: always\n", "")
        (careless / configuration.name).write_text(text, encoding="utf-8")
    cluster = NatsCluster(tmp_path / "cluster")
    odd = "nats-2"
    cluster.servers[odd] = cluster.server(odd, configuration=careless / CLUSTERED.name)
    await cluster.start()
    bus = await nats_bus.connect("booking", cluster.url("booking"), clock)
    try:
        await eventually(lambda: _found_out(bus), within=ELECTION)

        await cluster.servers[odd].stop()  # the control: the other two are as they must be
        await eventually(lambda: _durable(bus), within=ELECTION)
    finally:
        await bus.close()
        await cluster.stop()


async def _found_out(bus: Bus) -> bool:
    return not await _durable(bus)


async def _durable(bus: Bus) -> bool:
    try:
        await durability.check(bus)
    except NotDurable:
        return False
    except Unavailable:
        raise AssertionError("NATS is away") from None
    return True
