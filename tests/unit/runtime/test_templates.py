"""Templates put together beforehand say what they would have said piece by piece."""

from pathlib import Path

import pytest

from services.runtime.texts import Texts

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "Welcome, all of you."
msgstr "Tervetuloa <kaikki>."

msgid "It is 5 %% more."
msgstr "Se on 5 %% enemmän."
"""
WHOLE = """{% for name in names %}
{% include "piece.txt" %}
{% endfor %}
{% trans %}Welcome,
   all of you.{% endtrans %}
{% trans %}It is 5 % more.{% endtrans %}
{% trans names=names|length %}They are {{ names }}.{% endtrans %}
"""
PIECE = """- {{ name }}: {% include "words.txt" %}

"""
WORDS = """{% trans %}Welcome, all of you.{% endtrans %} {% trans %}Unknown words{% endtrans %}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in ("fi", "sv"):
        (tmp_path / f"{language}.po").write_text(PO, encoding="utf-8")
    for suffix in ("txt", "html"):
        for name, text in {"whole": WHOLE, "piece": PIECE, "words": WORDS}.items():
            (tmp_path / f"{name}.{suffix}").write_text(text.replace(".txt", f".{suffix}"))
    return tmp_path


def said(folder: Path, name: str, language: str, *, whole: bool) -> str:
    environment = Texts.load(folder).environment(folder, language, whole=whole)
    return environment.get_template(name).render(names=["<Anna>", "Ben"])


@pytest.mark.parametrize("language", ["fi", "en"])
@pytest.mark.parametrize("name", ["whole.txt", "whole.html"])
def test_a_whole_template_says_what_its_pieces_say(folder: Path, name: str, language: str) -> None:
    whole = said(folder, name, language, whole=True)

    assert whole == said(folder, name, language, whole=False)
    assert ("<Anna>" in whole) == (name == "whole.txt")
    assert ("Tervetuloa" in whole) == (language == "fi")


def test_words_of_a_catalogue_never_become_a_part_of_the_template(folder: Path) -> None:
    (folder / "fi.po").write_text(PO.replace("Tervetuloa", "{{ names }} {# sana"), encoding="utf-8")

    assert "{{ names }} {# sana <kaikki>" in said(folder, "whole.txt", "fi", whole=True)


def test_a_piece_that_would_change_what_stands_around_it_is_refused(folder: Path) -> None:
    (folder / "words.txt").write_text("{% set name = 'Cecilia' %}{{ name }}\n")

    assert "Cecilia" in said(folder, "whole.txt", "en", whole=False)
    with pytest.raises(ValueError, match=r"words\.txt cannot stand in piece\.txt"):
        said(folder, "whole.txt", "en", whole=True)
