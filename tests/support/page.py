"""A page as a visitor without script meets it: read, checked, and its forms filled in and sent.

Every page that a test opens is held against what every page promises, so that
no test has to remember.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp

Typed = str | list[str] | None
"""What goes into a field: one value, several, or the field left out."""

VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "path", "circle"})
ERROR = {"fi": "Virhe: ", "sv": "Fel: ", "en": "Error: "}
KNOWN_PARAMETERS = frozenset({"lang", "week", "after", "done", "back", "another"})
# What coordinators filter their lists by: days, ids and states. Never a name.
FILTERS = frozenset(
    {"from", "to", "organisation", "host", "theme", "status", "person", "booking", "spoken"}
)
FOR_COORDINATORS = ("/coordinator", "/bookings/")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def walk(self) -> Iterator["Node"]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def all(self, *tags: str) -> list["Node"]:
        return [node for node in self.walk() if node.tag in tags]

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in ("script", "style", "noscript"):
                yield from child._pieces()
                yield " " if child.tag in ("p", "li", "div", "option", *HEADINGS) else ""


class _Reader(HTMLParser):
    """Builds the tree, and will not have a tag left open or closed twice."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node("")
        self._open = [self.root]
        self.doctype = ""

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Node(tag, dict(attrs))
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class Page:
    """What came back, read. Making one checks it."""

    def __init__(self, *, url: str, status: int, html: str) -> None:
        self.url, self.status, self.html = url, status, html
        reader = _Reader()
        reader.feed(html)
        assert reader.doctype.lower() == "doctype html"
        assert len(reader._open) == 1, f"left open: {[node.tag for node in reader._open]}"
        self.root = reader.root
        check(self)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def language(self) -> str:
        return self.one("html")["lang"]

    @property
    def title(self) -> str:
        return self.one("title").text

    @property
    def heading(self) -> str:
        return self.one("h1").text

    @property
    def text(self) -> str:
        return self.one("main").text

    def all(self, *tags: str) -> list[Node]:
        return self.root.all(*tags)

    def one(self, tag: str) -> Node:
        found = self.all(tag)
        assert len(found) == 1, f"{len(found)} of <{tag}>"
        return found[0]

    def by_id(self, identifier: str) -> Node:
        return next(node for node in self.root.walk() if node["id"] == identifier)

    @property
    def links(self) -> list[str]:
        return [node["href"] for node in self.all("a")]

    def form(self, action: str) -> "FormNode":
        """The first form that posts to an address with this end."""
        for node in self.all("form"):
            if node["action"].endswith(action):
                return FormNode(node)
        raise AssertionError(f"no form to {action} among {[node['action'] for node in self.all('form')]}")

    def has_form(self, action: str) -> bool:
        return any(node["action"].endswith(action) for node in self.all("form"))

    @property
    def errors(self) -> dict[str, str]:
        """What the summary says, by the field that each line leads to."""
        if not any(node["id"] == "errors" for node in self.root.walk()):
            return {}
        return {link["href"].removeprefix("#"): link.text for link in self.by_id("errors").all("a")}


class FormNode:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.action = node["action"]

    @property
    def values(self) -> list[tuple[str, str]]:
        """What a browser would send if the first button were pressed without touching anything."""
        sent: list[tuple[str, str]] = []
        for item in self.node.all("input", "select", "textarea"):
            sent += _value_of(item)
        return sent

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.values)

    def filled(self, changes: Mapping[str, Typed]) -> list[tuple[str, str]]:
        """The form's own values with these in their place; None leaves a field out."""
        kept = [(name, value) for name, value in self.values if name not in changes]
        for name, change in changes.items():
            several = change if isinstance(change, list) else [] if change is None else [change]
            kept += [(name, value) for value in several]
        return kept


def _value_of(item: Node) -> list[tuple[str, str]]:
    name = item["name"]
    if item.tag == "textarea":
        return [(name, "".join(child for child in item.children if isinstance(child, str)))]
    if item.tag == "select":
        options = item.all("option")
        chosen = next((option for option in options if "selected" in option.attributes), options[0])
        return [(name, chosen["value"])]
    if item["type"] in ("checkbox", "radio") and "checked" not in item.attributes:
        return []
    return [(name, item["value"])]


