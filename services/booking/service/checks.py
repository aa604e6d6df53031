"""Checks that several use cases share."""

import re
from datetime import datetime, timedelta

from services.booking.store.directory import catalogue
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.db import Tx

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
FURTHEST = timedelta(days=730)
LONGEST_REASON = 500

_LANGUAGE = re.compile(r"[a-z]{2,3}")


async def check_theme(tx: Tx, theme: str) -> None:
    if not await catalogue.theme_exists(tx, theme):
        raise field_refusal(Code.FIELD_INVALID, "theme", "There is no such theme.")


def check_languages(languages: list[str]) -> None:
    """Codes of ISO 639: the meeting may be held in any language there is."""
    if not 1 <= len(languages) <= 10 or not all(_LANGUAGE.fullmatch(code) for code in languages):
        raise field_refusal(Code.FIELD_INVALID, "languages", "Languages are codes such as fi, sv or en.")


def check_moment(starts_at: datetime, *, now: datetime) -> None:
    if starts_at <= now:
        raise Refusal(Code.SLOT_CLOSED, "A new time must be in the future.")
    if starts_at > now + FURTHEST:
        raise field_refusal(Code.TIME_INVALID, "starts_at", "At most two years ahead.")


def check_length(starts_at: datetime, ends_at: datetime, field: str = "ends_at") -> None:
    if not SHORTEST <= ends_at - starts_at <= LONGEST:
        raise field_refusal(Code.TIME_INVALID, field, "A time lasts from 5 minutes to 12 hours.")


def check_reason(text: str) -> str:
    """Why something is called off, as those who would have come are told."""
    reason = text.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise field_refusal(
            Code.REASON_REQUIRED, "reason", f"Say why in at most {LONGEST_REASON} characters."
        )
    return reason
