"""NATS away: a clear answer at once, nothing done late, and back without a restart."""

import asyncio
from time import perf_counter

import nats
import pytest
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from services.contracts.refusals import Unavailable
from services.runtime import bus as nats_bus
from services.runtime import line
from services.runtime.bus import Bus
from services.runtime.call import Call
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething
from tests.support.cable import cable
from tests.support.eventually import eventually
from tests.support.processes import stands_still

CALLS = 50
AT_ONCE = 15
"""Seconds, on a machine that may stand still. Who is not told at once waits for as long as a call has."""


class Desk:
    """Carries out commands after a while and keeps a journal: what was begun, and how late."""

    def __init__(self, pieces: Pieces, *, takes: float = 0) -> None:
        self.begun: list[str] = []
        self.late: list[str] = []
        self._takes = takes
        self._clock = pieces.system.clock

    async def __call__(self, request: DoSomething, call: Call) -> Done:
        if self._clock.now() >= call.deadline:
            self.late.append(request.what)
        self.begun.append(request.what)
        await asyncio.sleep(self._takes)
        return Done(request.what)


async def timed(asker: Bus, call: Call, what: str) -> float:
    """How long it takes to hear that it cannot be done."""
    began = perf_counter()
    with pytest.raises(Unavailable):
        await asker.call(DoSomething(what=what), call)
    return perf_counter() - began


async def frozen(pieces: Pieces) -> None:
    """The server stands still, all its threads: a signal takes a moment to reach them."""
    server = pieces.system.nats
    server.freeze()
    await eventually(lambda: stands_still(server.pid))


async def answers_again(asker: Bus, pieces: Pieces) -> bool:
    try:
        return await asker.call(DoSomething(what="again"), pieces.call(seconds=1)) == Done("again")
    except Unavailable:
        return False


async def test_when_nats_dies_all_in_flight_hear_it_at_once(storm: Pieces) -> None:
    """nats-py lets requests in flight wait out their whole time."""
    desk = Desk(storm, takes=60)
    await storm.answering(desk)
    asker = await storm.bus("gateway")
    calls = [storm.run(timed(asker, storm.call(seconds=60), str(n))) for n in range(CALLS)]
    await eventually(lambda: len(desk.begun) == CALLS)
    died = perf_counter()

    await storm.system.nats.kill()
    await asyncio.gather(*calls)

    assert perf_counter() - died < AT_ONCE


async def test_while_nats_is_away_commands_fail_at_once_and_are_never_carried_out(storm: Pieces) -> None:
    """nats-py buffers what is published while it reconnects, and sends it long after the asker gave up."""
    desk = Desk(storm)
    await storm.answering(desk)
    asker = await storm.bus("gateway")
    await storm.system.nats.kill()
    await eventually(lambda: not asker.client.is_connected)

    took = await asyncio.gather(*(timed(asker, storm.call(seconds=60), f"away-{n}") for n in range(CALLS)))
    await storm.system.nats.start()
    await eventually(lambda: answers_again(asker, storm))

    assert max(took) < AT_ONCE
    assert desk.begun == ["again"]


async def test_a_client_that_buffers_would_have_sent_them(storm: Pieces) -> None:
    """The control of the test above."""
    desk: list[bytes] = []
    responder = await storm.bus("booking")

    async def hear(msg: Msg) -> None:
        desk.append(msg.data)

    await responder.client.subscribe("booking.v1.rpc.>", queue="booking", cb=hear)
    await responder.settle()
    plain = await nats.connect(storm.system.nats.url("gateway"), reconnect_time_wait=1)
    await storm.system.nats.kill()
    await eventually(lambda: not plain.is_connected)

    await plain.publish(DoSomething.subject, b"late")
    await storm.system.nats.start()

    await eventually(lambda: desk == [b"late"])
    await plain.close()


async def test_when_nats_hangs_calls_end_in_time_and_nothing_is_done_late(storm: Pieces) -> None:
    """A hung server takes commands into its socket and hands them on when it wakes."""
    desk = Desk(storm)
    await storm.answering(desk)
    asker = await storm.bus("gateway")
    await eventually(lambda: answers_again(asker, storm))
    desk.begun.clear()

    await frozen(storm)
    with capture_logs() as logs:
        took = await asyncio.gather(
            *(timed(asker, storm.call(seconds=1), f"frozen-{n}") for n in range(CALLS))
        )
        storm.system.nats.thaw()
        await eventually(lambda: len([e for e in logs if e["event"] == "request.answered"]) == CALLS)

    assert max(took) < AT_ONCE
    # They did arrive, all of them, and too late:
    assert {entry["outcome"] for entry in logs if entry["event"] == "request.answered"} == {
        "deadline_exceeded"
    }
    assert desk.begun == []
    await eventually(lambda: answers_again(asker, storm))
    assert desk.late == []


