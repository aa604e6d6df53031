"""What time does: holds, offers and waits end, and people hear that nobody comes."""

from datetime import datetime, timedelta

from tests.integration.booking.group_model.board import COMING, HOPING, HOUR, Board


class Hours(Board):
    """Whatever is due is done until nothing is."""

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
