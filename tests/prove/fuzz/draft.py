"""A request while it is being made."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.prove.fuzz.wire import Sent


@dataclass
class Draft:
    """`data` becomes JSON, `fields` a form, `raw` goes as it is."""

    method: str
    path: list[str]
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    data: Any = None
    fields: list[tuple[str, str]] | None = None
    raw: bytes | None = None
    target: bytes | None = None
    framed: bool = True
    spoiled: list[str] = field(default_factory=list)

    def put(self, name: str, value: str | bytes) -> None:
        self.drop(name)
        said = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        self.headers.append((name.encode(), said))

    def drop(self, name: str) -> None:
        self.headers = [item for item in self.headers if item[0].lower() != name.lower().encode()]

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if self.fields is not None:
            return urlencode(self.fields, errors="surrogatepass").encode()
        return b"" if self.data is None else json.dumps(self.data).encode()

    def sent(self) -> Sent:
        target = self.target
        if target is None:
            target = ("/" + "/".join(self.path)).encode("utf-8", "surrogatepass")
            query = urlencode(self.query, errors="surrogatepass")
            target += b"?" + query.encode() if query else b""
        return Sent(self.method, target, tuple(self.headers), self.body(), self.framed)
