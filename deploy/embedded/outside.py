"""A PostgreSQL that somebody else runs, in the place of our own."""

import asyncio
from typing import Self
from urllib.parse import quote, urlsplit


class OutsidePostgres:
    """Looks like ours to the rest, except that starting and stopping it is not our business."""

    name = "postgres"
    pid = 0

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    async def start(self) -> Self:
        return self

    async def stop(self) -> None:
        """Leave it running: it was running before us."""

    async def kill(self) -> None:
        """The same."""

    async def wait(self) -> int:
        return int(await asyncio.Event().wait())

    def address(self, database: str) -> str:
        """Host, port, database and options, without who is asking."""
        place = self._url.netloc.rpartition("@")[2]
        options = f"?{self._url.query}" if self._url.query else ""
        return f"{place}/{database}{options}"

    def dsn(self, user: str, password: str, database: str) -> str:
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{self.address(database)}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        return self._url._replace(path=f"/{database}").geturl()
