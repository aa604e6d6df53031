"""What people read: the right language, the right wall clock, nothing unescaped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jinja2
import pytest

from services.runtime import texts
from services.runtime.texts import Texts

ZONE = "Europe/Helsinki"
NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
AT = datetime(2027, 1, 12, 11, tzinfo=UTC)
ENDS = datetime(2027, 1, 12, 11, 45, tzinfo=UTC)
PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Hello %(name)s"
msgstr "Hei %(name)s"

msgctxt "button"
msgid "Open"
msgstr "Avaa"

msgid "%(num)s time"
msgid_plural "%(num)s times"
msgstr[0] "%(num)s aika"
msgstr[1] "%(num)s aikaa"
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Texts:
    (tmp_path / "fi.po").write_text(PO, encoding="utf-8")
    (tmp_path / "sv.po").write_text(PO.replace("Hei ", "Hej "), encoding="utf-8")
    return Texts.load(tmp_path)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", "tiistaina 12. tammikuuta klo 13.00"),
        ("sv", "tisdag 12 januari kl. 13.00"),
        ("en", "Tuesday 12 January at 13:00"),
    ],
)
def test_a_moment_is_said_in_the_slots_zone(language: str, words: str) -> None:
    assert texts.moment_in_words(AT, ZONE, NOW, language=language) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", "tiistaina 12. tammikuuta klo 13.00–13.45"),
        ("sv", "tisdag 12 januari kl. 13.00–13.45"),
        ("en", "Tuesday 12 January, 13:00–13:45"),
    ],
)
def test_a_span_names_the_day_once(language: str, words: str) -> None:
    assert texts.span_in_words(AT, ENDS, ZONE, NOW, language=language) == words


def test_a_span_over_midnight_names_both_days() -> None:
    late, early = datetime(2027, 1, 12, 21, tzinfo=UTC), datetime(2027, 1, 12, 23, tzinfo=UTC)

    words = texts.span_in_words(late, early, ZONE, NOW, language="en")

    assert words == "Tuesday 12 January at 23:00 – Wednesday 13 January at 01:00"


@pytest.mark.parametrize(
    ("language", "words"),
    [("fi", "ti 12.1. klo 13.00"), ("sv", "tis 12.1 kl. 13.00"), ("en", "Tue 12 Jan at 13:00")],
)
def test_a_subject_has_room_for_a_moment(language: str, words: str) -> None:
    assert texts.short_moment_in_words(AT, ZONE, language=language) == words


@pytest.mark.parametrize(("language", "words"), [("fi", "klo 13.00"), ("sv", "kl. 13.00"), ("en", "13:00")])
def test_a_time_of_day_is_said_as_people_say_it(language: str, words: str) -> None:
    assert texts.time_in_words(AT, ZONE, language=language) == words


def test_every_finnish_weekday_answers_the_question_when() -> None:
    days = [texts.day_in_words(AT + timedelta(days=n), ZONE, NOW, language="fi") for n in range(7)]

    assert [day for day in days if not day.split()[0].endswith("na")] == []


def test_the_year_is_said_when_it_is_another_one() -> None:
    december = datetime(2026, 12, 30, 9, tzinfo=UTC)

    assert texts.day_in_words(AT, ZONE, december, language="fi") == "tiistaina 12. tammikuuta 2027"
    assert texts.day_in_words(AT, ZONE, december, language="en") == "Tuesday 12 January 2027"


def test_which_year_it_is_is_decided_by_the_wall_clock() -> None:
    new_year_in_helsinki = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)

    assert "2027" not in texts.day_in_words(AT, ZONE, new_year_in_helsinki, language="fi")


def test_the_same_wall_time_is_said_before_and_after_the_clocks_change() -> None:
    winter, summer = datetime(2027, 3, 27, 11, tzinfo=UTC), datetime(2027, 3, 28, 10, tzinfo=UTC)

    said = [texts.time_in_words(at, ZONE, language="fi") for at in (winter, summer)]

    assert said == ["klo 13.00", "klo 13.00"]


def test_each_language_says_it_its_own_way(loaded: Texts, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("{% trans %}Hello {{ name }}{% endtrans %}")

    said = [
        loaded.environment(tmp_path, language).get_template("hello.txt").render(name="Åsa")
        for language in texts.LANGUAGES
    ]

    assert said == ["Hei Åsa", "Hej Åsa", "Hello Åsa"]


def test_plurals_and_contexts_are_translated(loaded: Texts) -> None:
    finnish, english = loaded.translations("fi"), loaded.translations("en")

    assert finnish.ngettext("%(num)s time", "%(num)s times", 1) == "%(num)s aika"
    assert finnish.ngettext("%(num)s time", "%(num)s times", 2) == "%(num)s aikaa"
    assert finnish.pgettext("button", "Open") == "Avaa"
    assert english.pgettext("button", "Open") == "Open"


def test_html_is_escaped_and_plain_text_is_not(loaded: Texts, tmp_path: Path) -> None:
    for name in ("a.html", "a.txt"):
        (tmp_path / name).write_text("{% trans %}Hello {{ name }}{% endtrans %}")
    environment = loaded.environment(tmp_path, "fi")

    said = {
        name: environment.get_template(name).render(name="<b>D'Arc</b>") for name in ("a.html", "a.txt")
    }

    assert said == {"a.html": "Hei &lt;b&gt;D&#39;Arc&lt;/b&gt;", "a.txt": "Hei <b>D'Arc</b>"}


def test_a_text_broken_over_lines_is_one_message(loaded: Texts, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{% trans %}\n  Hello\n  {{ name }}\n{% endtrans %}")

    assert loaded.environment(tmp_path, "fi").get_template("a.txt").render(name="Åsa") == "Hei Åsa"


def test_templates_speak_of_moments(loaded: Texts, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{{ at | span(ends, zone, now) }} / {{ at | time_of_day(zone) }}")

    said = (
        loaded.environment(tmp_path, "fi")
        .get_template("a.txt")
        .render(at=AT, ends=ENDS, zone=ZONE, now=NOW)
    )

    assert said == "tiistaina 12. tammikuuta klo 13.00–13.45 / klo 13.00"


def test_a_forgotten_variable_is_an_error_not_a_gap(loaded: Texts, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{{ nobody }}")

    with pytest.raises(jinja2.UndefinedError):
        loaded.environment(tmp_path, "fi").get_template("a.txt").render()
