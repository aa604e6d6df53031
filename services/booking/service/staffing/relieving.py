"""Those who need do nothing more about a session, because somebody else is to open it."""

from uuid import UUID

from services.booking.domain import access
from services.booking.domain.staffing import Session
from services.booking.service.deps import Deps
from services.booking.service.staffing.promising import language_of
from services.booking.store.directory import people
from services.booking.store.staffing import duties as store
from services.contracts.booking import staffing as words
from services.contracts.booking.groups import Staffing
from services.runtime.call import Call
from services.runtime.db import Tx


async def describe_handover(tx: Tx, request: words.DescribeHandover, call: Call, _: Deps) -> words.Handover:
    duty = await store.duty(tx, request.slot_id, request.person_id)
    person = await people.person(tx, request.person_id)
    if duty is None or person is None or person.disabled:
        raise access.not_found()
    if not _is_in_other_hands(duty.session, person.id) or call.now >= duty.session.over_at:
        raise access.not_found()
    return words.Handover(
        email=person.email,
        language=language_of(person),
        name=duty.name,
        starts_at=duty.session.starts_at,
        ends_at=duty.ends_at,
        time_zone=duty.time_zone,
    )


def _is_in_other_hands(session: Session, person_id: UUID) -> bool:
    given_up = session.staffing is Staffing.NEEDS_HOST
    return session.open and not given_up and session.host_id != person_id
