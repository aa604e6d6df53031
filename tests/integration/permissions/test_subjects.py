"""Services cannot impersonate each other: what each NATS user may do equals the written table."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import nats
import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from deploy.embedded.nats import Nats
from services.runtime.outbox import stream_config
from tests.integration.permissions.subjects import EVERYBODY, MAY_PUBLISH, MAY_SUBSCRIBE

PUBLISHING = re.compile(r'publish to "([^"]+)"')
SUBSCRIBING = re.compile(r'subscription to "([^"]+)"(?: using queue "([^"]+)")?')
BOOKING = StreamConfig(name="BOOKING", subjects=["booking.*.event.>"], max_bytes=1_000_000)


@dataclass
class Caller:
    """A connection that hears its refusals; the client itself only tells them to a callback."""

    client: Client
    refusals: list[str] = field(default_factory=list)

    async def refused(self, pattern: re.Pattern[str]) -> set[tuple[str, ...]]:
        """The server refuses in order, so after a round trip all refusals are here.

        Two, because the client's first may overtake what it still had to write.
        """
        await self.client.flush()
        await self.client.flush()
        found = (pattern.search(refusal) for refusal in self.refusals)
        return {tuple(group or "" for group in match.groups()) for match in found if match}


Connect = Callable[[str], Awaitable[Caller]]


@asynccontextmanager
async def callers_of(nats_server: Nats) -> AsyncIterator[Connect]:
    callers: list[Caller] = []

    async def connect_as(user: str) -> Caller:
        refusals: list[str] = []

        async def hear(error: Exception) -> None:
            refusals.append(str(error).lower())

        client = await nats.connect(
            nats_server.url(user), inbox_prefix=f"_INBOX_{user}".encode(), error_cb=hear
        )
        callers.append(Caller(client, refusals))
        return callers[-1]

    yield connect_as
    for caller in callers:
        await caller.client.close()


@pytest.fixture
async def connect(nats_server: Nats) -> AsyncIterator[Connect]:
    async with callers_of(nats_server) as connect_as:
        yield connect_as


@pytest.mark.parametrize("user", sorted(EVERYBODY))
async def test_a_service_speaks_only_where_the_table_lets_it(user: str, connect: Connect) -> None:
    caller = await connect(user)

    for subject in MAY_PUBLISH:
        await caller.client.publish(subject, b"{}")

    forbidden = {(subject.lower(),) for subject, who in MAY_PUBLISH.items() if user not in who}
    assert await caller.refused(PUBLISHING) == forbidden


@pytest.mark.parametrize("user", sorted(EVERYBODY))
async def test_a_service_hears_only_what_the_table_lets_it(user: str, connect: Connect) -> None:
    caller = await connect(user)

    for subject, queue in MAY_SUBSCRIBE:
        await caller.client.subscribe(subject, queue=queue)

    forbidden = {
        (subject.lower(), queue) for (subject, queue), who in MAY_SUBSCRIBE.items() if user not in who
    }
    assert await caller.refused(SUBSCRIBING) == forbidden


async def test_a_stream_that_is_there_is_not_changed_by_declaring_it_otherwise(connect: Connect) -> None:
    stream = (await connect("booking")).client.jetstream()
    await stream.add_stream(BOOKING)

    with pytest.raises(BadRequestError, match="already in use"):
        await stream.add_stream(BOOKING, max_bytes=1_000)

    assert (await stream.stream_info("BOOKING")).config.max_bytes == BOOKING.max_bytes
    await stream.add_stream(BOOKING)  # the same words again are welcome


async def test_another_name_inside_the_request_does_not_reach_anothers_consumer(connect: Connect) -> None:
    """Permissions look at the subject; the body could say something else."""
    await (await connect("booking")).client.jetstream().add_stream(BOOKING)
    rooms, notify = await connect("rooms"), await connect("notify")

    for form in ("CREATE", "DURABLE.CREATE"):
        for names in ({"name": "rooms-booking"}, {"durable_name": "rooms-booking"}):
            body = {"stream_name": "BOOKING", "config": names | {"ack_policy": "explicit"}}
            await notify.client.request(
                f"$JS.API.CONSUMER.{form}.BOOKING.notify-booking", msgspec.json.encode(body)
            )

    with pytest.raises(NotFoundError):
        await rooms.client.jetstream().consumer_info("BOOKING", "rooms-booking")


async def test_what_a_consumer_needs_is_allowed_from_end_to_end(connect: Connect) -> None:
    booking = (await connect("booking")).client.jetstream()
    notify = await connect("notify")
    await booking.add_stream(BOOKING)
    listening = notify.client.jetstream()
    await listening.add_consumer(
        "BOOKING", ConsumerConfig(durable_name="notify-booking", ack_policy=AckPolicy.EXPLICIT)
    )
    await booking.publish("booking.v1.event.booking_confirmed", b"{}")

    pull = await listening.pull_subscribe_bind("notify-booking", "BOOKING")
    [message] = await pull.fetch(1, timeout=30)
    await message.ack_sync()

    assert (await listening.consumer_info("BOOKING", "notify-booking")).num_ack_pending == 0
    assert notify.refusals == []


async def test_every_service_declares_its_own_stream_and_all_of_them_fit(connect: Connect) -> None:
    for service in sorted(EVERYBODY):
        caller = await connect(service)

        await caller.client.jetstream().add_stream(stream_config(service))

        assert caller.refusals == []


async def test_services_can_see_that_every_write_is_synced(connect: Connect) -> None:
    rooms = await connect("rooms")

    answer = await rooms.client.request("$SYS.REQ.SERVER.PING.JSZ")

    assert msgspec.json.decode(answer.data)["data"]["config"]["sync_always"] is True


async def test_a_lost_store_is_made_anew_by_the_services_alone(connect: Connect, nats_server: Nats) -> None:
    await (await connect("booking")).client.jetstream().add_stream(BOOKING)
    await nats_server.kill()
    nats_server.wipe()
    await nats_server.start()

    again = (await connect("booking")).client.jetstream()

    assert (await again.add_stream(BOOKING)).state.messages == 0


@pytest.mark.parametrize("words", [b"{}", b'{"user": "booking", "pass": "wrong"}'])
async def test_nobody_comes_in_without_the_password(words: bytes, nats_server: Nats) -> None:
    """Said by hand: the client would go on trying, or leave its socket behind."""
    reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)

    writer.write(b"CONNECT " + words + b"\r\nPING\r\n")
    async with asyncio.timeout(30):
        answer = await reader.read()

    assert b"-ERR 'Authorization Violation'" in answer
    assert b"PONG" not in answer
    writer.close()
    await writer.wait_closed()
