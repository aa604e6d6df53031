"""Letters about groups, as notify would write them."""

from typing import Any
from uuid import UUID

from services.contracts.booking.enrolment import GroupMessageFacts, MyGroup
from services.contracts.links import parse_keys
from services.contracts.notify import MessageKind
from services.notify.groups.messages import Before
from services.notify.groups.wording import GroupWording
from services.notify.senders.letter import Letter
from services.notify.writing import Writer
from tests.support.facts import NOW, ZONE
from tests.support.groups import a_group

MESSAGE = UUID(int=9)
WORDING = GroupWording(
    Writer(
        public_url="https://hall.example/",
        zone=ZONE,
        keys=parse_keys("k1:" + "QUFB" * 11),
        organizer="hall@hall.example",
    )
)
OF_AN_ENROLMENT = [
    MessageKind.HOLD,
    MessageKind.APPLICATION,
    MessageKind.WAITING,
    MessageKind.OFFER,
    MessageKind.OFFER_OVER,
    MessageKind.CONFIRMATION,
    MessageKind.GROUP_CHANGE,
]


def about(
    kind: MessageKind,
    group: MyGroup | None = None,
    *,
    said: MessageKind = MessageKind.CONFIRMATION,
    **contact: Any,
) -> Letter:
    """`said`: the first word that the person had."""
    usual: dict[str, Any] = {"language": "fi", "email": "anna@example.org", "group": group or a_group()}
    facts = GroupMessageFacts(**usual | contact)
    return WORDING.about_enrolment(
        MESSAGE, kind, facts, before=Before(frozenset({said})), since=NOW, now=NOW
    )
