"""The proxy before two copies of the gateway, with the file that operators use."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from deploy.embedded.state import ROOT, port
from tests.integration.scaling.conftest import Both
from tests.support.eventually import eventually

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")

CADDYFILE = ROOT / "deploy" / "scaled" / "Caddyfile"


class Proxy:
    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._address = address
        self._session = session

    async def ask(self, path: str = "/") -> tuple[int, str, str | None]:
        """Status, text, and what Retry-After says."""
        async with self._session.get(f"{self._address}{path}") as said:
            return said.status, await said.text(), said.headers.get("Retry-After")

    async def opens(self) -> bool:
        try:
            return (await self.ask())[0] == 200
        except aiohttp.ClientError:
            return False


@pytest.fixture
async def proxy(both: Both, tmp_path: Path) -> AsyncIterator[Proxy]:
    """Over plain HTTP and on ports of its own, otherwise as it is."""
    address = f"http://127.0.0.1:{port(tmp_path, 'proxy')}"
    configuration = tmp_path / "Caddyfile"
    text = CADDYFILE.read_text(encoding="utf-8").replace(":8081", f":{port(tmp_path, 'check')}")
    configuration.write_text(text, encoding="utf-8")
    doors = " ".join(each.removeprefix("http://") for each in (both.a, both.b))
    told = {"DIGIAULA_PUBLIC_URL": address, "DIGIAULA_GATEWAYS": doors, "HOME": str(tmp_path)}
    with (tmp_path / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *("caddy", "run", "--adapter", "caddyfile", "--config", configuration),
            env=os.environ | told,
            stdout=said,
            stderr=said,
        )
    try:
        async with aiohttp.ClientSession() as session:
            running = Proxy(address, session)
            await eventually(running.opens, within=60)
            yield running
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("which", ["first", "second"])
async def test_a_client_whose_copy_is_gone_has_the_other(both: Both, proxy: Proxy, which: str) -> None:
    """One of the two is this client's: the other way round the same must hold."""
    gone = both.system if which == "first" else both.copies

    await gone.stop("gateway")

    assert {(await proxy.ask("/sign-in"))[0] for _ in range(20)} == {200}


async def test_with_none_of_them_ready_people_see_our_page_and_not_the_proxys(
    both: Both, proxy: Proxy
) -> None:
    await both.system.nats.kill()

    await eventually(lambda: _unready(proxy), within=60)
    _, text, again = await proxy.ask("/times")

    assert again
    assert "<html" in text
    await both.system.nats.start()
    await eventually(proxy.opens, within=60)


async def _unready(proxy: Proxy) -> bool:
    return (await proxy.ask("/times"))[0] == 503
