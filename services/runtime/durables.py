"""Durable consumers as they should be on the server: made, made again, rid of what a lost one left."""

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
        if not await _is_there(jetstream, subscription):
            await _make_new(jetstream, subscription)
        await _make(jetstream, subscription)
    except APIError as error:
        if error.err_code not in NEVER_AS_DECLARED:
            raise
        log.error("consumer.refused", consumer=subscription.durable, err_code=error.err_code)
        raise ConsumerRefused(subscription.durable) from error


async def _is_there(jetstream: JetStreamContext, subscription: Subscription) -> bool:
    try:
        await jetstream.consumer_info(subscription.stream, subscription.durable)
    except NotFoundError:
        return False
    return True


async def _make_new(jetstream: JetStreamContext, subscription: Subscription) -> None:
    """A new one that has delivered already found what is left on the disk of one whose stream was lost:
    it would pass over as many messages of the new stream. Or another copy made it meanwhile; then what
    that one delivered comes again, and the inbox knows it.
    """
    made = await _make(jetstream, subscription)
    if made.delivered and made.delivered.stream_seq:
        log.warning("consumer.had_remains", consumer=subscription.durable)
        await jetstream.delete_consumer(subscription.stream, subscription.durable)


async def _make(jetstream: JetStreamContext, subscription: Subscription) -> ConsumerInfo:
    return await jetstream.add_consumer(
        subscription.stream,
        ConsumerConfig(
            durable_name=subscription.durable,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_SECONDS,
            max_deliver=-1,
            max_ack_pending=MOST_IN_HAND,
        ),
    )
