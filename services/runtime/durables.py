"""Durable consumers as they should be on the server: made, made again, rid of what a lost one left."""

import contextlib

import structlog
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from services.runtime.hearing import Subscription

log = structlog.get_logger()

# What a dead copy had in hand comes to another so soon; who lives says in time that it is at work.
ACK_WAIT_SECONDS = 3
# In hand at once, with what was put back: when there are so many, nothing else is heard.
MOST_IN_HAND = 2048
# What stands beside a consumer on the server: whether it was seen to have no past of its own.
NEW, SOUND = "new", "sound"
# The server's numbers for a consumer that cannot be made, or is there and cannot be changed.
NEVER_AS_DECLARED = (10012, 10148)


class ConsumerRefused(Exception):
    """The server has a consumer of this name that can never be the one declared here."""


async def declare(jetstream: JetStreamContext, subscription: Subscription) -> None:
    """Make the consumer, or make it again what it should be. Tries are counted by us, so it repeats
    without end.

    What the server cannot change in one that is there will not pass by itself: it ends the process.
    """
    try:
        if not await _is_sound(jetstream, subscription):
            await _remove_remains(jetstream, subscription)
        await _make(jetstream, subscription, SOUND)
    except APIError as error:
        if error.err_code not in NEVER_AS_DECLARED:
            raise
        log.error("consumer.refused", consumer=subscription.durable, err_code=error.err_code)
        raise ConsumerRefused(subscription.durable) from error


async def _is_sound(jetstream: JetStreamContext, subscription: Subscription) -> bool:
    """Whether it is there and was looked at: whoever was interrupted meanwhile looks again."""
    try:
        found = await jetstream.consumer_info(subscription.stream, subscription.durable)
    except NotFoundError:
        return False
    return bool(found.config.description == SOUND)


async def _remove_remains(jetstream: JetStreamContext, subscription: Subscription) -> None:
    """A new one that has a past found what is left on the disk of one whose stream was lost: it would
    pass over as many messages of the new stream. Or another copy made it meanwhile; then what that one
    delivered comes again, and the inbox knows it.
    """
    made = await _make(jetstream, subscription, NEW)
    stream = await jetstream.stream_info(subscription.stream)
    delivered = made.delivered
    if delivered and (delivered.consumer_seq or delivered.stream_seq >= max(1, stream.state.first_seq)):
        with contextlib.suppress(NotFoundError):
            await jetstream.delete_consumer(subscription.stream, subscription.durable)
        log.warning("consumer.had_remains", consumer=subscription.durable)


async def _make(jetstream: JetStreamContext, subscription: Subscription, description: str) -> ConsumerInfo:
    return await jetstream.add_consumer(
        subscription.stream,
        ConsumerConfig(
            durable_name=subscription.durable,
            description=description,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_SECONDS,
            max_deliver=-1,
            max_ack_pending=MOST_IN_HAND,
        ),
    )