def check(page: Page) -> None:
    """What every page promises to everybody."""
    _check_frame(page)
    _check_headings(page)
    _check_fields(page)
    _check_forms(page)
    _check_nothing_foreign(page)
    for node in page.all("time"):
        assert node["datetime"], "a moment that machines cannot read"
    for node in page.all("a", "button"):
        assert node.text, f"nothing to hear at {node}"
    for link in page.links:
        known = KNOWN_PARAMETERS | ({"jwt"} if link.startswith("https://meet.") else frozenset())
        known |= FILTERS if page.path.startswith(FOR_COORDINATORS) else frozenset()
        assert set(parse_qs(urlsplit(link).query)) <= known, f"what is that in {link}?"


def _check_frame(page: Page) -> None:
    assert page.language in ERROR
    assert page.title.endswith(" – Digiaula")
    assert "POT-Creation-Date" not in page.html, "an empty text was looked up"
    is_error = page.title.startswith(ERROR[page.language])
    has_summary = any(node["id"] == "errors" for node in page.root.walk())
    assert is_error or (page.status < 400 and not has_summary), f"no sign of an error in {page.title!r}"
    assert page.one("main")["id"] == "main"
    first = page.all("a", "button", "input")[0]
    assert first["href"] == "#main", "the way past the head comes first"
    ids = [node["id"] for node in page.root.walk() if node["id"]]
    assert len(ids) == len(set(ids)), f"an id twice: {sorted(ids)}"
    assert "112" in page.root.text or page.path.startswith("/my"), "no emergency number"


def _check_headings(page: Page) -> None:
    assert page.heading
    levels = [int(node.tag[1]) for node in page.root.walk() if node.tag in HEADINGS]
    after_h1 = levels[levels.index(1) :]
    for above, below in pairwise(after_h1):
        assert below <= above + 1, f"a level of headings is left out: {levels}"


def _check_fields(page: Page) -> None:
    labels = {node["for"]: node.text for node in page.all("label")}
    known = {node["id"] for node in page.root.walk() if node["id"]}
    for node in page.all("input", "select", "textarea"):
        if node["type"] == "hidden":
            continue
        assert labels.get(node["id"]), f"no label for {node.attributes}"
        if node["type"] not in ("checkbox", "radio"):
            assert node["autocomplete"], f"no autocomplete on {node['id']}"
    for node in page.root.walk():
        for reference in node["aria-describedby"].split():
            assert reference in known, f"{reference} is described nowhere"
    for name in page.errors:
        assert name in known, f"the summary leads to {name}, which is not there"


def _check_forms(page: Page) -> None:
    for node in page.all("form"):
        assert node["method"] == "post", "what is sought would stand in the address"
        assert node["action"].startswith("/")
        token = [item for item in node.all("input") if item["name"] == "csrf"]
        assert len(token) == 1, f"no token in the form to {node['action']}"
        assert len(token[0]["value"]) >= 20
        assert node.all("button"), "a form without a button"


def _check_nothing_foreign(page: Page) -> None:
    """No script or style in the page itself, and nothing fetched from elsewhere."""
    for node in page.root.walk():
        inline = [name for name in node.attributes if name == "style" or name.startswith("on")]
        assert not inline, f"{inline} on <{node.tag}>"
        if node.tag == "script":
            assert node["src"].startswith("/static/")
            assert not node.text
        if node.tag == "link":
            assert node["href"].startswith("/static/")
        assert node.tag not in ("style", "img", "iframe", "object")


class Visitor:
    """A browser without script: keeps cookies, follows redirects, and checks each page it is shown."""

    def __init__(self, address: str, *, language: str = "fi") -> None:
        self.address = address
        self.session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept-Language": language}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def open(self, path: str) -> Page:
        async with self.session.get(urljoin(self.address, path)) as response:
            return await _page(response)

    async def send(
        self,
        form: FormNode,
        typed: Mapping[str, Typed] | None = None,
        *,
        press: tuple[str, str] | None = None,
        **more: Typed,
    ) -> Page:
        """Press a button of the form, with these things typed into it."""
        data = form.filled({**(typed or {}), **more}) + ([press] if press else [])
        async with self.session.post(urljoin(self.address, form.action), data=data) as response:
            return await _page(response)


async def _page(response: aiohttp.ClientResponse) -> Page:
    html = await response.text()
    assert response.content_type == "text/html", f"{response.status} {html[:300]}"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    return Page(url=str(response.url), status=response.status, html=html)
