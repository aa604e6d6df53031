"""The description of the API is sound, whole, and true of what is answered."""

import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # published without types

from services.gateway.api.openapi import PROBLEMS, describe
from services.gateway.problems import TITLES
from services.gateway.routes import API


@pytest.fixture(scope="module")
def described() -> Any:
    return msgspec.json.decode(describe(API, server="https://digiaula.example"))


def operations(described: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }


def test_every_route_is_described_once(described: Any) -> None:
    found = operations(described)
    assert sorted(found) == sorted(route.named for route in API)
    names = [operation["operationId"] for operation in found.values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(described: Any) -> None:
    text = msgspec.json.encode(described).decode()
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        there = described
        for step in reference.split("/"):
            there = there[step]
        assert there


def test_every_schema_is_a_schema(described: Any) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_parameter_of_a_path_is_described(described: Any) -> None:
    for named, operation in operations(described).items():
        in_path = {item["name"] for item in operation["parameters"] if item["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", named))


def test_what_makes_something_says_that_it_needs_a_key(described: Any) -> None:
    for route in API:
        assert route.api is not None
        headers = [
            item
            for item in operations(described)[route.named]["parameters"]
            if item["name"] == "Idempotency-Key"
        ]
        assert [item["required"] for item in headers] == ([route.api.makes] if headers else [])
        assert route.method == "GET" or headers


def test_every_refusal_is_documented_with_its_codes(described: Any) -> None:
    responses = described["components"]["responses"]
    for status in PROBLEMS:
        codes = set(responses[str(status)]["description"].split(", "))
        assert codes == {str(code) for code, (its_status, _) in TITLES.items() if its_status == status}
    for operation in operations(described).values():
        assert {str(status) for status in PROBLEMS} <= set(operation["responses"])


def test_a_post_that_makes_something_answers_201(described: Any) -> None:
    for route in API:
        assert route.api is not None
        assert (route.api.status == 201) is route.api.makes
