"""Facts into words: what is said of appointments, links, sign-ins and failures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.people import AlertAddress
from services.contracts.gateway import OwnDataToken, SignInMail
from services.contracts.notify import MessageKind
from services.notify.senders.letter import Channel, Letter
from services.notify.writing import Writer, plain, reached_at
from services.runtime.calendar import CalendarEntry, Method, uid_of

_METHOD = {
    MessageKind.CONFIRMATION: Method.REQUEST,
    MessageKind.CHANGE: Method.REQUEST,
    MessageKind.CANCELLATION: Method.CANCEL,
}


class Wording:
    """Says what notify says. `writer` knows how it is put on paper."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def about_booking(
        self, message_id: UUID, kind: MessageKind, facts: MessageFacts, *, now: datetime
    ) -> Letter:
        """Anything said of one booking, with its calendar entry where that changes."""
        link = self._link(facts)
        letter = self._writer.write(
            kind,
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link, self._writer.public_url],
            link=link,
            front_page=self._writer.public_url,
            slot=facts.slot,
            host=plain(facts.slot.host.display_name),
            organisation=plain(facts.slot.host.organisation),
            cancelled_by=facts.cancelled_by,
            reason=plain(facts.cancel_reason or ""),
            held_until=facts.held_until,
            zone=facts.slot.time_zone,
        )
        if kind not in _METHOD or letter.channel is not Channel.EMAIL:
            return letter
        return self._with_calendar(letter, _METHOD[kind], facts, now=now)

    def links(
        self, message_id: UUID, bookings: Sequence[MessageFacts], *, renewed: bool, now: datetime
    ) -> list[Letter]:
        """One person's links: one mail, or a text message for each. Other contacts are left out."""
        to = reached_at(bookings[0])
        same = [each for each in bookings if reached_at(each) == to]
        if to[0] is Channel.EMAIL:
            return [self._links_letter(str(message_id), same, renewed=renewed, now=now)]
        return [
            self._links_letter(f"{message_id}.{number}", [each], renewed=renewed, now=now)
            for number, each in enumerate(same)
        ]

    def sign_in(self, message_id: UUID, mail: SignInMail, *, now: datetime) -> Letter:
        link = f"{self._writer.public_url}/sign-in/{mail.token}"
        return self._writer.write(
            MessageKind.SIGN_IN,
            id=str(message_id),
            contact=mail,
            now=now,
            links=[link],
            link=link,
            expires_at=mail.expires_at,
            zone=self._writer.zone,
        )

    def own_data(
        self, message_id: UUID, facts: MessageFacts, made: OwnDataToken, *, now: datetime
    ) -> Letter:
        link = f"{self._writer.public_url}/own-data/{made.token}"
        return self._writer.write(
            MessageKind.OWN_DATA,
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            expires_at=made.expires_at,
            zone=self._writer.zone,
        )

    def alert(
        self,
        message_id: UUID,
        number: int,
        receiver: AlertAddress,
        *,
        failed: MessageKind | None,
        booking_id: UUID | None,
        now: datetime,
    ) -> Letter:
        """To one of the coordinators: a message could not be delivered, or news be read. Names nobody."""
        page = f"bookings/{booking_id}/messages" if booking_id else "coordinator/to-do"
        link = f"{self._writer.public_url}/{page}"
        return self._writer.write(
            MessageKind.ALERT,
            id=f"{message_id}.{number}",
            contact=receiver,
            now=now,
            links=[link],
            link=link,
            failed=failed,
            booking_id=booking_id,
            zone=self._writer.zone,
        )

    def _links_letter(
        self, letter_id: str, bookings: Sequence[MessageFacts], *, renewed: bool, now: datetime
    ) -> Letter:
        listed = [(each.slot, self._link(each)) for each in bookings]
        return self._writer.write(
            MessageKind.LINKS,
            id=letter_id,
            contact=bookings[0],
            now=now,
            links=[link for _, link in listed],
            bookings=listed,
            renewed=renewed,
        )

    def _link(self, facts: MessageFacts) -> str:
        return self._writer.link(facts.booking_id, facts.link_version)

    def _with_calendar(
        self, letter: Letter, method: Method, facts: MessageFacts, *, now: datetime
    ) -> Letter:
        words = self._writer.words(letter.language)
        entry = CalendarEntry(
            uid=uid_of(facts.booking_id, self._writer.public_url),
            sequence=facts.sequence,
            method=method,
            made_at=now,
            starts_at=facts.slot.starts_at,
            ends_at=facts.slot.ends_at,
            summary=words.pgettext("calendar", "Appointment"),
            url=self._link(facts),
            organizer=self._writer.organizer,
            attendee=letter.to,
        )
        return replace(letter, calendar=entry.to_bytes(), calendar_method=str(method))
