"""Reminders on their way, beside the same mails handed straight to the same server."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Figure, beside
from bench.owed import owe_reminders
from bench.stage import ROUNDS, system
from tests.support.eventually import eventually
from tests.support.stack import Stack

COUNT = 400  # of each round
LINES = 4
RAW = 2000
SENT = """
    SELECT count(*) AS n, min(sent_at) AS first, max(sent_at) AS last
    FROM notify.message WHERE state = 'sent'
"""
ENVELOPE = b"MAIL FROM:<digiaula@digiaula.example>\r\nRCPT TO:<kielo@posti.example>\r\nDATA\r\n"
MAIL = (
    b"From: Digiaula <digiaula@digiaula.example>\r\nTo: kielo@posti.example\r\nSubject: Muistutus\r\n\r\n"
    + 60 * (b"x" * 70 + b"\r\n")
    + b".\r\n"
)


async def measure() -> list[Figure]:
    ours, raw = [], []
    with sink() as port:
        async with system(SMTP_URL=f"smtp://127.0.0.1:{port}") as stack:
            for _ in range(ROUNDS):
                raw.append(await _handed_straight(port))
                ours.append(await _reminded(stack))
    return [
        beside(
            "reminders sent",
            ours,
            raw,
            unit="/s",
            limit=f"raw SMTP to the same sink, {LINES} connections",
            target=0.9,
        )
    ]


async def _reminded(stack: Stack) -> float:
    await stack.sql("DELETE FROM notify.message")
    began = time.perf_counter()
    await owe_reminders(stack, COUNT, due="interval '1 second'")

    async def all_sent() -> bool:
        return bool((await stack.sql(SENT))[0]["n"] >= COUNT)

    await eventually(all_sent, within=120)
    (row,) = await stack.sql(SENT)
    assert time.perf_counter() - began < 120
    return float(COUNT / max(0.001, (row["last"] - row["first"]).total_seconds()))


async def _handed_straight(port: int) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(_line(port, RAW // LINES) for _ in range(LINES)))
    return RAW / (time.perf_counter() - began)


async def _line(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def say(words: bytes, last: bytes = b"250 ") -> None:
        writer.write(words)
        while not (await reader.readline()).startswith(last):
            pass

    await say(b"", b"220 ")
    await say(b"EHLO bench\r\n")
    for _ in range(count):
        await say(ENVELOPE, b"354 ")
        await say(MAIL)
    writer.close()


@contextmanager
def sink() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()
