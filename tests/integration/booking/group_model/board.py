"""How a group stands: its sessions, its people, and to whom its free seats are offered."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Helsinki")
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
LIST_CLOSES = 25 * MINUTE
HOLD = HOUR
LINK_LIFE = timedelta(days=7)

HOPING = ("applied", "waiting", "offered")
COMING = ("held", "confirmed")
SEATED = ("offered", *COMING)
TOLD_OF_MOVES = ("applied", "waiting", *COMING)  # who is offered a place is offered it anew
ENDED = ("cancelled", "expired")


class No(Exception):
    """The service must refuse with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Board:
    """`sessions` by number and `people` by name, those in the order of their coming. A person's `party` is
    the name of the one they come with, or their own; `status` and `until` are by session."""

    def __init__(self, now: datetime, capacity: int, **kind: bool) -> None:
        self.now = now
        self.capacity = capacity
        self.open, self.series = kind["open"], kind["series"]
        self.acceptance, self.confirm = kind["acceptance"], kind["confirm"]
        self.goes_on = True
        self.sessions: dict[int, dict[str, Any]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.offers: dict[str, datetime] = {}
        self.news: list[tuple[str, str, int]] = []
        self.time_passed = False

    # -- looking -----------------------------------------------------------------------------------

    def taken(self, number: int) -> int:
        return sum(person["status"].get(number) in SEATED for person in self.people.values())

    def left(self, number: int) -> int:
        capacity: int = self.sessions[number]["capacity"]
        return capacity - self.taken(number)

    def before(self, name: str) -> int:
        """How many parties wait before this one for a session that it waits for."""
        mine = self.people[name]
        wishes = {number for number, status in mine["status"].items() if status == "waiting"}
        count = 0
        for other, person in self.people.items():
            if other == mine["party"]:
                return count
            waits = {number for number, status in person["status"].items() if status == "waiting"}
            count += person["party"] == other and bool(waits & wishes)
        raise AssertionError("whoever waits is there")

    def overall(self, name: str) -> str:
        person = self.people[name]
        statuses = set(person["status"].values())
        for status in ("offered", "held", "confirmed", "applied", "waiting"):
            if status in statuses:
                return status
        return "cancelled" if person["left"] or "expired" not in statuses else "expired"

    def with_them(self, name: str) -> list[str]:
        """They and those who come along with them; who comes along is alone."""
        return [other for other, person in self.people.items() if name in (other, person["party"])]

    def party_of(self, name: str) -> list[str]:
        return self.with_them(self.people[name]["party"])

    def bookings(self, names: list[str], *statuses: str) -> list[tuple[str, int]]:
        return [
            (name, number)
            for name in names
            for number, status in self.people[name]["status"].items()
            if status in statuses
        ]

    def begins(self) -> datetime | None:
        return min((each["starts"] for each in self.sessions.values() if each["live"]), default=None)

    def begun(self) -> bool:
        begins = self.begins()
        return not self.open and begins is not None and begins <= self.now

    def listed(self, number: int) -> bool:
        """Its places can still be offered."""
        session = self.sessions[number]
        begins = session["starts"] if self.open else self.begins()
        return session["live"] and begins is not None and begins - self.now > LIST_CLOSES

    def has_begun(self, number: int) -> bool:
        """Its hour has come, or its host has ended it before that."""
        session = self.sessions[number]
        return session["ended"] is not None or bool(session["starts"] <= self.now)

    def over(self, number: int) -> bool:
        session = self.sessions[number]
        return not session["live"] or session["ended"] is not None or bool(session["ends"] <= self.now)

    def ahead(self, names: list[str]) -> list[tuple[str, int]]:
        """What they can still give back."""
        return self.bookings(names, *HOPING) + [
            (name, number) for name, number in self.bookings(names, *COMING) if not self.has_begun(number)
        ]

    def whole(self, name: str) -> list[str]:
        """Everybody who is that one, as far as anything is known of them: reached by the same contact."""
        contact = self.people[name]["contact"]
        return [
            each
            for each, person in self.people.items()
            if person["contact"] == contact and not person["forgotten"]
        ]

    def check_link(self, name: str) -> None:
        if self.people[name]["forgotten"]:
            raise No("link_expired")
        ends = max(self.sessions[number]["ends"] for number in self.people[name]["status"])
        if self.now >= ends + LINK_LIFE:
            raise No("link_expired")

    # -- changing ----------------------------------------------------------------------------------

    def tell(self, event: str, bookings: list[tuple[str, int]]) -> None:
        self.news += [(event, name, number) for name, number in bookings]

    def told(self) -> list[tuple[str, str, int]]:
        """What people hear of all that; of whom nothing is known any more, nobody hears anything."""
        told = sorted(each for each in self.news if not self.people[each[1]]["forgotten"])
        self.news.clear()
        return told

    def set(self, bookings: list[tuple[str, int]], status: str, until: datetime | None = None) -> None:
        for name, number in bookings:
            self.people[name]["status"][number] = status
            self.people[name]["until"][number] = until

    def end(self, bookings: list[tuple[str, int]], status: str, event: str) -> None:
        """What they had is offered on."""
        if bookings:
            self.set(bookings, status)
            self.tell(event, bookings)
            self.offer()

    def offer(self) -> None:
        """In the order of coming, each party that fits into all it waits for."""
        for main in list(self.offers):
            if not self.bookings(self.party_of(main), "offered"):
                del self.offers[main]
        for main, person in self.people.items():
            if person["party"] != main:
                continue
            waiting = [
                (name, number)
                for name, number in self.bookings(self.party_of(main), "waiting")
                if self.listed(number)
            ]
            numbers = [number for _, number in waiting]
            if waiting and all(self.left(number) >= numbers.count(number) for number in numbers):
                until = self.answer_until(min(self.sessions[number]["starts"] for number in numbers))
                self.set(waiting, "offered", until)
                self.offers[main] = until
                self.tell("seat_offered", waiting)

    def answer_until(self, starts: datetime) -> datetime:
        latest = starts - 10 * MINUTE
        hears = self.now if starts - self.now <= 12 * HOUR else by_day(self.now)
        until = hears + max(15 * MINUTE, min(24 * HOUR, (starts - hears) / 4))
        if by_day(until) <= latest:
            until = by_day(until)
        return min(until, latest)


def by_day(moment: datetime) -> datetime:
    """The end of the night that it falls into, or the moment itself."""
    local = moment.astimezone(ZONE)
    if 8 <= local.hour < 21:
        return moment
    day = local.date() + timedelta(days=local.hour >= 21)
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE).astimezone(moment.tzinfo)


def a_session(starts: datetime, capacity: int) -> dict[str, Any]:
    """One that its host has promised to open."""
    return {
        "starts": starts,
        "ends": starts + HOUR,
        "live": True,
        "ended": None,
        "capacity": capacity,
        "host": "host",
        "staffing": "accepted",
        "told": None,
    }
