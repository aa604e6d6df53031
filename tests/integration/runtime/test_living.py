"""Starting and stopping: ready comes last and goes first, and half a service is none."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from deploy.embedded.environment import plain_environment
from deploy.embedded.nats import CONFIGURATION, Nats
from deploy.embedded.state import ROOT
from services.contracts.refusals import Unavailable
from services.runtime import config, main
from services.runtime import db as database
from services.runtime.call import Call
from services.runtime.config import Common
from services.runtime.db import Tx
from services.runtime.durability import NotDurable
from services.runtime.jobs import Job
from services.runtime.main import Living, PartEnded, Parts, Service
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething
from tests.support.cable import cable
from tests.support.eventually import eventually
from tests.support.system import System

PATIENTLY = aiohttp.ClientTimeout(total=30)
OPEN = """
    SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()
"""


def settings(system: System, **other: str) -> Common:
    system.give_port("booking")
    return config.load(Common, system.environment("booking") | other)


async def start(pieces: Pieces, service: Service, **other: str) -> Living:
    system = pieces.system
    return await main.start("booking", lambda _, __: service, settings(system, **other), system.clock)


async def ready(system: System) -> tuple[int, Any]:
    """What /health/ready says; 0 when nobody answers."""
    url = f"{system.http('booking')}/health/ready"
    try:
        async with aiohttp.ClientSession(timeout=PATIENTLY) as http, http.get(url) as said:
            return said.status, await said.json()
    except (aiohttp.ClientError, TimeoutError):
        return 0, None


async def says(system: System, status: int) -> bool:
    return (await ready(system))[0] == status


async def answers(system: System, status: int, said: Any) -> bool:
    return await ready(system) == (status, said)


@pytest.fixture
async def living(pieces: Pieces) -> AsyncIterator[Living]:
    alive = await start(pieces, Service())
    yield alive
    await alive.stop()


async def test_ready_comes_last(pieces: Pieces) -> None:
    at_start: list[int] = []

    async def look() -> None:
        at_start.append((await ready(pieces.system))[0])

    living = await start(pieces, Service(on_start=look))

    assert at_start == [0]
    await eventually(lambda: answers(pieces.system, 200, {"status": "ready"}))
    await living.stop()
    assert (await ready(pieces.system))[0] == 0


async def test_ready_goes_first_and_what_is_in_hand_is_finished(pieces: Pieces) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(request: DoSomething, _: Call) -> Done:
        begun.set()
        await go_on.wait()
        return Done(request.what)

    living = await start(pieces, Service(handlers={DoSomething: slowly}))
    asker = await pieces.bus("gateway")
    call = pieces.run(asker.call(DoSomething(), pieces.call()))
    await begun.wait()

    stopping = pieces.run(living.stop())
    await eventually(lambda: not living._health.ready)  # asked by HTTP, it would race with the closing
    in_hand = not call.done()
    go_on.set()

    assert in_hand
    assert await call == Done("something")
    await stopping


async def test_before_it_goes_it_says_so_and_still_works(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks over HTTP must have gone elsewhere before connections are closed."""
    monkeypatch.setattr(main, "LEAVE_SECONDS", 60)
    living = await start(pieces, Service(web=web.Application()))

    leaving = pieces.run(living.leave())
    await eventually(lambda: says(pieces.system, 503))

    assert not leaving.done()
    leaving.cancel()
    await living.stop()


async def test_not_ready_while_nats_hangs(storm: Pieces) -> None:
    living = await start(storm, Service())
    await eventually(lambda: says(storm.system, 200))
    storm.system.nats.freeze()
    await eventually(lambda: answers(storm.system, 503, {"status": "not ready", "away": ["nats"]}))
    storm.system.nats.thaw()
    await eventually(lambda: says(storm.system, 200))
    await living.stop()


async def test_not_ready_while_the_database_is_away(pieces: Pieces) -> None:
    system = pieces.system
    async with cable(system.postgres.port) as line:
        url = system.database_url("booking").replace(f":{system.postgres.port}/", f":{line.port}/")
        living = await start(pieces, Service(), DIGIAULA_DATABASE_URL=url)
        await line.cut()
        await eventually(lambda: answers(system, 503, {"status": "not ready", "away": ["database"]}))
        await line.mend()
        await eventually(lambda: says(system, 200))
        await living.stop()


async def test_a_loop_that_dies_ends_the_service(pieces: Pieces) -> None:
    async def fall() -> datetime | None:
        raise ZeroDivisionError

    job = Job("falls", fall, every=timedelta(hours=1), clock=pieces.system.clock)
    living = await start(pieces, Service(jobs=[job]))

    with capture_logs() as logs, pytest.raises(PartEnded):
        await asyncio.wait_for(living.until(asyncio.Event()), 30)

    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["loop.died", "service.broken"]
    await living.stop()


async def test_nats_closed_for_good_ends_the_service(pieces: Pieces) -> None:
    parts: list[Parts] = []

    def build(given: Parts, _: Common) -> Service:
        parts.append(given)
        return Service()

    living = await main.start("booking", build, settings(pieces.system), pieces.system.clock)
    waiting = pieces.run(living.until(asyncio.Event()))

    await parts[0].bus.client.close()

    with pytest.raises(PartEnded):
        await asyncio.wait_for(waiting, 30)
    await living.stop()


