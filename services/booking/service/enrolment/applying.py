"""Applications that wait for an answer: those who are to give it are told."""

from collections.abc import Iterable
from uuid import UUID

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.service.staffing.promising import language_of
from services.booking.store.directory import people
from services.booking.store.enrolment import applying as store
from services.contracts.booking import enrolment as words
from services.contracts.booking.events import ApplicationWaiting
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx


async def tell_who_answers(tx: Tx, group_id: UUID, call: Call) -> None:
    await tell(tx, group_id, await store.who_answers(tx, group_id), call)


async def tell(tx: Tx, group_id: UUID, people_ids: Iterable[UUID], call: Call) -> None:
    told = [ApplicationWaiting(group_id=group_id, person_id=person_id) for person_id in people_ids]
    await outbox.add_all(tx, told, call)


async def describe_applications(
    tx: Tx, request: words.DescribeApplications, call: Call, _: Deps
) -> words.UnansweredApplications:
    person = await people.person(tx, request.person_id)
    if person is None or person.disabled:
        raise access.not_found()
    return words.UnansweredApplications(
        email=person.email,
        language=language_of(person),
        items=list(await store.unanswered(tx, person.id, now=call.now)),
    )
