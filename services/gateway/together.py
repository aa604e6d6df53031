"""What many who press join need at one moment, asked once for all of them: natural batches, no timer."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.contracts.booking.names import DescribeNames, KnownAs
from services.contracts.envelope import Resident, Service
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import Join, JoinAgain, Joined, Press
from services.runtime.batching import Batches
from services.runtime.bus import AnswerFailed, Bus
from services.runtime.call import Call

LARGEST = 48  # two tokens for each, in as much as NATS lets one message hold
AT_ONCE = 2
WITHIN = timedelta(seconds=1)
REMEMBERED = 4096


class Together:
    """Presses of join. Who was let in here lately is remembered by their booking, as a hint and no more."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._names = Batches(self._ask_names, largest=LARGEST, at_once=AT_ONCE)
        self._again = Batches(self._ask_again, largest=LARGEST, at_once=AT_ONCE)
        self._let_in: OrderedDict[UUID, None] = OrderedDict()

    async def names(self, call: Call) -> KnownAs | None:
        """As booking knows it at a moment after this call; None where it would refuse the link."""
        return await self._names.put(call)

    async def join(self, request: Join, call: Call) -> Joined:
        link = _link(call)
        if link.booking_id in self._let_in:
            with suppress(Refusal, Unavailable, AnswerFailed):
                if joined := await self._again.put((request, call)):
                    return joined
        joined = await self._bus.call(request, call)
        self._remember(link.booking_id, joined)
        return joined

    def _remember(self, booking_id: UUID, joined: Joined) -> None:
        if joined.video is None:
            self._let_in.pop(booking_id, None)
            return
        self._let_in[booking_id] = None
        if len(self._let_in) > REMEMBERED:
            self._let_in.popitem(last=False)

    async def _ask_names(self, calls: Sequence[Call]) -> Sequence[KnownAs | None]:
        asked = DescribeNames(links=[_link(call) for call in calls])
        return (await self._bus.call(asked, _for_all(calls))).items

    async def _ask_again(self, asked: Sequence[tuple[Join, Call]]) -> Sequence[Joined | None]:
        presses = [
            Press(link=_link(call), display_name=join.display_name, language=join.language)
            for join, call in asked
        ]
        calls = [call for _, call in asked]
        return (await self._bus.call(JoinAgain(presses=presses), _for_all(calls))).items


def _link(call: Call) -> Resident:
    assert isinstance(call.actor, Resident)
    return call.actor


def _for_all(calls: Sequence[Call]) -> Call:
    """In the gateway's own name, as the last of them who came. One alone keeps request and trace."""
    last = calls[-1]
    return replace(
        last, actor=Service(name="gateway"), deadline=min(last.deadline, last.now + WITHIN), key=None
    )
