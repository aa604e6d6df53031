"""Every subject has one owner, every request one who answers, every event somebody who hears it."""

import re

import pytest

from services.gateway.live import HEARD
from services.runtime.migrate import SERVICES
from tests.architecture.code import answered, events, heard, requests

HEARD_BY_NOBODY = {
    "notify.v1.event.message_failed": "for alarms outside: coordinators have it by mail and on their list",
}


def owned(by: str) -> set[str]:
    return {subject for subject in requests() if subject.startswith(f"{by}.")}


def test_names_say_who_owns_them_and_what_they_are() -> None:
    owner = "|".join(SERVICES)

    for subject in requests():
        assert re.fullmatch(rf"({owner})\.v\d+\.rpc\.[a-z]+(_[a-z]+)*", subject), subject
    for subject in events():
        assert re.fullmatch(rf"({owner})\.v\d+\.event\.[a-z]+(_[a-z]+)+", subject), subject


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_is_answered_by_its_owner_and_nobody_else(service: str) -> None:
    assert answered(service) == owned(service)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_heard_is_told_by_somebody_else(service: str) -> None:
    assert heard(service) <= events().keys()
    assert not {subject for subject in heard(service) if subject.startswith(f"{service}.")}


def test_every_event_is_heard_by_somebody_or_has_a_reason() -> None:
    for_certain = {subject for service in SERVICES for subject in heard(service)}
    live = {subject for subject in events() if any(subject.startswith(known[:-1]) for known in HEARD)}

    unheard = events().keys() - for_certain - live

    assert unheard == HEARD_BY_NOBODY.keys()


def test_whoever_may_ask_is_a_service_and_not_the_owner() -> None:
    for subject, request in requests().items():
        assert request.asked_by
        assert request.asked_by <= set(SERVICES) - {subject.partition(".")[0]}, subject
