"""What a group must look like after each step, worked out in the simplest way: plain dicts, no database.

The model is told what somebody does; it says what everybody's status, seat, place on the list and news is
then, or with which code the service must refuse.
"""

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


class Model:
    """`sessions` by number and `people` by name, those in the order of their coming. A person's `party` is
    the name of the one they come with, or their own; `status` and `until` are by session."""

    def __init__(self, now: datetime, capacity: int, **kind: bool) -> None:
        self.now = now
        self.capacity = capacity
        self.open, self.series = kind["open"], kind["series"]
        self.acceptance, self.confirm = kind["acceptance"], kind["confirm"]
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

    def over(self, number: int) -> bool:
        session = self.sessions[number]
        return not session["live"] or bool(session["ends"] <= self.now)

    def check_link(self, name: str) -> None:
        ends = max(self.sessions[number]["ends"] for number in self.people[name]["status"])
        if self.now >= ends + LINK_LIFE:
            raise No("link_expired")

    # -- changing ----------------------------------------------------------------------------------

    def tell(self, event: str, bookings: list[tuple[str, int]]) -> None:
        self.news += [(event, name, number) for name, number in bookings]

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

    # -- what people do ----------------------------------------------------------------------------

    def enrol(
        self, names: list[str], number: int | None, *, walk_in: bool = False, or_wait: bool = True
    ) -> None:
        wanted = self._wanted(number, walk_in=walk_in)
        hoped = [each for each in wanted if self.listed(each)] or wanted
        if any(self.sessions[each]["capacity"] < len(names) for each in hoped):
            raise No("party_too_large")
        if self.acceptance:
            return self._add(names, wanted, "applied", None, walk_in=walk_in)
        later = [each for each in wanted if self.listed(each)]
        for some in (wanted, later):
            if some and all(self.left(each) >= len(names) for each in some):
                until = None
                if self.confirm and not walk_in:
                    ends = [self.sessions[each] for each in some]
                    first = min(s["starts"] if s["starts"] > self.now else s["ends"] for s in ends)
                    until = min(self.now + HOLD, first)
                return self._add(names, some, "held" if until else "confirmed", until, walk_in=walk_in)
        if walk_in or not or_wait or not later:
            raise No("group_full")
        return self._add(names, later, "waiting", None, walk_in=False)

    def _wanted(self, number: int | None, *, walk_in: bool) -> list[int]:
        if walk_in:
            assert number is not None
            if self.over(number):
                raise No("slot_closed")
            if not self.open or self.acceptance:
                raise No("forbidden")
            if self.now < self.sessions[number]["starts"] - 15 * MINUTE:
                raise No("room_not_open")
            return [number]
        if self.begun():
            raise No("already_started")
        if number is not None:
            if self.series:
                raise No("forbidden")
            if self.over(number):
                raise No("slot_closed")
            return [number]
        if not self.series:
            raise No("field_required")
        ahead = [each for each, s in self.sessions.items() if s["live"] and s["starts"] > self.now]
        if not ahead:
            raise No("slot_closed")
        return ahead

    def _add(
        self, names: list[str], numbers: list[int], status: str, until: datetime | None, *, walk_in: bool
    ) -> None:
        for name in names:
            self.people[name] = {
                "party": names[0],
                "status": dict.fromkeys(numbers, status),
                "until": dict.fromkeys(numbers, until),
                "since": dict.fromkeys(numbers, self.now),
                "left": False,
                "series": self.series and not walk_in,
            }
        event = {
            "applied": "application_received",
            "waiting": "put_on_waiting_list",
            "held": "booking_held",
            "confirmed": "booking_confirmed",
        }[status]
        told = names[:1] if status == "held" else names
        self.tell(event, [(name, number) for name in told for number in numbers])

    def leave(self, name: str) -> None:
        self.check_link(name)
        names = self.with_them(name)
        given_back = self.bookings(names, *HOPING) + [
            (each, number)
            for each, number in self.bookings(names, *COMING)
            if self.sessions[number]["starts"] > self.now
        ]
        if self.people[name]["series"] or any(each == name for each, _ in given_back):
            for each in names:
                self.people[each]["left"] = True
            self.end(given_back, "cancelled", "booking_cancelled")
        elif not self.people[name]["left"] and self.bookings([name], *HOPING, *COMING):
            raise No("already_started")

    def leave_one(self, name: str, number: int) -> None:
        self.check_link(name)
        status = self.people[name]["status"][number]
        if status in ENDED:
            return
        if status in COMING and self.sessions[number]["starts"] <= self.now:
            raise No("already_started")
        given_back = self.bookings(self.with_them(name), *HOPING, *COMING)
        self.end([each for each in given_back if each[1] == number], "cancelled", "booking_cancelled")

    def confirm_held(self, name: str, number: int) -> None:
        self.check_link(name)
        person = self.people[name]
        status = person["status"][number]
        if status != "held" and status not in ENDED:
            return
        if person["party"] != name:
            raise No("forbidden")
        if status == "cancelled":
            raise No("already_cancelled")
        if status == "expired" or person["until"][number] <= self.now:
            raise No("hold_expired")
        held = self.bookings(self.party_of(name), "held")
        self.set(held, "confirmed")
        self.tell("booking_confirmed", held)

    def answer(self, name: str, *, accept: bool) -> None:
        self.check_link(name)
        person = self.people[name]
        if person["party"] != name:
            raise No("forbidden")
        statuses = set(person["status"].values())
        if "offered" not in statuses or self.offers[name] <= self.now:
            done = "confirmed" in statuses if accept else statuses <= {*ENDED} and "cancelled" in statuses
            if not done:
                raise No("offer_over")
        elif accept:
            offered = self.bookings(self.party_of(name), "offered")
            self.set(offered, "confirmed")
            self.tell("booking_confirmed", offered)
            del self.offers[name]
        else:
            for each in self.party_of(name):
                self.people[each]["left"] = True
            self.end(self.bookings(self.party_of(name), *HOPING), "cancelled", "offer_ended")

    def admit(self, name: str, number: int, *, accept: bool) -> None:
        party = self.party_of(name)
        applied = self.bookings(party, "applied")
        if not applied:
            ended = self.people[name]["status"][number] in ENDED
            if accept and ended:
                raise No("already_cancelled")
            if not accept and not ended:
                raise No("forbidden")
        elif not accept:
            self.end(applied, "cancelled", "booking_cancelled")
        else:
            self._admit(applied)

    def _admit(self, applied: list[tuple[str, int]]) -> None:
        coming = [each for each in applied if not self.over(each[1]) and not self.begun()]
        if not coming:
            raise No("already_started")
        later = [each for each in coming if self.listed(each[1])]
        people = max([number for _, number in coming].count(each) for _, each in coming)
        for some in (coming, later):
            if some and all(self.left(number) >= people for _, number in some):
                self.set(some, "confirmed")
                return self.tell("booking_confirmed", some)
        if not later:
            raise No("group_full")
        self.set(coming, "waiting")
        return self.tell("put_on_waiting_list", coming)

    def exchange(self, name: str, number: int, to: int) -> None:
        """One session for another."""
        self.check_link(name)
        person = self.people[name]
        status = person["status"].get(number)
        if number == to and status in COMING:
            return
        if status in HOPING:
            raise No("forbidden")
        if status in ENDED:
            raise No("already_cancelled")
        if self.sessions[number]["starts"] <= self.now:
            raise No("already_started")
        if person["party"] != name or status == "held" or person["series"]:
            raise No("forbidden")
        if self.over(to) or self.begun():
            raise No("slot_closed")
        party = [each for each in self.bookings(self.with_them(name), *COMING) if each[1] == number]
        if self.left(to) < len(party):
            raise No("group_full")
        for each, _ in party:
            for kept in ("status", "until", "since"):
                self.people[each][kept][to] = self.people[each][kept].pop(number)
        self.tell("booking_moved", [(each, to) for each, _ in party])
        self.offer()

    # -- what those who lead do --------------------------------------------------------------------

    def set_capacity(self, capacity: int) -> None:
        ahead = [each for each in self.sessions if not self.over(each)]
        if any(self.taken(each) > capacity for each in ahead):
            raise No("capacity_too_small")
        self.capacity = capacity
        for each in ahead:
            self.sessions[each]["capacity"] = capacity
        self.offer()

    def move(self, number: int, starts: datetime) -> None:
        """By the one who leads the group: whoever else hosts it is asked anew."""
        session = self.sessions[number]
        if not session["live"]:
            raise No("already_cancelled")
        if session["starts"] <= self.now:
            raise No("already_started")
        if session["starts"] == starts:
            return
        if starts <= self.now:
            raise No("slot_closed")
        session |= {"starts": starts, "ends": starts + HOUR, "told": None}
        if session["host"] != "host" and session["staffing"] != "needs_host":
            session["staffing"] = "asked"
        everybody = list(self.people)
        here = [each for each in self.bookings(everybody, "held") if each[1] == number]
        for name, _ in here:
            until = self.people[name]["until"]
            until[number] = min(until[number], starts)
        self.tell("booking_moved", [x for x in self.bookings(everybody, *TOLD_OF_MOVES) if x[1] == number])
        offered = [each for each in self.bookings(everybody, "offered") if each[1] == number]
        self.tell("seat_offered", offered)
        for main in {self.people[name]["party"] for name, _ in offered}:
            self.offers[main] = min(self.offers[main], starts - 10 * MINUTE)
            self.set(self.bookings(self.party_of(main), "offered"), "offered", self.offers[main])
        self.offer()

    def call_off(self, number: int) -> None:
        session = self.sessions[number]
        if not session["live"]:
            return
        if session["ends"] <= self.now:
            raise No("already_started")
        session["live"] = False
        off = [each for each in self.bookings(list(self.people), *HOPING, *COMING) if each[1] == number]
        self.set(off, "cancelled")
        self.tell("booking_cancelled", off)
        self.offer()

    def add_session(self, number: int, starts: datetime) -> None:
        """Whoever is enrolled in the series comes to it as to the last of the others."""
        ahead = [each for each in self.sessions if not self.over(each)]
        self.sessions[number] = a_session(starts, self.capacity)
        coming: dict[str, dict[str, tuple[str, Any]]] = {}
        for name, person in self.people.items():
            last = sorted(
                (self.sessions[each]["starts"], each)
                for each, status in person["status"].items()
                if status not in ENDED and (each in ahead or not ahead)
            )
            if person["series"] and not person["left"] and last:
                _, each = last[-1]
                as_there = (person["status"][each], person["until"][each])
                coming.setdefault(person["party"], {})[name] = as_there
        free = self.capacity
        for main, party in coming.items():
            seats = sum(status in SEATED for status, _ in party.values())
            if main in party and seats <= free:
                free -= seats
                for name, (status, until) in party.items():
                    self.set([(name, number)], status, until)
                    self.people[name]["since"][number] = self.now
        self.tell(
            "booking_confirmed",
            [each for each in self.bookings(list(self.people), "confirmed") if each[1] == number],
        )
        self.offer()

    def give_up(self, number: int, who: str) -> None:
        session = self._ahead(number)
        if session["host"] == who:
            session["staffing"] = "needs_host"

    def promise(self, number: int, who: str) -> None:
        """The one named, or anybody who leads when somebody is looked for."""
        session = self._ahead(number)
        if session["host"] == who and session["staffing"] == "accepted":
            return
        if session["host"] != who and session["staffing"] != "needs_host":
            soon = self.now >= session["starts"] - 48 * HOUR
            if session["staffing"] != "asked" or not soon:
                raise No("duty_taken")
        if session["told"] is not None:
            everybody = self.bookings(list(self.people), *COMING)
            self.tell(
                "host_found",
                [
                    (name, each)
                    for name, each in everybody
                    if each == number and self.people[name]["since"][each] <= session["told"]
                ],
            )
        session |= {"host": who, "staffing": "accepted", "told": None}

    def _ahead(self, number: int) -> dict[str, Any]:
        if not self.sessions[number]["live"]:
            raise No("slot_closed")
        if self.over(number):
            raise No("already_started")
        return self.sessions[number]

    # -- what time does ----------------------------------------------------------------------------

    def let_time_pass(self, by: timedelta) -> None:
        self.now += by
        while self._something_is_due():
            pass
        self.time_passed = True

    def hear_of_missing_hosts(self, told: dict[int, datetime | None]) -> None:
        """Those who come are told once: three hours before at the earliest, and when it has begun at the
        latest. When in between hangs on who was asked when, which is not of this model.
        """
        for number, session in self.sessions.items():
            lacks = session["staffing"] in ("asked", "needs_host") and not self.over(number)
            if lacks and self.time_passed and session["told"] is None:
                late = self.now >= session["starts"]
                if late or (told[number] and self.now >= session["starts"] - 3 * HOUR):
                    session["told"] = self.now
                    coming = self.bookings(list(self.people), *COMING)
                    self.tell("host_missing", [each for each in coming if each[1] == number])
            assert told[number] == session["told"], f"session {number}: {told[number]}"
        self.time_passed = False

    def _something_is_due(self) -> bool:
        holds = sorted(
            (person["until"][number], name)
            for name, person in self.people.items()
            for number, status in person["status"].items()
            if status == "held" and person["party"] == name and person["until"][number] <= self.now
        )
        for _, main in holds:
            self.end(self.bookings(self.party_of(main), "held"), "expired", "booking_expired")
        place = {name: number for number, name in enumerate(self.people)}
        due = sorted((until, place[main], main) for main, until in self.offers.items() if until <= self.now)
        for _, _, main in due:
            self.end(self.bookings(self.party_of(main), *HOPING), "expired", "offer_ended")
        return self._end_waits() or bool(holds or due)

    def _end_waits(self) -> bool:
        """Whoever has nothing else to hope for is told."""
        everybody = list(self.people)
        over = [each for each in self.bookings(everybody, "waiting") if not self.listed(each[1])]
        over += [each for each in self.bookings(everybody, "applied") if self.over(each[1]) or self.begun()]
        self.set(over, "expired")
        self.tell(
            "offer_ended",
            [each for each in over if not self.bookings([each[0]], *HOPING, *COMING)],
        )
        if over:
            self.offer()
        return bool(over)


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
        "capacity": capacity,
        "host": "host",
        "staffing": "accepted",
        "told": None,
    }
