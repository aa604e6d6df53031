"""Under which names people come to their meetings, asked for all who press join at one moment."""

from typing import ClassVar

from msgspec import Struct

from services.contracts.envelope import Request, Resident


class KnownAs(Struct, frozen=True, kw_only=True):
    """The name and language of a booking, and the name of the one whom its bearer meets."""

    display_name: str
    language: str
    host_name: str


class Names(Struct, frozen=True):
    """In the order asked; None for who has a link no longer in use, and for who is not known (any more)."""

    items: list[KnownAs | None]


class DescribeNames(Request[Names], frozen=True, kw_only=True):
    """For bearers of links, which the gateway has read: what `DescribeBooking` would tell each of them of
    names. The gateway asks it of its own accord. At most 64."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_names"
    reply = Names
    links: list[Resident]
