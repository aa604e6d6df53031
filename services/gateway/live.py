"""Live news for open pages: one listener per process, which wakes whoever waits for a slot or a booking.

News only wakes: what is so is asked of its owner. A page that missed some is
right again at its next look.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec

from services.contracts.envelope import Told
from services.runtime.bus import Bus

HEARD = ("booking.v1.event.>", "rooms.v1.event.>")


class _About(msgspec.Struct):
    """The ids in any event of booking and rooms; what else it says is not looked at."""

    slot_id: UUID | None = None
    booking_id: UUID | None = None
    person_id: UUID | None = None

    @property
    def concerned(self) -> tuple[UUID, ...]:
        """One person's coming changes nothing for the others in their slot, who may be hundreds."""
        if self.booking_id is not None:
            return (self.booking_id,)
        return () if self.slot_id is None else (self.slot_id,)


class Watch:
    """One open page's ear. `booking_changed` says whether booking has spoken since it was last set back."""

    def __init__(self) -> None:
        self.about: set[UUID] = set()
        self.booking_changed = False
        self._woken = asyncio.Event()

    def wake(self, *, booking_changed: bool) -> None:
        self.booking_changed |= booking_changed
        self._woken.set()

    async def rest(self, seconds: float) -> bool:
        """Wait for news, at most so long. True when there was some."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Hub:
    """Fans news out to watches. Waking is all it does, so no watch can hold up another.

    `about_person` is told of whom there is news: their role or right to be here may have changed.
    """

    def __init__(self, about_person: Callable[[UUID], None] = lambda _: None) -> None:
        self._watches: dict[UUID, set[Watch]] = defaultdict(set)
        self._about_person = about_person
        self.closing = False

    async def start(self, bus: Bus) -> None:
        for subject in HEARD:
            await bus.listen(subject, self._hear)

    def close(self) -> None:
        """Let every open page finish: the process is about to end."""
        self.closing = True
        for watch in {watch for watches in self._watches.values() for watch in watches}:
            watch.wake(booking_changed=False)

    @contextmanager
    def watching(self, *about: UUID) -> Iterator[Watch]:
        """An ear for news of these ids, for as long as the block lasts."""
        watch = Watch()
        self.also(watch, *about)
        try:
            yield watch
        finally:
            for item in watch.about:
                self._watches[item].discard(watch)
                if not self._watches[item]:
                    del self._watches[item]

    def also(self, watch: Watch, *about: UUID) -> None:
        """Listen for news of these as well."""
        for item in about:
            watch.about.add(item)
            self._watches[item].add(watch)

    def crowd(self, about: UUID) -> int:
        """How many open pages listen for the same."""
        return len(self._watches.get(about, ()))

    async def _hear(self, subject: str, told: Told) -> None:
        about = msgspec.json.decode(told.body, type=_About)
        if about.person_id is not None:
            self._about_person(about.person_id)
        from_booking = subject.startswith("booking.")
        woken: set[Watch] = set()
        for item in about.concerned:
            woken |= self._watches.get(item, set())
        for watch in woken:
            watch.wake(booking_changed=from_booking)
