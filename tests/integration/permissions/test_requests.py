"""The server's allow lists say the same as the contracts: who may ask whom what."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import services.contracts
from deploy.embedded.nats import CONFIGURATION
from services.contracts.envelope import Event, Request

SERVICES = ("booking", "rooms", "notify", "gateway")
USER = re.compile(r"user: (\w+)\n(.*?)(?=user: |\Z)", re.DOTALL)
SUBJECT = re.compile(r'"([a-z]+\.v\d+\.(?:rpc|event)\.[a-z_>]+)"')


def subclasses(of: type) -> Iterator[type[Any]]:
    """All that say a subject, once every module of the contracts has been read."""
    for module in pkgutil.walk_packages(services.contracts.__path__, "services.contracts."):
        importlib.import_module(module.name)
    each: type[Any]
    for each in of.__subclasses__():
        if isinstance(getattr(each, "subject", None), str):
            yield each
        yield from subclasses(each)


def allowed() -> dict[str, set[str]]:
    """What each user's lists name, replies and the server's own subjects left out."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    return {name: set(SUBJECT.findall(body)) for name, body in USER.findall(text)}


def test_a_service_may_ask_exactly_what_the_contracts_let_it_ask() -> None:
    requests = list(subclasses(Request))
    listed = allowed()

    for service in set(SERVICES) - {"gateway"}:
        asks = {subject for subject in listed[service] if ".rpc." in subject}
        assert asks == {request.subject for request in requests if service in request.asked_by}


def test_the_gateway_may_ask_every_owner_all_that_is_for_it() -> None:
    """Its lists name owners, not questions: it alone speaks for people, and owners decide."""
    owners = {
        request.subject.split(".")[0] for request in subclasses(Request) if "gateway" in request.asked_by
    }

    asks = {subject for subject in allowed()["gateway"] if ".rpc." in subject}

    assert asks == {f"{owner}.v1.rpc.>" for owner in owners}


def test_every_announcement_is_its_owners_alone() -> None:
    listed = allowed()

    for event in subclasses(Event):
        owner = event.subject.split(".")[0]
        assert f"{owner}.v1.event.>" in listed[owner], event
        speaks = {name for name in SERVICES if f"{owner}.v1.event.>" in listed[name]}
        assert speaks <= {owner, "gateway"}, event  # the gateway hears; what it may say is tested elsewhere
