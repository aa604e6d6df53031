"""Forms of our pages: what was typed, what is wrong with it, and proof that the form is our own."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from services.contracts.refusals import Code, Refusal
from services.gateway import csrf
from services.gateway.door import door_of
from services.gateway.fields import Rule
from services.gateway.pages.words import sentence, when_empty
from services.gateway.who import CALLER

MOST_FIELDS = 700
"""The longest form is that of weekly hours: 200 days that differ, each with its hours."""
CSRF_FIELD = "csrf"
ASKED_AS = {"companions": "companion_name"}
"""Beside which field of a page stands what is wrong with something that no page asks for as one."""


def new_key() -> str:
    """What makes two presses of one button one deed."""
    return secrets.token_urlsafe(18)


@dataclass
class Form:
    """Values as typed; errors by field and a problem of the whole, in the visitor's words.

    `key` stays the same while it is unknown whether the form has been acted
    upon, and is another once the answer was a plain no.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    key: str = field(default_factory=new_key)

    @classmethod
    def of(cls, **values: str) -> "Form":
        return cls(values={name: [value] for name, value in values.items()})

    def value(self, name: str) -> str:
        return (self.values.get(name) or [""])[0].strip()

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors or self.problem)

    def clean(self, name: str, rule: Rule, say: Callable[[str], str], *, needed: bool = False) -> Any:
        """The field as its rule leaves it; None, with a sentence beside it, when it cannot be used."""
        text = self.value(name)
        if not text:
            if needed:
                self.errors.setdefault(name, when_empty(name, say))
            return None
        try:
            return rule(text)
        except Refusal as refusal:
            self.refuse(name, refusal.code, say)
            return None

    def refuse(self, name: str, code: str, say: Callable[[str], str]) -> None:
        """The first thing wrong with a field is the one that is told."""
        self.errors.setdefault(name, sentence(code, say))

    def refuse_all(self, refusal: Refusal, say: Callable[[str], str]) -> None:
        """What an owner found wrong, beside the fields or above them all. Another try is a new one."""
        for error in refusal.facts.get("errors", []):
            self.refuse(ASKED_AS.get(error["field"], error["field"]), error["code"], say)
        if not self.errors:
            self.problem = sentence(refusal.code, say)
        self.key = new_key()


async def read(request: web.Request) -> Form:
    """The form that was sent, once its token proves it to be ours.

    Refuses `csrf`, `content_type` and `text_invalid`.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(Code.CONTENT_TYPE, "Send the form of our own page.")
    try:
        body = (await request.read()).decode("ascii")
        values = parse_qs(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Refusal(Code.TEXT_INVALID, "The form holds signs that cannot be read.") from error
    if any("\0" in value for several in values.values() for value in several):
        raise Refusal(Code.TEXT_INVALID, "The form holds signs that cannot be read.")
    given = values.get(CSRF_FIELD, [""])[0]
    csrf.check_token(given, token_for(request, request.path))
    return Form(values=values, key=_key(values))


def token_for(request: web.Request, path: str) -> str:
    """The token of a form that posts to `path`: the session's, or one made with our key for that path.

    The second kind proves that the form was rendered here; that the visitor
    sent it from here is what the browser's Origin and Sec-Fetch-Site tell.
    """
    caller = request.get(CALLER)
    if caller is not None and caller.csrf:
        token: str = caller.csrf
        return token
    key = door_of(request).settings.form_key.encode()
    mac = hmac.new(key, b"digiaula form v1\0" + path.encode(), sha256)
    return urlsafe_b64encode(mac.digest()[:18]).decode("ascii")


def _key(values: Mapping[str, list[str]]) -> str:
    given = values.get("key", [""])[0]
    return given if 16 <= len(given) <= 100 and given.isascii() and given.isprintable() else new_key()
