"""Answers of the API held against its own description."""

import re
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # published without types

from services.gateway.api.openapi import describe
from services.gateway.routes import API


@cache
def _description() -> Any:
    return msgspec.json.decode(describe(API, server="https://digiaula.example"))


@cache
def _operations() -> list[tuple[str, re.Pattern[str], Any]]:
    return [
        (
            method.upper(),
            re.compile(
                re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))
            ),
            operation,
        )
        for path, item in _description()["paths"].items()
        for method, operation in item.items()
    ]


def check(method: str, path: str, status: int, media: str, body: bytes) -> None:
    """Fail when an answer is not one that the description promises. Unknown addresses pass."""
    operation = next(
        (what for its, pattern, what in _operations() if its == method and pattern.fullmatch(path)), None
    )
    if operation is None or status in (405, 408, 500):
        return
    assert str(status) in operation["responses"], f"{method} {path}: {status} is not described"
    content = _resolved(operation["responses"][str(status)]).get("content", {})
    assert (media in content) == bool(body), f"{method} {path}: {status} as {media} is not described"
    if media.endswith("json") and body:
        whole = {**content[media]["schema"], "components": _description()["components"]}
        Draft202012Validator(whole).validate(msgspec.json.decode(body))


def _resolved(response: Any) -> Any:
    if "$ref" in response:
        return _description()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response
