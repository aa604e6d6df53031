"""What people do: enrolling, answering, leaving, and wishing to be forgotten."""

from datetime import datetime

from tests.integration.booking.group_model.board import COMING, ENDED, HOLD, HOPING, MINUTE, Board, No


class People(Board):
    """Each act changes how the group stands, or is refused."""

    def enrol(
        self,
        names: list[str],
        number: int | None,
        *,
        walk_in: bool = False,
        or_wait: bool = True,
        contact: str | None = None,
    ) -> None:
        """`contact`: that of one who enrolled before, if it is the same person again."""
        self._enrol(names, number, walk_in=walk_in, or_wait=or_wait)
        self.people[names[0]]["contact"] = contact or names[0]

    def _enrol(self, names: list[str], number: int | None, *, walk_in: bool, or_wait: bool) -> None:
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
        if not self.goes_on:
            raise No("slot_closed")
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
        ahead = [each for each in self.sessions if not self.over(each) and not self.has_begun(each)]
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
                "contact": name,
                "forgotten": False,
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
        given_back = self.ahead(names)
        belongs = self.people[name]["series"] and self.goes_on
        if belongs or any(each == name for each, _ in given_back):
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
        if status in COMING and self.has_begun(number):
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
        if self.has_begun(number):
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

    def erase(self, names: list[str]) -> None:
        """Whoever wishes to be forgotten, in the order in which they leave what each of `names` has ahead.
        What has begun stays as it was."""
        for name in [name for name in names if self.ahead([name])]:
            self.leave(name)
        for name in names:
            self.people[name]["forgotten"] = True
