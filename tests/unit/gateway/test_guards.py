"""Who may speak to the service, from where and how often."""

from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from services.contracts.refusals import Code, Refusal
from services.gateway import csrf
from services.gateway.hosts import Hosts
from services.gateway.limits import STREAMS, Limit, Limits

PUBLIC = Hosts(["digiaula.fi", "digiaula.fi:443"], loopback=False)
LOCAL = Hosts(["127.0.0.1:8000"], loopback=True)


@pytest.mark.parametrize("host", ["evil.fi", "digiaula.fi.evil.fi", "localhost", "127.0.0.1", "", "[::1"])
def test_another_name_than_ours_is_not_answered(host: str) -> None:
    assert not PUBLIC.allows(host)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_any_port_of_this_machine_is_ours_while_we_are_on_it(host: str) -> None:
    assert LOCAL.allows(host)
    assert not LOCAL.allows("evil.fi")


def request(*, peer: str = "192.0.2.1", method: str = "POST", **headers: str) -> Any:
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: (peer, 1) if name == "peername" else default
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request(method, "/", headers=named, transport=transport)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.fi"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "https://other.fi"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "https://digiaula.fi:444"},
        {"Origin": "http://["},
        {"Origin": "digiaula.fi"},
    ],
)
def test_a_write_from_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        csrf.check_origin(request(**headers), PUBLIC, is_api=True)
    assert refused.value.code is Code.CSRF


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://digiaula.fi"},
        {"Origin": "https://digiaula.fi", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
    ],
)
def test_a_write_from_our_page_or_from_a_program_passes(headers: dict[str, str]) -> None:
    csrf.check_origin(request(**headers), PUBLIC, is_api=True)


def test_a_token_that_is_no_text_is_not_ours() -> None:
    """A header may hold any bytes."""
    with pytest.raises(Refusal) as refused:
        csrf.check_token("\udcff", "token")
    assert refused.value.code is Code.CSRF
    csrf.check_token("token", "token")


def test_a_look_may_come_from_anywhere() -> None:
    csrf.check_origin(request(method="GET", Origin="https://evil.fi"), PUBLIC, is_api=True)


async def test_the_sixth_booking_of_an_hour_from_one_address_has_to_wait() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    for _ in range(5):
        await limits.spend(Limit.BOOKING, request())

    with pytest.raises(Refusal) as refused:
        await limits.spend(Limit.BOOKING, request())

    assert refused.value.code is Code.TOO_MANY
    assert 0 < refused.value.facts["retry_after"] <= 3600
    await limits.spend(Limit.BOOKING, request(peer="192.0.2.2"))
    await limits.spend(Limit.LINKS, request())


async def test_a_forged_forwarding_changes_nothing() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    for number in range(5):
        await limits.spend(Limit.BOOKING, request(X_Forwarded_For=f"198.51.100.{number}"))
    with pytest.raises(Refusal):
        await limits.spend(Limit.BOOKING, request(X_Forwarded_For="198.51.100.99"))


def test_only_what_our_own_proxy_saw_is_believed() -> None:
    limits = Limits(on=True, trusted_proxies=["10.0.0.0/8"])
    chain = {"X_Forwarded_For": "1.1.1.1, 198.51.100.7, 10.0.0.3"}
    assert limits.client(request(peer="10.0.0.2", **chain)) == "198.51.100.7"
    assert limits.client(request(peer="192.0.2.1", **chain)) == "192.0.2.1"
    assert limits.client(request(peer="10.0.0.2", X_Forwarded_For="rubbish")) == "10.0.0.2"


async def test_one_subscriber_is_one_client_however_many_addresses_they_have() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    for number in range(3):
        await limits.spend(Limit.LINKS, request(peer=f"2001:db8::{number}"))
    with pytest.raises(Refusal):
        await limits.spend(Limit.LINKS, request(peer="2001:db8::99"))
    await limits.spend(Limit.LINKS, request(peer="2001:db8:0:1::1"))


async def test_one_address_gets_no_flood_of_mail_whoever_asks() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    for number in range(3):
        await limits.spend_contact(Limit.LINKS, request(peer=f"192.0.2.{number}"), "Kielo@posti.fi")
    with pytest.raises(Refusal):
        await limits.spend_contact(Limit.LINKS, request(peer="192.0.2.77"), "kielo@posti.fi ")


async def test_limits_that_are_off_are_off_for_this_machine_alone() -> None:
    limits = Limits(on=False, trusted_proxies=[])
    for _ in range(20):
        await limits.spend(Limit.LINKS, request(peer="127.0.0.1"))
    for _ in range(3):
        await limits.spend(Limit.LINKS, request())
    with pytest.raises(Refusal):
        await limits.spend(Limit.LINKS, request())


async def test_more_streams_than_can_be_kept_open_are_refused_at_once() -> None:
    limits = Limits(on=True, trusted_proxies=[])
    for _ in range(STREAMS):
        await limits.place(stream=True).__aenter__()

    with pytest.raises(Refusal) as refused:
        limits.place(stream=True)

    assert refused.value.code is Code.OVERLOADED
    async with limits.place(stream=False):
        assert limits.is_full_of_streams()
