"""What the message server acknowledges must be on its disk; one that keeps it in memory is refused.

JetStream's own default leaves up to two minutes of acknowledged messages to a
power cut. The outbox would make them good, but late, so no service starts so.
"""

import msgspec
from msgspec import Struct
from nats.errors import Error as NatsError

from services.contracts.refusals import Unavailable
from services.runtime.bus import Bus

SUBJECT = "$SYS.REQ.SERVER.PING.JSZ"
ASK_SECONDS = 2


class NotDurable(Exception):
    """The server would lose what it has acknowledged, or does not say that it would not."""


class _Config(Struct):
    sync_always: bool = False


class _Data(Struct):
    config: _Config


class _Said(Struct):
    data: _Data


async def check(bus: Bus) -> None:
    """Raise NotDurable unless the server says that it syncs every write."""
    try:
        answer = await bus.client.request(SUBJECT, b"", timeout=ASK_SECONDS)
        said = msgspec.json.decode(answer.data, type=_Said)
    except (NatsError, msgspec.DecodeError) as error:
        if not bus.client.is_connected:
            raise Unavailable("NATS does not answer") from error
        raise NotDurable(
            f"NATS does not tell how JetStream keeps messages: let it answer {SUBJECT}"
        ) from error
    if not said.data.config.sync_always:
        raise NotDurable(
            "JetStream does not sync every write: set sync_interval: always in its configuration"
        )
