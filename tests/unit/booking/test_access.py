"""Who may do what is decided by the owner, object by object."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.booking.domain import access
from services.contracts.envelope import Actor, Anyone, Resident, Role, Service, Staff
from services.contracts.refusals import Code, Refusal

NOW = datetime(2027, 2, 2, 12, tzinfo=UTC)
HOST = uuid4()
BOOKING = uuid4()


def staff(role: Role, person_id: object = None) -> Staff:
    return Staff(person_id=person_id or uuid4(), role=role)  # type: ignore[arg-type]  # a UUID


@pytest.mark.parametrize(
    "actor",
    [
        Anyone(),
        Service(name="notify"),
        Resident(booking_id=BOOKING, link_version=1),
        staff(Role.VOLUNTEER),
        staff(Role.EXPERT),
    ],
)
def test_what_one_does_not_host_is_not_to_be_found(actor: Actor) -> None:
    with pytest.raises(Refusal) as refused:
        access.host(actor, HOST)

    assert refused.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "actor", [staff(Role.EXPERT, HOST), staff(Role.VOLUNTEER, HOST), staff(Role.COORDINATOR)]
)
def test_the_host_and_a_coordinator_see_what_is_hosted(actor: Staff) -> None:
    assert access.host(actor, HOST) == actor


def test_only_a_coordinator_publishes_in_anothers_name() -> None:
    assert access.publisher(staff(Role.COORDINATOR), HOST) == HOST
    with pytest.raises(Refusal) as refused:
        access.publisher(staff(Role.EXPERT), HOST)
    assert refused.value.code is Code.FORBIDDEN


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (Anyone(), Code.NOT_FOUND),
        (Resident(booking_id=uuid4(), link_version=2), Code.NOT_FOUND),
        (Resident(booking_id=BOOKING, link_version=1), Code.LINK_EXPIRED),
        (Resident(booking_id=BOOKING, link_version=3), Code.LINK_EXPIRED),
    ],
)
def test_only_the_present_link_of_this_very_booking_opens_it(actor: Actor, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        _bear(actor)

    assert refused.value.code is code


def test_the_present_link_opens_its_booking_until_its_time_is_over() -> None:
    bearer = Resident(booking_id=BOOKING, link_version=2)

    _bear(bearer)

    with pytest.raises(Refusal) as refused:
        _bear(bearer, now=NOW + timedelta(days=1))
    assert refused.value.code is Code.LINK_EXPIRED


def _bear(actor: Actor, now: datetime = NOW) -> None:
    access.bearer(
        actor,
        booking_id=BOOKING,
        link_version=2,
        link_expires_at=NOW + timedelta(hours=1),
        now=now,
    )


def test_who_helps_to_lead_speaks_as_the_host_and_a_coordinator_as_themselves() -> None:
    said = [
        access.said_by(actor, HOST)
        for actor in (
            staff(Role.COORDINATOR, HOST),
            staff(Role.VOLUNTEER),
            staff(Role.COORDINATOR),
            Resident(booking_id=BOOKING, link_version=1),
        )
    ]

    assert said == ["host", "host", "coordinator", "resident"]


def test_those_who_lead_together_and_coordinators_may_and_nobody_else() -> None:
    helper = uuid4()
    for actor in (staff(Role.VOLUNTEER, helper), staff(Role.COORDINATOR)):
        assert access.leads(actor, {HOST, helper}) is actor
    for stranger in (staff(Role.EXPERT), Resident(booking_id=BOOKING, link_version=1), Anyone()):
        with pytest.raises(Refusal) as refused:
            access.leads(stranger, {HOST, helper})
        assert refused.value.code is Code.NOT_FOUND
