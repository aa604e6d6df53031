"""The description of the API, made of the route table and of the very types that requests are read with."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.api.serving import Asking, NoBody
from services.gateway.problems import TITLES
from services.gateway.routing import ANYONE, LINK, Api, Route

PROBLEMS = (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503)
_PARAMETER = re.compile(r"\{(\w+)\}")


class FieldError(msgspec.Struct, frozen=True):
    field: str
    code: str
    detail: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """RFC 9457, with a code that never changes and what is wrong field by field."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]
    request_id: str


async def show(asking: Asking[NoBody]) -> web.Response:
    described = asking.request.config_dict[DESCRIPTION]
    return web.Response(
        body=described, content_type="application/json", headers={"Cache-Control": "no-cache"}
    )


DESCRIPTION = web.AppKey("description", bytes)


def describe(routes: Iterable[Route], *, server: str) -> bytes:
    """The whole document, for every route of the API."""
    rows = [(route, route.api) for route in routes if route.api is not None]
    kinds: list[Any] = [ProblemDetails]
    for _, api in rows:
        kinds += [kind for kind in (api.body, api.query, api.reply) if kind is not None]
    kinds = list(dict.fromkeys(kinds))
    found, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(kinds, found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route, api in rows:
        operation = _operation(route, api, schemas, components)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Digiaula", "version": "1", "description": inspect.cleandoc(_ABOUT)},
            "servers": [{"url": server}],
            "paths": paths,
            "components": {
                "schemas": components,
                "responses": {str(status): _problem(status, schemas) for status in PROBLEMS},
                "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "__Host-sid"}},
            },
        }
    )


_ABOUT = """
    Times are RFC 3339 with offset, ids opaque, lists paged with `limit` and `cursor`. Every refusal is
    application/problem+json; its `code` never changes. A route that makes something needs an
    Idempotency-Key: repeat with the same key whenever an answer did not come.
"""


def _operation(
    route: Route, api: Api, schemas: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": api.summary,
        "parameters": [*_in_path(route), *_in_header(route, api), *_in_query(api, schemas, components)],
        "responses": _responses(route, api, schemas),
    }
    if api.body is not None:
        content = {"application/json": {"schema": schemas[api.body]}}
        needed = any(field.required for field in msgspec.structs.fields(api.body))
        operation["requestBody"] = {"required": needed, "content": content}
    if route.roles not in (ANYONE, LINK):
        operation["security"] = [{"session": []}] + ([{}] if route.roles >= ANYONE else [])
    return operation


def _name(route: Route) -> str:
    """Follows from the address, so that it never changes either."""
    words = [word for word in re.split(r"[^a-z]+", route.path.removeprefix("/api/v1")) if word]
    return "_".join([route.method.lower(), *words])


def _in_path(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string"},
        }
        for name in _PARAMETER.findall(route.path)
    ]


def _in_header(route: Route, api: Api) -> list[dict[str, Any]]:
    headers: list[dict[str, Any]] = []
    if route.method in ("POST", "PUT", "DELETE"):
        key = {"type": "string", "minLength": 1, "maxLength": 200}
        headers.append({"name": "Idempotency-Key", "in": "header", "required": api.makes, "schema": key})
        if route.roles not in (ANYONE, LINK):
            token = {"name": "X-CSRF-Token", "in": "header", "required": route.roles.isdisjoint(ANYONE)}
            headers.append(token | {"schema": {"type": "string"}})
    return headers


def _in_query(api: Api, schemas: dict[Any, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    if api.query is None:
        return []
    schema = components[schemas[api.query]["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": facts}
        for name, facts in schema["properties"].items()
    ]


def _responses(route: Route, api: Api, schemas: dict[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if api.reply is not None:
        good["content"] = {api.media: {"schema": schemas[api.reply]}}
    elif api.media != "application/json":
        good["content"] = {api.media: {"schema": {"type": "string"}}}
    elif api.status == 200:
        good["content"] = {api.media: {"schema": {"type": "object"}}}
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in PROBLEMS}
    return {str(status): good for status in (api.status, *api.also)} | refused


def _problem(status: int, schemas: dict[Any, Any]) -> dict[str, Any]:
    codes = sorted(str(code) for code, (its_status, _) in TITLES.items() if its_status == status)
    return {
        "description": ", ".join(codes),
        "content": {"application/problem+json": {"schema": schemas[ProblemDetails]}},
    }
