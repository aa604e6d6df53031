"""Texts in the three languages: catalogues, templates that use them, and moments in words.

English is written in the templates and in the code; `locale/fi.po` and
`locale/sv.po` of a service hold the other two. They are compiled in memory at
the start, so what is in the file is what is said.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache, partial
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from services.runtime.templates import Environment, WholeTemplates

LANGUAGES = ("fi", "sv", "en")
SOURCE = "en"

_LOCALES = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}
# Finland writes a full stop in the time in both its languages; the stock Swedish pattern does not.
_DAY = {"fi": "EEEE d. MMMM", "sv": "EEEE d MMMM", "en": "EEEE d MMMM"}
_SHORT_DAY = {"fi": "EEE d.M.", "sv": "EEE d.M", "en": "EEE d MMM"}
_HOUR = {"fi": "H.mm", "sv": "H.mm", "en": "HH:mm"}
_AT = {"fi": " klo ", "sv": " kl. ", "en": " at "}
_FROM = {"fi": " klo ", "sv": " kl. ", "en": ", "}


class Texts:
    """A service's catalogues."""

    def __init__(self, translations: dict[str, NullTranslations]) -> None:
        self._translations = translations

    @classmethod
    def load(cls, folder: Path) -> "Texts":
        """Read `folder`/fi.po and sv.po; a missing file is a bug, found at the start."""
        translations: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
        for language in LANGUAGES:
            if language != SOURCE:
                translations[language] = _compiled(folder / f"{language}.po", language)
        return cls(translations)

    def translations(self, language: str) -> NullTranslations:
        """gettext, ngettext and pgettext of that language."""
        return self._translations[language]

    def environment(self, templates: Path, language: str, *, whole: bool = False) -> jinja2.Environment:
        """Templates in one language. Everything is escaped but what is in a `.txt`. `whole`: with their
        pieces and words in place before they are used, for those whose pieces allow it.

        A variable that is not there is an error. Filters: `moment`, `short_moment`,
        `day` and `time_of_day`, each with the zone's name and those with a date
        with the present moment; `span` with the end before them.
        """
        words = self.translations(language)
        environment = Environment(
            loader=WholeTemplates(templates, words) if whole else jinja2.FileSystemLoader(templates),
            autoescape=jinja2.select_autoescape(disabled_extensions=["txt"], default=True),
            undefined=jinja2.StrictUndefined,
            auto_reload=False,  # a release brings its templates: no look at each file at every use
            extensions=["jinja2.ext.i18n"],
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
            words, newstyle=True
        )
        filters: dict[str, Callable[..., str]] = {
            "moment": moment_in_words,
            "short_moment": short_moment_in_words,
            "day": day_in_words,
            "time_of_day": time_in_words,
            "span": span_in_words,
        }
        environment.filters |= {
            name: partial(filter_, language=language) for name, filter_ in filters.items()
        }
        environment.globals["language"] = language
        return environment


def moment_in_words(at: datetime, zone: str, now: datetime, *, language: str) -> str:
    """ "tiistaina 12. tammikuuta klo 13.00", with the year when it is not the present one."""
    return day_in_words(at, zone, now, language=language) + _AT[language] + _hour(at, zone, language)


def short_moment_in_words(at: datetime, zone: str, *, language: str) -> str:
    """ "ti 12.1. klo 13.00", where there is little room."""
    day = _date(at.astimezone(ZoneInfo(zone)).date(), language, _SHORT_DAY[language])
    return day + _AT[language] + _hour(at, zone, language)


def day_in_words(at: datetime, zone: str, now: datetime, *, language: str) -> str:
    day = at.astimezone(ZoneInfo(zone)).date()
    this_year = day.year == now.astimezone(ZoneInfo(zone)).year
    words = _date(day, language, _DAY[language] if this_year else _DAY[language] + " y")
    # Babel 2.18 bends every Finnish weekday but this one.
    return words.replace("sunnuntai ", "sunnuntaina ")


def time_in_words(at: datetime, zone: str, *, language: str) -> str:
    """ "klo 13.00", "kl. 13.00", "13:00"."""
    return (_AT[language].lstrip() if language != "en" else "") + _hour(at, zone, language)


def span_in_words(starts: datetime, ends: datetime, zone: str, now: datetime, *, language: str) -> str:
    """ "tiistaina 12. tammikuuta klo 13.00–13.45"; both days are named when they differ."""
    first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (starts, ends))
    if first != last:
        return " – ".join(moment_in_words(at, zone, now, language=language) for at in (starts, ends))
    hours = f"{_hour(starts, zone, language)}–{_hour(ends, zone, language)}"
    return day_in_words(starts, zone, now, language=language) + _FROM[language] + hours


def _hour(at: datetime, zone: str, language: str) -> str:
    wall = at.astimezone(ZoneInfo(zone))
    return _time(time(wall.hour, wall.minute), language)


# Remembered by day and by hour: there are fewer of them than of moments, and whoever lists free times says
# each of them again and again.
@lru_cache(maxsize=4096)
def _date(day: date, language: str, pattern: str) -> str:
    return format_date(day, pattern, locale=_LOCALES[language])


@lru_cache(maxsize=4096)
def _time(at: time, language: str) -> str:
    return format_time(at, _HOUR[language], locale=_LOCALES[language])


def _compiled(path: Path, language: str) -> GNUTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
