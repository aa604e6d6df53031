"""What those who lead do: places, hours, sessions and who opens them."""

from datetime import datetime
from typing import Any

from tests.integration.booking.group_model.board import (
    COMING,
    ENDED,
    HOPING,
    HOUR,
    MINUTE,
    SEATED,
    TOLD_OF_MOVES,
    Board,
    No,
    a_session,
)


class Leaders(Board):
    """Each act changes how the group stands, or is refused."""

    def check_goes_on(self) -> None:
        if not self.goes_on:
            raise No("already_cancelled")

    def set_capacity(self, capacity: int) -> None:
        self.check_goes_on()
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
        if self.has_begun(number):
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
        if self.over(number):
            raise No("already_started")
        self._off([number])

    def end_group(self) -> None:
        """What has begun goes on to its end."""
        if self.goes_on:
            self.goes_on = False
            self._off([each for each in self.sessions if not self.over(each) and not self.has_begun(each)])

    def _off(self, numbers: list[int]) -> None:
        for number in numbers:
            self.sessions[number]["live"] = False
        off = [each for each in self.bookings(list(self.people), *HOPING, *COMING) if each[1] in numbers]
        self.set(off, "cancelled")
        self.tell("booking_cancelled", off)
        self.offer()

    def hear_end(self, number: int, starts: datetime, at: datetime) -> None:
        """News that its host ended it, of the hour that it had then: the first time counts."""
        session = self.sessions[number]
        if session["starts"] == starts and session["ended"] is None:
            session["ended"] = at

    def add_session(self, number: int, starts: datetime) -> None:
        """Whoever is enrolled in the series comes to it as to the last of the others."""
        self.check_goes_on()
        ahead = [each for each in self.sessions if not self.over(each)]
        self.sessions[number] = a_session(starts, self.capacity)
        coming: dict[str, dict[str, tuple[str, Any]]] = {}
        for name, person in self.people.items():
            last = sorted(
                (self.sessions[each]["starts"], each)
                for each, status in person["status"].items()
                if status not in ENDED and (each in ahead or not ahead)
            )
            if person["series"] and not person["left"] and not person["forgotten"] and last:
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
