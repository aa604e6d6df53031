"""Signing in and out: nobody learns who serves, a link works once, and who is shut out is out at once."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.gateway import PrepareSignIn
from services.contracts.refusals import Code, Refusal
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.system import FIRST_COORDINATOR

UNKNOWN = "nobody@posti.example"


async def test_a_known_and_an_unknown_address_get_the_same_answer(shared: Doorstep) -> None:
    visitor = await shared.visitor()

    known, unknown = [
        await visitor.post("/sign-in", {"email": email}) for email in (FIRST_COORDINATOR, UNKNOWN)
    ]

    assert known.status == unknown.status == 202
    assert known.body == unknown.body == b""
    differing = {"Date", "X-Request-ID"}
    assert {k: v for k, v in known.headers.items() if k not in differing} == {
        k: v for k, v in unknown.headers.items() if k not in differing
    }


async def test_both_addresses_leave_the_same_traces_until_the_mail_is_written(doorstep: Doorstep) -> None:
    visitor = await doorstep.visitor()
    for email in (FIRST_COORDINATOR, UNKNOWN):
        await visitor.post("/sign-in", {"email": email})

    rows = await doorstep.system.sql("SELECT count(*), count(person_id) FROM gateway.sign_in")
    news = await doorstep.system.sql("SELECT subject, count(*) FROM gateway.outbox GROUP BY subject")

    assert [tuple(row) for row in rows] == [(2, 0)]
    assert [tuple(row) for row in news] == [("gateway.v1.event.sign_in_requested", 2)]


async def test_an_unknown_address_is_owed_no_mail_and_is_not_kept(doorstep: Doorstep) -> None:
    await (await doorstep.visitor()).post("/sign-in", {"email": UNKNOWN})

    with pytest.raises(Refusal) as refused:
        await doorstep.token_of_latest_sign_in()

    assert refused.value.code is Code.NOT_FOUND
    assert (await doorstep.system.sql("SELECT email FROM gateway.sign_in"))[0]["email"] is None


async def test_a_link_signs_in_once(shared: Doorstep) -> None:
    visitor, late = await shared.visitor(), await shared.visitor()
    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    token = await shared.token_of_latest_sign_in()

    await visitor.sign_in(token)

    assert (await visitor.get("/me")).json["role"] == "coordinator"
    again = await late.post("/sign-in/confirm", {"token": token})
    assert (again.status, again.code) == (410, "link_used")
    assert (await late.get("/me")).code == "not_signed_in"


async def test_a_link_is_good_for_a_quarter_of_an_hour(doorstep: Doorstep) -> None:
    visitor = await doorstep.visitor()
    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    token = await doorstep.token_of_latest_sign_in()

    doorstep.system.clock.advance(timedelta(minutes=15))

    late = await visitor.post("/sign-in/confirm", {"token": token})
    assert (late.status, late.code) == (410, "link_expired")


async def test_when_a_mail_is_written_twice_only_the_later_link_works(shared: Doorstep) -> None:
    visitor = await shared.visitor()
    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    first = await shared.token_of_latest_sign_in()
    second = await shared.token_of_latest_sign_in()

    assert (await visitor.post("/sign-in/confirm", {"token": first})).status == 404
    assert (await visitor.post("/sign-in/confirm", {"token": second})).status == 204


async def test_no_mail_is_written_for_a_sign_in_that_is_long_past_or_never_was(doorstep: Doorstep) -> None:
    await (await doorstep.visitor()).post("/sign-in", {"email": FIRST_COORDINATOR})
    doorstep.system.clock.advance(timedelta(hours=2))
    with pytest.raises(Refusal):
        await doorstep.token_of_latest_sign_in()
    with pytest.raises(Refusal):
        await doorstep.system.ask(PrepareSignIn(sign_in_id=uuid4()))


async def test_nothing_in_the_database_is_a_way_in(doorstep: Doorstep) -> None:
    visitor = await doorstep.visitor()
    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    token = await doorstep.token_of_latest_sign_in()
    await visitor.sign_in(token)
    cookie = next(iter(visitor.session.cookie_jar)).value

    for table in ("session", "sign_in", "outbox", "audit"):
        for row in await doorstep.system.sql(f"SELECT t::text AS line FROM gateway.{table} t"):  # noqa: S608
            for secret in (token, cookie, visitor.csrf or "", FIRST_COORDINATOR):
                assert secret not in row["line"]
                assert secret.encode().hex() not in row["line"]


async def test_signing_in_gives_a_new_session_and_ends_the_old_one(shared: Doorstep) -> None:
    visitor = await shared.signed_in(shared.house.coordinator.person_id)
    old = next(iter(visitor.session.cookie_jar)).value

    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    visitor.csrf = None
    await visitor.sign_in(await shared.token_of_latest_sign_in())

    assert next(iter(visitor.session.cookie_jar)).value != old
    thief = await shared.visitor()
    stolen = await thief.get("/me", headers={"Cookie": f"sid={old}"})
    assert (stolen.status, stolen.code) == (401, "session_ended")


async def test_a_session_id_of_the_visitors_own_making_is_worth_nothing(shared: Doorstep) -> None:
    visitor = await shared.visitor()
    made_up = await visitor.get("/me", headers={"Cookie": "sid=" + "A" * 43})
    assert (made_up.status, made_up.code) == (401, "session_ended")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(shared: Doorstep) -> None:
    visitor = await shared.visitor()
    await visitor.post("/sign-in", {"email": FIRST_COORDINATOR})
    confirmed = await visitor.post("/sign-in/confirm", {"token": await shared.token_of_latest_sign_in()})
    cookie = confirmed.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_signing_out_ends_the_session_on_our_side_too(shared: Doorstep) -> None:
    visitor = await shared.signed_in(shared.house.coordinator.person_id)
    cookie = next(iter(visitor.session.cookie_jar)).value

    assert (await visitor.post("/sign-out")).status == 204

    assert (await visitor.get("/me", headers={"Cookie": f"sid={cookie}"})).status == 401


@pytest.mark.parametrize(
    ("idle", "alive"), [(timedelta(minutes=119), True), (timedelta(minutes=121), False)]
)
async def test_a_session_ends_when_nobody_uses_it(doorstep: Doorstep, idle: timedelta, alive: bool) -> None:
    visitor = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    doorstep.system.clock.advance(idle)
    assert ((await visitor.get("/me")).status == 200) is alive


async def test_a_session_ends_after_a_days_work_however_busy(doorstep: Doorstep) -> None:
    visitor = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    for _ in range(6):
        doorstep.system.clock.advance(timedelta(minutes=95))
        assert (await visitor.get("/me")).status == 200
    doorstep.system.clock.advance(timedelta(minutes=35))
    assert (await visitor.get("/me")).code == "session_ended"


async def test_who_is_disabled_is_out_at_once(shared: Doorstep) -> None:
    person = await shared.house.expert()
    expert = await shared.signed_in(person.person_id)
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    assert (await expert.get("/me")).status == 200

    assert (await coordinator.post(f"/people/{person.person_id}/disable")).status == 204

    out = await expert.get("/me")
    assert (out.status, out.code) == (401, "session_ended")
    left = await shared.system.sql("SELECT 1 FROM gateway.session WHERE person_id = $1", person.person_id)
    assert left == []


async def test_a_write_in_a_session_needs_the_token_of_that_session(shared: Doorstep) -> None:
    expert = await shared.signed_in((await shared.house.expert()).person_id)
    other = await shared.signed_in((await shared.house.expert()).person_id)
    own, expert.csrf = expert.csrf, None

    assert (await expert.post("/sign-out")).code == "csrf"
    assert (await expert.post("/sign-out", headers={"X-CSRF-Token": other.csrf or ""})).code == "csrf"
    assert (await expert.post("/sign-out", headers={"X-CSRF-Token": own or ""})).status == 204


async def test_a_coordinator_books_for_somebody_and_it_is_written_down(shared: Doorstep) -> None:
    host = await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)

    made = await coordinator.post("/bookings", a_booking(slot.id))

    assert made.json["status"] == "confirmed"
    newest = (await coordinator.get("/audit")).json["items"][0]
    assert (newest["action"], newest["slot_id"]) == ("booking.made", str(slot.id))
    assert newest["actor"] == str(shared.house.coordinator.person_id)
