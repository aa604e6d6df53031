"""A letter as an e-mail: headers, the same words twice, and the invitation."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from services.notify.senders.addresses import one_address
from services.notify.senders.letter import Letter


def compose(letter: Letter, *, sender: Address, reply_to: Address | None, date: datetime) -> EmailMessage:
    """One receiver, and no name of theirs anywhere."""
    receiver = one_address(letter.to)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = receiver
    if reply_to:
        mail["Reply-To"] = reply_to
    mail["Subject"] = letter.subject
    mail["Date"] = date
    mail["Message-ID"] = f"<n-{letter.id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.calendar is not None:
        _invite(mail, letter.calendar, letter.calendar_method)
    # Last: becoming an alternative, a message hands its Content- headers down to its first part.
    mail["Content-Language"] = letter.language
    return mail


def _invite(mail: EmailMessage, calendar: bytes, method: str) -> None:
    """As the last alternative for programs that show it, and as a file for those that do not."""
    form: dict[str, Any] = {
        "subtype": "calendar",
        "charset": "utf-8",
        "cte": "base64",
        "params": {"method": method},
    }
    mail.add_alternative(calendar.decode("utf-8"), **form)
    mail.add_attachment(calendar.decode("utf-8"), filename="invite.ics", **form)
