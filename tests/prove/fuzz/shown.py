"""What a page shows: the forms on it, and the words in it that are not in a field."""

from html.parser import HTMLParser

Fields = list[tuple[str, str, str]]
"""Of each field its name, a value, and its kind: text, one, some or button."""
KINDS = {"radio": "one", "checkbox": "some"}


class Reader(HTMLParser):
    """`outside` is every place of the page that is not the value of a field: text and other attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, Fields]] = []
        self.outside: list[str] = []
        self.tags: set[str] = set()
        self._select = ""
        self._typing = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        typed = tag in ("input", "option", "button")
        # Where a link leads each page's own check looks at; a form may lead to the page's own address.
        own = ("value",) if typed else ("href", "action")
        self.outside += [value for name, value in said.items() if name not in own]
        name = said.get("name", "")
        if tag == "form":
            self.forms.append((said.get("action", ""), []))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._typing = True
            self._add(name, "", "text")
        elif tag == "option":
            self._add(self._select, said.get("value", ""), "one")
        elif tag in ("input", "button"):
            kind = "button" if tag == "button" else KINDS.get(said.get("type", ""), "text")
            self._add(name, said.get("value", ""), kind)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._typing = False

    def handle_data(self, data: str) -> None:
        if not self._typing:
            self.outside.append(data)

    def _add(self, name: str, value: str, kind: str) -> None:
        if name and name not in ("csrf", "key") and self.forms:
            self.forms[-1][1].append((name, value, kind))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader
