"""Three NATS servers that keep the same streams, on loopback, from the configuration that operators use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from deploy.embedded.nats import CONFIGURATION, Nats
from deploy.embedded.state import port
from services.contracts.refusals import Unavailable
from services.runtime.bus import Bus
from tests.support.eventually import eventually

T = TypeVar("T")

CLUSTERED = CONFIGURATION.with_name("cluster.conf")
ROUTE_PASSWORD = "p-of-the-routes"
SERVERS = 3
NAMES = [f"nats-{number + 1}" for number in range(SERVERS)]


class _Member(Nats):
    async def start(self, *, within: float = 30) -> Self:
        """Healthy when it has caught up with the others, which takes longer than to start alone."""
        return await super().start(within=within)


class NatsCluster(Nats):
    """As one server to whoever asks for its address: services are told all three."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._listening = {name: port(state, f"{name}-routes") for name in NAMES}
        self.servers = {name: self.server(name) for name in NAMES}

    def server(self, name: str, *, configuration: Path = CLUSTERED) -> Nats:
        routes = [
            f'"nats-route://route:{ROUTE_PASSWORD}@127.0.0.1:{each}"' for each in self._listening.values()
        ]
        return _Member(
            self.state,
            name=name,
            configuration=configuration,
            settings={
                "NATS_NAME": name,
                "NATS_CLUSTER_LISTEN": f'"127.0.0.1:{self._listening[name]}"',
                "NATS_ROUTES": f"[{', '.join(routes)}]",
                "NATS_ROUTE_PASSWORD": ROUTE_PASSWORD,
            },
        )

    async def start(self, *, within: float = 30) -> Self:
        """One alone is not healthy: they choose a leader together."""
        for server in self.servers.values():
            port(self.state, server.name)  # one after the other: the ports are written down in one file
            port(self.state, f"{server.name}-http")
        await asyncio.gather(*(server.start(within=within) for server in self.servers.values()))
        return self

    async def stop(self) -> None:
        await asyncio.gather(*(server.stop() for server in self.servers.values()))

    def url(self, user: str) -> str:
        return ",".join(server.url(user) for server in self.servers.values())

    async def leader(self, bus: Bus, stream: str) -> str:
        """Which server leads this stream; empty while none does."""
        info = await stream_info(bus, stream)
        return str(info["cluster"].get("leader", "")) if info else ""


async def insisted(ask: Callable[[], Awaitable[T]]) -> T:
    """Asking again while nobody serves it: who is asked where, one server knows a moment after another."""

    async def answered() -> T | None:
        try:
            return await ask()
        except Unavailable:
            return None

    answer = await eventually(answered, within=60)
    assert answer
    return answer


async def stream_info(bus: Bus, stream: str) -> dict[str, Any]:
    """What the server says of it, with who leads it; nothing while nobody does."""
    try:
        answer = await bus.client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=1)
    except Exception:
        return {}
    said: dict[str, Any] = msgspec.json.decode(answer.data)
    return {} if "error" in said else said


@asynccontextmanager
async def a_cluster(state: Path) -> AsyncIterator[NatsCluster]:
    state.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, before there is anything to hold up
    cluster = NatsCluster(state)
    try:
        yield await cluster.start()
    finally:
        await cluster.stop()
