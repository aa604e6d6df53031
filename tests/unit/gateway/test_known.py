"""Who was recognised a short while ago: what is kept, and what drops it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.contracts.booking.people import Person
from services.contracts.envelope import Role
from services.gateway.known import GOOD_FOR, Known

NOON = datetime(2027, 2, 2, 10, tzinfo=UTC)
AINO = Person(
    id=UUID(int=1), role=Role.EXPERT, display_name="Aino", email="aino@posti.example", languages=["fi"]
)


def knowing() -> Known:
    known = Known()
    known.keep("cookie", AINO, at=NOON, connection=1, asked=known.moment())
    return known


def find(known: Known, *, after: timedelta = timedelta(), connection: int = 1) -> Person | None:
    return known.find("cookie", AINO.id, now=NOON + after, connection=connection)


def test_what_was_said_a_short_while_ago_is_known() -> None:
    assert find(knowing()) == AINO
    assert find(knowing(), after=GOOD_FOR) == AINO


def test_what_is_older_or_was_heard_over_another_connection_is_not() -> None:
    assert find(knowing(), after=GOOD_FOR + timedelta(seconds=1)) is None
    assert find(knowing(), connection=2) is None


def test_another_cookie_or_another_person_is_not_known() -> None:
    assert knowing().find("other", AINO.id, now=NOON, connection=1) is None
    assert knowing().find("cookie", uuid4(), now=NOON, connection=1) is None


def test_signing_out_and_news_of_the_person_drop_it() -> None:
    known = knowing()
    known.forget_session("cookie")
    assert find(known) is None

    known = knowing()
    known.forget_person(uuid4())
    assert find(known) == AINO
    known.forget_person(AINO.id)
    assert find(known) is None


def test_an_answer_that_was_on_its_way_when_the_news_came_is_not_kept() -> None:
    known = Known()
    asked = known.moment()
    known.forget_person(AINO.id)
    known.keep("cookie", AINO, at=NOON, connection=1, asked=asked)
    assert find(known) is None

    known.keep("cookie", AINO, at=NOON, connection=1, asked=known.moment())
    assert find(known) == AINO
