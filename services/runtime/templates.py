"""Templates put together when they are read: what is the same every time is not looked up at every use.

Half of what it took to word a message were its pieces, each with a context of its own, and the looking up
of sentences that have nothing to fill in.
"""

import re
from collections.abc import Callable, MutableMapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import jinja2

_PIECE = re.compile(r'\{% include "([^"]+)" %\}')
# Words without anything to fill in. A percent sign would mean something else to the catalogue.
_WORDS = re.compile(r"\{% trans %\}([^{}%]+)\{% endtrans %\}")
_LINE_END = re.compile(r"\s*\n\s*")
# What would be seen, or be missing, outside of a piece that stands in another template.
_NOT_IN_PIECES = re.compile(r"\{%[-+]? *(set|import|from|macro|block|extends)\b")
_MARKS = re.compile(r"\{[{%#]|%")

Source = tuple[str, str, Callable[[], bool]]


class Environment(jinja2.Environment):
    """Whatever is known to all templates is there before the first of them is read: so each has it as one
    dictionary, where the library would look through two whenever one is used."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class WholeTemplates(jinja2.FileSystemLoader):
    """Each template with its pieces and with its words in one language."""

    def __init__(self, folder: Path, words: NullTranslations) -> None:
        super().__init__(folder)
        self._words = words

    def get_source(self, environment: jinja2.Environment, template: str) -> Source:
        source, filename, is_current = super().get_source(environment, template)

        def piece(found: re.Match[str]) -> str:
            text = self.get_source(environment, found[1])[0].removesuffix("\n")
            if _NOT_IN_PIECES.search(text):
                raise ValueError(f"{found[1]} cannot stand in {template}")
            return text

        return _WORDS.sub(self._said, _PIECE.sub(piece, source)), filename, is_current

    def _said(self, found: re.Match[str]) -> str:
        said = self._words.gettext(_LINE_END.sub(" ", found[1].strip()))
        return found[0] if _MARKS.search(said) else said
