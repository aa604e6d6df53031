"""A second copy of services that already run, in this process, over the same servers and the same clock."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.runtime import config, main
from tests.support.system import System


class Copies:
    """The other copies, by service: where they are, and a way to stop one."""

    def __init__(self, system: System) -> None:
        self.ports: dict[str, int] = {}
        self._system = system
        self._living: dict[str, main.Living] = {}

    async def start(self, *names: str, **settings: str) -> None:
        """Each reached at a port of its own, behind the same public address."""
        for name in names:
            module = importlib.import_module(f"services.{name}.app")
            settings_type = importlib.import_module(f"services.{name}.config").Config
            environ = self._system.environment(name) | {f"DIGIAULA_{k}": v for k, v in settings.items()}
            first = self._system.ports[name]
            self._system.give_port(name)
            self.ports[name], self._system.ports[name] = self._system.ports[name], first
            environ["DIGIAULA_HTTP_PORT"] = str(self.ports[name])
            self._living[name] = await main.start(
                name, module.build, config.load(settings_type, environ), self._system.clock
            )

    async def stop(self, *names: str) -> None:
        for name in names or tuple(reversed(self._living)):
            await self._living.pop(name).stop()

    def http(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"


@asynccontextmanager
async def second_copies(system: System, *names: str) -> AsyncIterator[Copies]:
    copies = Copies(system)
    try:
        await copies.start(*names)
        yield copies
    finally:
        await copies.stop()
