"""What the message server acknowledges must be on its disk; one that keeps it in memory is refused.

JetStream's own default leaves up to two minutes of acknowledged messages to a
power cut. The outbox would make them good, but late, so no service starts so.
"""

import contextlib

import msgspec
from msgspec import Struct
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from services.contracts.refusals import Unavailable
from services.runtime.bus import Bus

SUBJECT = "$SYS.REQ.SERVER.PING.JSZ"
ASK_SECONDS = 2


class NotDurable(Exception):
    """The server would lose what it has acknowledged, or does not say that it would not."""


class _Config(Struct):
    sync_always: bool = False


class _Cluster(Struct, frozen=True):
    cluster_size: int = 1


class _Data(Struct):
    config: _Config
    meta_cluster: _Cluster = _Cluster()


class _Said(Struct):
    data: _Data


async def check(bus: Bus) -> None:
    """Raise NotDurable unless every server that is there says that it syncs every write."""
    try:
        said = await _ask_all(bus)
    except (NatsError, msgspec.DecodeError) as error:
        if not bus.client.is_connected:
            raise Unavailable("NATS does not answer") from error
        raise NotDurable(
            f"NATS does not tell how JetStream keeps messages: let it answer {SUBJECT}"
        ) from error
    if not all(each.data.config.sync_always for each in said):
        raise NotDurable(
            "JetStream does not sync every write: set sync_interval: always in its configuration"
        )


async def _ask_all(bus: Bus) -> list[_Said]:
    """What each server of the cluster says; one that is away is not waited for any longer than that."""
    inbox = bus.client.new_inbox()
    answers = await bus.client.subscribe(inbox)
    try:
        await bus.client.publish(SUBJECT, b"", reply=inbox)
        said = [await _next(answers)]
        with contextlib.suppress(TimeoutError):
            while len(said) < said[0].data.meta_cluster.cluster_size:
                said.append(await _next(answers))
        return said
    finally:
        with contextlib.suppress(NatsError, OSError):
            await answers.unsubscribe()


async def _next(answers: Subscription) -> _Said:
    message = await answers.next_msg(timeout=ASK_SECONDS)
    return msgspec.json.decode(message.data, type=_Said)
