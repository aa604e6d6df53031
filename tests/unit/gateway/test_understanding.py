"""Everything that is wrong with a request is said at once, field by field."""

from typing import Any
from uuid import uuid4

import pytest
from multidict import MultiDict

from services.contracts.refusals import Refusal
from services.gateway.api.bookings import BookingBody
from services.gateway.api.catalogue import SlotsQuery
from services.gateway.api.receptions import ReceptionBody
from services.gateway.api.residents import FeedbackBody
from services.gateway.understanding import field_by_field, from_object, from_query


def sound(**differs: Any) -> dict[str, Any]:
    return {"slot_id": str(uuid4()), "display_name": "K", "email": "k@posti.fi", "consent": True} | differs


def wrong(kind: type[Any], data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refusal) as refused:
        from_object(kind, data)
    errors = refused.value.facts["errors"]
    assert refused.value.code == errors[0]["code"]
    return {error["field"]: error["code"] for error in errors}


def test_a_sound_request_is_understood() -> None:
    said = from_object(
        BookingBody, sound(companions=[{"display_name": "T", "phone": "0401234567", "as": "interpreter"}])
    )
    assert said.companions[0].phone == "+358401234567"
    assert said.language == "fi"


@pytest.mark.parametrize(
    "differs",
    [
        {},
        {"display_name": "  Kielo ", "email": " k@POSTI.fi "},
        {"email": None, "phone": "040 123 4567", "language": "sv"},
        {"note": "a\r\nb ", "municipality": None},
        {"display_name": "e\u0301"},
        {"companions": []},
        {"companions": [{"display_name": " T ", "email": "t@posti.fi", "as": "interpreter"}]},
    ],
)
def test_the_short_way_and_the_long_way_understand_the_same(differs: dict[str, Any]) -> None:
    """The short one is for plain fields with nothing wrong; cleaning is by the same rules."""
    data = sound(**differs)
    assert from_object(BookingBody, data) == field_by_field(BookingBody, data)


def test_the_short_way_is_no_way_around_a_rule() -> None:
    alone: dict[str, Any] = {"slot_id": str(uuid4()), "display_name": "K", "consent": True}
    unsound: list[tuple[type[Any], dict[str, Any]]] = [
        (BookingBody, alone | {"email": "a@b, c@d"}),
        (BookingBody, alone | {"display_name": "\u202eK", "email": "k@posti.fi"}),
        (BookingBody, alone | {"consent": "true"}),
        (BookingBody, alone | {"display_name": None}),
        (BookingBody, {"display_name": "K"}),
        (FeedbackBody, {"rating": 6}),
    ]
    for kind, data in unsound:
        with pytest.raises(Refusal) as short:
            from_object(kind, data)
        with pytest.raises(Refusal) as long:
            field_by_field(kind, data)
        assert (short.value.code, short.value.facts) == (long.value.code, long.value.facts)


def test_every_field_at_fault_is_named() -> None:
    assert wrong(
        BookingBody,
        {
            "slot_id": "none",
            "display_name": "",
            "email": "a@b, c@d",
            "phone": "112",
            "language": "ru",
            "role": "admin",
            "companions": [{"display_name": "x", "as": "boss"}, 7],
        },
    ) == {
        "role": "field_unknown",
        "slot_id": "field_invalid",
        "display_name": "name_invalid",
        "email": "email_invalid",
        "phone": "phone_invalid",
        "language": "field_invalid",
        "companions.0.as": "field_invalid",
        "companions.1": "json_type",
    }


def test_a_missing_field_is_named() -> None:
    assert wrong(BookingBody, {}) == {"slot_id": "field_required", "display_name": "field_required"}


def test_an_unknown_field_is_not_said_back() -> None:
    assert wrong(BookingBody, sound() | {"<script>": 1}) == {"?": "field_unknown"}


def test_what_does_not_fit_together_is_said_when_the_fields_are_sound() -> None:
    assert wrong(BookingBody, sound(email=None)) == {"email": "contact_required"}
    assert wrong(BookingBody, sound(consent=False)) == {"consent": "consent_required"}
    assert wrong(BookingBody, sound(companions=[{"display_name": "T", "as": "interpreter"}])) == {
        "email": "contact_required"
    }


@pytest.mark.parametrize("given", [2**31, 0, 6, "5", 5.5, True, None, -1])
def test_a_number_out_of_bounds_or_of_another_kind_is_refused(given: object) -> None:
    data = {"useful": given}
    if given is None:
        assert wrong(FeedbackBody, data) == {"useful": "field_required"}
    else:
        assert wrong(FeedbackBody, data) == {"useful": "number_invalid"}


def test_hours_say_which_field_is_no_time() -> None:
    assert wrong(
        ReceptionBody,
        {
            "theme": "t",
            "weekday": 8,
            "starts": "25:00",
            "ends": "noon",
            "slot_minutes": 45,
            "valid_from": "2027-02-30",
            "languages": ["fi"],
        },
    ) == {
        "weekday": "number_invalid",
        "starts": "time_invalid",
        "ends": "time_invalid",
        "valid_from": "time_invalid",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("limit", "0")], {"limit": "page_invalid"}),
        ([("limit", "1000000")], {"limit": "page_invalid"}),
        ([("limit", "-1")], {"limit": "page_invalid"}),
        ([("limit", "many")], {"limit": "page_invalid"}),
        ([("from", "2027-01-01T10:00")], {"from": "time_invalid"}),
        ([("from", "2027-01-01T10:00:00")], {"from": "time_invalid"}),
        ([("to", "9999-01-01T10:00:00Z")], {"to": "time_invalid"}),
        ([("from", "2027-01-01T10:00:00+25:00")], {"from": "time_invalid"}),
        ([("kind", "party")], {"kind": "field_invalid"}),
        ([("host", "me")], {"host": "field_invalid"}),
        ([("sort", "up")], {"sort": "field_unknown"}),
    ],
)
def test_a_bad_parameter_is_named(query: list[tuple[str, str]], expected: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        from_query(SlotsQuery, MultiDict(query))
    assert {error["field"]: error["code"] for error in refused.value.facts["errors"]} == expected


def test_a_repeated_parameter_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        from_query(SlotsQuery, MultiDict([("limit", "1"), ("limit", "2")]))
    assert refused.value.code == "parameter_repeated"


def test_a_plus_that_became_a_space_on_the_way_is_a_plus_again() -> None:
    said = from_query(SlotsQuery, MultiDict([("from", "2027-01-01T10:00:00 02:00")]))
    assert said.from_at is not None
    assert said.from_at.isoformat() == "2027-01-01T08:00:00+00:00"


def test_a_list_is_no_longer_than_its_field_allows() -> None:
    along = {"display_name": "T", "phone": "0401234567", "as": "interpreter"}

    assert len(from_object(BookingBody, sound(companions=[along] * 5)).companions) == 5
    assert wrong(BookingBody, sound(companions=[along] * 6)) == {"companions": "field_invalid"}
