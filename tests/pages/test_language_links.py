"""Choosing a language keeps the page where it is, and takes nothing along that no page asks for."""

import pytest

from tests.support.page import Page, Visitor


def _to_swedish(page: Page) -> str:
    return next(link for link in page.links if link.startswith("?") and "lang=sv" in link)


@pytest.mark.parametrize("path", ["/about", "/links", "/nothing"])
async def test_what_no_page_asks_for_is_left_behind(visitor: Visitor, path: str) -> None:
    page = await visitor.open(f"{path}?x=kielo@posti.example&theme=a&done=sent&after=AAAA")

    assert _to_swedish(page) == "?after=AAAA&lang=sv"
