"""Dead letters, asked for by a coordinator: what every service that hears news answers without a word
of its own."""

from services.contracts.envelope import Request, Role, Staff
from services.contracts.letters import LISTS, MOST_LETTERS, REDRIVES, DeadLetters, Redriven
from services.contracts.refusals import Code, Refusal
from services.runtime import dead_letters
from services.runtime.call import Call, Handlers
from services.runtime.commands import in_transaction
from services.runtime.db import Database, Tx


def handlers(service: str, db: Database) -> Handlers:
    """For a service that the contracts give such requests; the others have no dead letters."""
    if service not in LISTS:
        return {}
    return {
        LISTS[service]: in_transaction(db, None, _list),
        REDRIVES[service]: in_transaction(db, None, _redrive),
    }


async def _list(tx: Tx, _: Request[DeadLetters], call: Call, __: None) -> DeadLetters:
    _coordinators_only(call)
    return DeadLetters(
        items=await dead_letters.unsettled(tx, MOST_LETTERS), count=await dead_letters.count(tx)
    )


async def _redrive(tx: Tx, request: Request[Redriven], call: Call, __: None) -> Redriven:
    _coordinators_only(call)
    letter_ids: list[int] = getattr(request, "letter_ids", [])
    if len(letter_ids) > MOST_LETTERS or any(not 0 < number < 2**63 for number in letter_ids):
        raise Refusal(Code.FIELD_INVALID, "Name at most a hundred dead letters by their numbers.")
    if not letter_ids:
        return Redriven(await dead_letters.redrive_all(tx))
    return Redriven(await dead_letters.redrive_some(tx, letter_ids))


def _coordinators_only(call: Call) -> None:
    if not isinstance(call.actor, Staff) or call.actor.role is not Role.COORDINATOR:
        raise Refusal(Code.FORBIDDEN, "Only a coordinator may see this.")
