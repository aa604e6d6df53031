"""Checks that several use cases share."""

import re

from services.booking.store import catalogue
from services.contracts.refusals import Code, field_refusal
from services.runtime.db import Tx

_LANGUAGE = re.compile(r"[a-z]{2,3}")


async def check_theme(tx: Tx, theme: str) -> None:
    if not await catalogue.theme_exists(tx, theme):
        raise field_refusal(Code.FIELD_INVALID, "theme", "There is no such theme.")


def check_languages(languages: list[str]) -> None:
    """Codes of ISO 639: the meeting may be held in any language there is."""
    if not 1 <= len(languages) <= 10 or not all(_LANGUAGE.fullmatch(code) for code in languages):
        raise field_refusal(Code.FIELD_INVALID, "languages", "Languages are codes such as fi, sv or en.")