async def test_when_nats_hangs_nobody_waits_out_a_long_deadline(storm: Pieces) -> None:
    """A hung server keeps its connections, and the client would notice in half a minute."""
    desk = Desk(storm)
    await storm.answering(desk)
    asker = await storm.bus("gateway")
    await eventually(lambda: answers_again(asker, storm))
    watch = storm.run(asker.watch())

    await frozen(storm)
    took = await asyncio.gather(
        *(timed(asker, storm.call(seconds=60), f"frozen-{n}") for n in range(CALLS))
    )
    later = await timed(asker, storm.call(seconds=60), "frozen-later")
    storm.system.nats.thaw()

    assert max(took) < AT_ONCE
    assert later < AT_ONCE
    await eventually(lambda: answers_again(asker, storm))
    assert not watch.done()


async def test_settling_goes_on_when_the_connection_is_lost_meanwhile(pieces: Pieces) -> None:
    """The client forgets a PING with its connection, and whoever waits for the answer waits in vain."""
    system = pieces.system
    async with cable(system.nats.port) as laid:
        url = system.nats.url("gateway").replace(f":{system.nats.port}", f":{laid.port}")
        bus = await nats_bus.connect("gateway", url, system.clock)
        laid.hold("back")
        settling = pieces.run(bus.settle())
        await eventually(lambda: bus.client._pongs)
        await laid.cut()
        laid.release()
        await laid.mend()
        await settling
        await bus.close()


async def test_readiness_asks_the_server_and_survives_a_late_answer(storm: Pieces) -> None:
    """is_connected stays true while the server hangs. A ping given up by its timeout would be worse:
    nats-py's read loop ends for good when the answer to a cancelled one comes."""
    bus = await storm.bus("booking")
    await bus.ping()

    await frozen(storm)
    began = perf_counter()
    with pytest.raises(Unavailable):
        await bus.ping()
    took = perf_counter() - began
    believed = bus.client.is_connected
    storm.system.nats.thaw()

    assert believed
    assert took < AT_ONCE
    await eventually(lambda: pings(bus))


async def pings(bus: Bus) -> bool:
    try:
        await bus.ping()
    except Unavailable:
        return False
    return True


@pytest.fixture
async def deaf(pieces: Pieces) -> Bus:
    """A client whose read loop has ended, as an unexpected error in it would end it."""
    bus = await pieces.bus("booking")
    bus.client._reading_task.cancel()  # type: ignore[union-attr]  # there is no other way to make it deaf
    return bus


async def test_a_deaf_client_is_not_ready(deaf: Bus) -> None:
    """The read loop can end for good without a reconnect, and is_connected says true ever after."""
    assert deaf.client.is_connected

    with pytest.raises(Unavailable):
        await deaf.ping()


async def test_a_deaf_client_ends_the_process(
    deaf: Bus, pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(line, "DEAF_AFTER_PINGS", 2)
    hearing = await pieces.bus("rooms")
    hears = pieces.run(hearing.watch())

    await asyncio.wait_for(deaf.watch(), 30)

    assert not hears.done()


async def test_a_server_that_is_away_does_not_end_the_process(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(line, "DEAF_AFTER_PINGS", 2)
    bus = await storm.bus("booking")
    watch = storm.run(bus.watch())
    await storm.system.nats.kill()

    await eventually(lambda: not bus.client.is_connected)
    await storm.system.nats.start()
    await eventually(lambda: pings(bus))

    assert not watch.done()


async def test_a_connection_closed_for_good_is_told(pieces: Pieces) -> None:
    """Some errors close a nats-py client without an exception anywhere."""
    bus = await pieces.bus("gateway")
    waiting = pieces.run(timed(bus, pieces.call(seconds=60), "x"))

    await bus.client.close()

    assert bus.closed.is_set()
    assert await waiting < AT_ONCE
