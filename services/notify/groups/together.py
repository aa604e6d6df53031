"""Several letters to one person as one: each under what was its subject."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from services.notify.senders.letter import Channel, Letter, Paragraph
from services.notify.writing import Writer


def together(writer: Writer, letter: Letter, others: Sequence[Letter], *, along: Sequence[UUID]) -> Letter:
    """The letter with what the others say, in its language; so it tells the messages `along` too. Its id
    goes by all of them: with one more or one less it is another letter, and no repetition that a receiver
    may throw away."""
    ids = tuple(along)
    letter = replace(letter, id=_id_of([letter.id, *map(str, ids)]), along=ids)
    if not others:
        return letter
    letters = [letter, *others]
    if letter.channel is Channel.SMS:
        return replace(letter, text=" ".join(each.text for each in letters))
    subject, *opening, ending = writer.said("group/several", letter.language, links=[], count=len(letters))
    sections = [paragraph for each in letters for paragraph in _section(writer, each)]
    mail = writer.mail(letter.id, letter.to, letter.language, subject.words, [*opening, *sections, ending])
    calendars = [(each.calendar, each.calendar_method) for each in letters if each.calendar is not None]
    if not calendars:
        return replace(mail, along=ids)
    (calendar, method), *more = calendars
    return replace(mail, along=ids, calendar=calendar, calendar_method=method, more_calendars=tuple(more))


def _id_of(ids: Iterable[str]) -> str:
    """The same for the same messages, whichever of them is the first."""
    return str(UUID(bytes=sha256(" ".join(sorted(ids)).encode()).digest()[:16]))


def _section(writer: Writer, letter: Letter) -> Iterator[Paragraph]:
    """Without what is said once for all of them: the greeting, and that links are one's own."""
    words = writer.words(letter.language)
    for_all = {
        words.gettext("Hello!"),
        words.gettext("The link is yours alone, so please do not pass it on."),
    }
    yield Paragraph(letter.subject, heading=True)
    for paragraph in letter.paragraphs:
        if paragraph.words not in for_all:
            yield paragraph
