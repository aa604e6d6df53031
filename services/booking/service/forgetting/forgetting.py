"""For how long booking knows what residents told of themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.booking.store.forgetting import forgetting as store
from services.runtime.db import Database
from services.runtime.forgetting import forget_all

LINK_REQUESTS = timedelta(days=1)


@dataclass(frozen=True)
class Keep:
    """`contact` and `note` count from the end of the meeting, `contact` of a group's from its last one and
    of what was cancelled from then. `unconfirmed`: what was held and never confirmed. `words`: of feedback.
    """

    contact: timedelta = timedelta(days=30)
    note: timedelta = timedelta(days=7)
    unconfirmed: timedelta = timedelta(hours=24)
    words: timedelta = timedelta(days=365)


async def forget(db: Database, keep: Keep, *, now: datetime) -> None:
    """Everything whose time is over. Twice is once, and broken off it goes on where it was."""
    contact, unconfirmed = now - keep.contact, now - keep.unconfirmed
    await forget_all(
        db,
        lambda tx, most: store.forget_contacts(
            tx, over_before=contact, unconfirmed_before=unconfirmed, now=now, most=most
        ),
    )
    await forget_all(db, lambda tx, most: store.forget_notes(tx, over_before=now - keep.note, most=most))
    await forget_all(db, lambda tx, most: store.forget_reasons(tx, over_before=contact, most=most))
    words = (now - keep.words).date()
    await forget_all(db, lambda tx, most: store.forget_words(tx, given_before=words, most=most))
    asked = now - LINK_REQUESTS
    await forget_all(db, lambda tx, most: store.forget_link_requests(tx, asked_before=asked, most=most))
