"""Every text is said in every language, and no catalogue holds what nobody says."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.runtime.texts import LANGUAGES, SOURCE

SERVICES = Path(__file__).parents[2] / "services"
SPEAKING = sorted(folder.parent.name for folder in SERVICES.glob("*/locale"))
TRANSLATED = [language for language in LANGUAGES if language != SOURCE]
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.txt", "jinja2"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.xml", "jinja2"),
]
# Only these: a service has functions of its own that the usual short names would find.
KEYWORDS = {
    "_": None,
    "N_": None,
    "say": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

PLACE = re.compile(r"%\(\w+\)s|%%")

Key = tuple[str | None, str]


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("service", SPEAKING)
def test_everything_said_is_translated(service: str, language: str) -> None:
    translated = {key for key, done in catalogue(service, language).items() if done}

    assert said(SERVICES / service) - translated == set()


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("service", SPEAKING)
def test_nothing_is_translated_that_nobody_says(service: str, language: str) -> None:
    assert set(catalogue(service, language)) - said(SERVICES / service) == set()


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("service", SPEAKING)
def test_a_translation_keeps_the_places_of_the_original(service: str, language: str) -> None:
    """A `%(name)s` that is missing or misspelt would be lost or break the page."""
    wrong = [
        message.id
        for message in read(service, language)
        if message.id and places(message.id) != places(message.string)
    ]

    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("service", SPEAKING)
def test_nothing_is_translated_twice(service: str, language: str) -> None:
    """Of two translations nobody can tell which is said."""
    text = (SERVICES / service / "locale" / f"{language}.po").read_text()
    known = re.findall(r"^(?:msgctxt .*\n)?msgid .*$", text, re.MULTILINE)

    assert [key for key, times in Counter(known).items() if times > 1 and key != 'msgid ""'] == []


def test_somebody_speaks() -> None:
    assert "notify" in SPEAKING


def test_a_new_text_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("{% trans %}\n  Never\n  said\n{% endtrans %}")
    (tmp_path / "a.py").write_text('words.pgettext("button", "Go")')

    assert said(tmp_path) == {(None, "Never said"), ("button", "Go")}


def said(service: Path) -> set[Key]:
    """Every text in the templates and the code of a service."""
    found = extract_from_dir(
        str(service), METHODS, {"**": {"trimmed": "true"}}, keywords=KEYWORDS, strip_comment_tags=True
    )
    return {(context, first(message)) for _, _, message, _, context in found}


def places(text: object) -> set[str]:
    forms = text if isinstance(text, (tuple, list)) else [text]
    return {place for form in forms for place in PLACE.findall(str(form))}


def catalogue(service: str, language: str) -> dict[Key, bool]:
    """Each text of a catalogue, and whether it is translated for good."""
    return {
        (message.context, first(message.id)): all_there(message.string) and not message.fuzzy
        for message in read(service, language)
        if message.id
    }


def read(service: str, language: str) -> Catalog:
    path = SERVICES / service / "locale" / f"{language}.po"
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def first(message: object) -> str:
    """A text as its singular."""
    return str(message[0] if isinstance(message, (tuple, list)) else message)


def all_there(translation: object) -> bool:
    forms = translation if isinstance(translation, (tuple, list)) else [translation]
    return all(forms)
