"""A8: no service runs on a message store that keeps up to two minutes of what it acknowledged in memory."""

import asyncio
import os
import sys
from pathlib import Path

from deploy.embedded.environment import SERVICES, plain_environment
from deploy.embedded.nats import CONFIGURATION, Nats
from deploy.embedded.ready import answers
from deploy.embedded.state import ROOT
from tests.prove.places import a_system
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.system import System


async def prove(run: Run) -> None:
    async with a_system(run) as system:
        careless = await _careless(run.new_folder())
        try:
            names = run.choose(long=SERVICES, short=SERVICES[:1])
            said = await asyncio.gather(*(_refuses(system, name, careless) for name in names))
            run.none(
                f"of {len(names)} services started without sync_interval: always",
                [name for name, refused in zip(names, said, strict=True) if not refused],
            )
        finally:
            await careless.stop()


async def control(run: Run) -> None:
    """The same process on the server as we configure it is ready."""
    async with a_system(run) as system:
        process = await _begin(system, "booking", system.nats.url("booking"))
        ready = f"{system.http('booking')}/health/ready"
        try:
            await eventually(lambda: answers(ready), within=IN_THE_END)
            came = True
        except AssertionError:
            came = False
        process.kill()
        await process.communicate()
    run.control("the careless setting", "the service is ready" if came else "it is not", broke=came)


async def _careless(folder: Path) -> Nats:
    folder.mkdir(parents=True)  # noqa: ASYNC240 - once, before there is anything to hold up
    configuration = folder / "careless.conf"
    text = CONFIGURATION.read_text(encoding="utf-8")
    assert "sync_interval: always" in text
    configuration.write_text(text.replace("sync_interval: always", ""), encoding="utf-8")
    return await Nats(folder, configuration=configuration).start()


async def _refuses(system: System, name: str, careless: Nats) -> bool:
    """Whether it ends by itself, in failure, with a line that says why."""
    process = await _begin(system, name, careless.url(name))
    try:
        out, _ = await asyncio.wait_for(process.communicate(), IN_THE_END)
    except TimeoutError:
        process.kill()
        await process.communicate()
        return False
    return process.returncode == 1 and b"service.not_started" in out and b"sync_interval: always" in out


async def _begin(system: System, name: str, nats_url: str) -> asyncio.subprocess.Process:
    system.give_port(name)
    environ = plain_environment(os.environ) | system.environment(name) | {"DIGIAULA_NATS_URL": nats_url}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{name}"),
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
