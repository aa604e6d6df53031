"""The themes by which residents look for help: their words, their order, and whether they are offered."""

import re
import unicodedata

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store.directory import themes as store
from services.contracts.booking.catalogue import ListThemes, PutTheme, Theme, Themes, Words
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx

LONGEST_NAME = 80
LONGEST_ID = 40
MOST = 200


async def list_themes(tx: Tx, request: ListThemes, _: Call, __: Deps) -> Themes:
    found = await store.themes(tx)
    return Themes(items=[theme for theme in found if request.hidden or not theme.hidden])


async def put_theme(tx: Tx, request: PutTheme, call: Call, _: Deps) -> Theme:
    """The whole order is written anew: there are some twenty of them, and changes are rare."""
    access.coordinator(call.actor)
    name = _checked(request.name)
    order = await store.lock_order(tx)
    if request.theme_id is not None and request.theme_id not in order:
        raise access.not_found()
    if request.theme_id is None and len(order) >= MOST:
        raise Refusal(Code.FORBIDDEN, f"There are already {MOST} themes.")
    theme = Theme(id=request.theme_id or _free_id(name.fi, order), name=name, hidden=request.hidden)
    if theme.id in order:
        await store.change(tx, theme)
    else:
        order.append(theme.id)
        await store.add(tx, theme, position=len(order))
    if request.position is not None:
        order.remove(theme.id)
        order.insert(max(request.position, 1) - 1, theme.id)
        await store.put_in_order(tx, order)
    return theme


def _checked(name: Words) -> Words:
    clean = Words(fi=name.fi.strip(), sv=name.sv.strip(), en=name.en.strip())
    errors = [
        {"field": f"name_{language}", "code": str(Code.NAME_INVALID), "detail": "1 to 80 characters."}
        for language in ("fi", "sv", "en")
        if not 1 <= len(getattr(clean, language)) <= LONGEST_NAME
        or not getattr(clean, language).isprintable()
    ]
    if errors:
        raise Refusal(Code.NAME_INVALID, "A theme has a name in each language.", errors=errors)
    return clean


def _free_id(name: str, taken: list[str]) -> str:
    """ "Arjen apu" becomes arjen-apu, and arjen-apu-2 if there is one already."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].rstrip("-") or "teema"
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem}-{number}"
    return found
