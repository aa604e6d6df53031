"""Themes and their order."""

from collections.abc import Sequence

from services.contracts.booking.catalogue import Theme, Words
from services.runtime.db import Tx

THEMES = "SELECT id, name_fi, name_sv, name_en, hidden FROM theme ORDER BY position, id"
LOCK_ORDER = "SELECT id FROM theme ORDER BY position, id FOR UPDATE"
# Two new themes at once would not see each other's rows; what is rare may wait.
ONE_AT_A_TIME = "LOCK TABLE theme IN SHARE ROW EXCLUSIVE MODE"
ADD = """
    INSERT INTO theme (id, position, name_fi, name_sv, name_en, hidden) VALUES ($1, $2, $3, $4, $5, $6)
"""
CHANGE = "UPDATE theme SET name_fi = $2, name_sv = $3, name_en = $4, hidden = $5 WHERE id = $1"
PUT_IN_ORDER = """
    UPDATE theme t SET position = o.place
    FROM unnest($1::text[]) WITH ORDINALITY AS o (id, place) WHERE t.id = o.id AND t.position <> o.place
"""


async def themes(tx: Tx) -> Sequence[Theme]:
    return [
        Theme(
            id=row["id"],
            name=Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"]),
            hidden=row["hidden"],
        )
        for row in await tx.fetch(THEMES)
    ]


async def lock_order(tx: Tx) -> list[str]:
    """The ids as they stand; nobody else changes them until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME)
    return [row["id"] for row in await tx.fetch(LOCK_ORDER)]


async def add(tx: Tx, new: Theme, *, position: int) -> None:
    await tx.execute(ADD, new.id, position, new.name.fi, new.name.sv, new.name.en, new.hidden)


async def change(tx: Tx, theme: Theme) -> None:
    await tx.execute(CHANGE, theme.id, theme.name.fi, theme.name.sv, theme.name.en, theme.hidden)


async def put_in_order(tx: Tx, ids: Sequence[str]) -> None:
    await tx.execute(PUT_IN_ORDER, list(ids))
