"""Asking a part over HTTP whether it is ready, without the weight of an HTTP client."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


async def answers(url: str, *, within: float = 2.0) -> bool:
    """Whether a GET there answers 200 in time."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(within):
            return await _status(url) == 200
    return False


async def listens(port: int) -> bool:
    """Whether somebody there takes connections."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _status(url: str) -> int:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        asked = f"{where.path or '/'}?{where.query}"
        question = f"GET {asked} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        writer.write(f"{question}Connection: close\r\n\r\n".encode())
        first = await reader.readline()
        words = first.split()
        return int(words[1]) if len(words) > 1 else 0
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
