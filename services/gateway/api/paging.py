"""How lists are asked for in pages."""

from typing import Annotated

from msgspec import Meta, Struct

Limit = Annotated[int, Meta(ge=1, le=100)]
Cursor = Annotated[str, Meta(max_length=400)]


class Page(Struct, frozen=True, kw_only=True):
    limit: Limit = 50
    cursor: Cursor | None = None