async def test_a_service_opens_no_more_connections_than_it_is_told(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ACQUIRE_SECONDS", 0.2)
    parts: list[Parts] = []
    all_in, go = asyncio.Barrier(4), asyncio.Event()

    def build(given: Parts, _: Common) -> Service:
        parts.append(given)
        return Service()

    async def stay(_: Tx) -> None:
        await all_in.wait()
        await go.wait()

    few = settings(pieces.system, DIGIAULA_DATABASE_CONNECTIONS="3")
    living = await main.start("booking", build, few, pieces.system.clock)
    staying = [pieces.run(parts[0].db.transact(stay)) for _ in range(3)]
    await asyncio.wait_for(all_in.wait(), 30)

    with pytest.raises(Unavailable):
        await parts[0].db.ping()

    go.set()
    await asyncio.gather(*staying)
    await parts[0].db.ping()
    await living.stop()


async def test_a_service_that_is_told_to_stop_just_stops(living: Living) -> None:
    stop = asyncio.Event()
    stop.set()

    await asyncio.wait_for(living.until(stop), 30)


async def test_a_start_that_fails_lets_go_of_everything(pieces: Pieces) -> None:
    async def fail() -> None:
        raise Unavailable("a neighbour")

    with pytest.raises(Unavailable):
        await start(pieces, Service(on_start=fail))

    await eventually(lambda: no_connections(pieces.system))


async def no_connections(system: System) -> bool:
    return not (await system.sql(OPEN, "digiaula-booking"))[0]["n"]


@pytest.fixture
async def careless(tmp_path: Path) -> AsyncIterator[Nats]:
    """A server with JetStream's own default: synced every two minutes."""
    configuration = tmp_path / "careless.conf"
    text = CONFIGURATION.read_text(encoding="utf-8")
    assert "  sync_interval: always\n" in text
    configuration.write_text(text.replace("  sync_interval: always\n", ""), encoding="utf-8")
    server = await Nats(tmp_path / "careless", configuration=configuration).start()
    yield server
    await server.stop()


async def test_no_service_starts_on_a_store_that_does_not_sync_every_write(
    pieces: Pieces, careless: Nats
) -> None:
    with pytest.raises(NotDurable, match="sync_interval: always"):
        await start(pieces, Service(), DIGIAULA_NATS_URL=careless.url("booking"))

    living = await start(pieces, Service())  # the control: the server as we configure it
    await living.stop()


async def test_no_service_starts_on_a_store_that_does_not_tell(pieces: Pieces, tmp_path: Path) -> None:
    silent = tmp_path / "silent.conf"
    silent.write_text(
        CONFIGURATION.read_text(encoding="utf-8").replace(
            'imports: [{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ"}}]', ""
        ),
        encoding="utf-8",
    )
    server = await Nats(tmp_path / "silent", configuration=silent).start()

    with pytest.raises(NotDurable, match="PING"):
        await start(pieces, Service(), DIGIAULA_NATS_URL=server.url("booking"))

    await server.stop()


def python(*args: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *args],
        env=plain_environment(os.environ) | env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def ended(process: "subprocess.Popen[str]", *, within: float) -> tuple[int, str, str]:
    out, err = await asyncio.to_thread(process.communicate, timeout=within)
    return process.returncode, out, err


async def test_a_process_told_to_end_ends_well(pieces: Pieces) -> None:
    system = pieces.system
    system.give_port("booking")
    process = python("-m", "services.booking", env=system.environment("booking"))
    await eventually(lambda: says(system, 200), within=60)

    process.send_signal(signal.SIGTERM)
    code, out, err = await ended(process, within=60)

    assert (code, err) == (0, "")
    events = [line.split('"event":"')[1].split('"')[0] for line in out.splitlines()]
    assert events[-2:] == ["service.stopping", "service.stopped"]


async def test_all_missing_settings_are_named_at_once_and_no_value_is_shown() -> None:
    env = {"DIGIAULA_HTTP_PORT": "a-secret-by-mistake"}
    process = python("-m", "services.booking", env=env)

    code, out, err = await ended(process, within=60)

    assert code == 1
    assert "DIGIAULA_DATABASE_URL" in err
    assert "DIGIAULA_NATS_URL" in err
    assert "unusable settings: DIGIAULA_HTTP_PORT" in err
    assert "by-mistake" not in out + err


async def test_a_process_on_a_careless_store_says_so_and_ends(pieces: Pieces, careless: Nats) -> None:
    system = pieces.system
    system.give_port("booking")
    env = system.environment("booking") | {"DIGIAULA_NATS_URL": careless.url("booking")}

    code, out, err = await ended(python("-m", "services.booking", env=env), within=60)

    assert (code, err) == (1, "")
    assert '"event":"service.not_started"' in out
    assert "sync_interval: always" in out


STUMBLES = """
from services.runtime.config import Common
from services.runtime.main import Service, run

def build(parts, settings):
    async def on_start():
        async def twice(tx):
            sql = "INSERT INTO command (scope, key, fingerprint) VALUES ('anna@x.fi', 'k', '')"
            await tx.execute(sql)
            await tx.execute(sql)
        {stumble}
    return Service(on_start=on_start)

run("booking", build, Common)
"""


@pytest.mark.parametrize(
    "stumble",
    [
        "await parts.db.transact(twice)",
        # where nobody waits for it: told by the event loop, in words of its own
        "import asyncio; await asyncio.wait({asyncio.create_task(parts.db.transact(twice))});"
        " raise SystemError",
    ],
)
async def test_a_process_that_fails_at_its_start_prints_nobodys_address(
    pieces: Pieces, stumble: str
) -> None:
    """The interpreter and the event loop would print the error's words, which quote a broken key."""
    system = pieces.system
    system.give_port("booking")
    process = python("-c", STUMBLES.format(stumble=stumble), env=system.environment("booking"))

    code, out, err = await ended(process, within=60)

    assert (code, err) == (1, "")
    assert "UniqueViolationError [23505 command_once]" in out
    assert "anna" not in out
