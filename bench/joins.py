"""From a link to a token: people of one group whose host is in."""

from collections.abc import Iterator
from itertools import cycle

from bench.bookings import ECHO
from bench.figures import Figure, beside
from bench.load import as_fast_as_it_goes, request
from bench.scene import group
from bench.stage import BODY, CONNECTIONS, ROUNDS, SECONDS, bare_server, echoed_per_second, system
from tests.support.stack import Stack


async def measure() -> list[Figure]:
    per_second, limits = [], []
    with bare_server() as echo:
        async with system() as stack:
            requests = joining(stack, await group(stack, await stack.an_expert()))
            await _joined(stack, requests)
            for _ in range(ROUNDS):
                limits.append(await echoed_per_second(echo))
                per_second.append(await _joined(stack, requests))
    return [beside("joins, link to token", per_second, limits, unit="/s", limit=ECHO, target=0.4)]


def joining(stack: Stack, tokens: list[str]) -> Iterator[bytes]:
    return cycle(
        request(f"{stack.gateway}/api/v1/t/{token}/join", method="POST", body=BODY) for token in tokens
    )


async def _joined(stack: Stack, requests: Iterator[bytes]) -> float:
    seen = await as_fast_as_it_goes(stack.gateway, requests, seconds=SECONDS, connections=CONNECTIONS)
    return seen.only(b"200").per_second
