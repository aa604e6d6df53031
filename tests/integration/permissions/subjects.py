"""The written table: every kind of subject there is, and who may speak to it or hear it."""

NOBODY: frozenset[str] = frozenset()
EVERYBODY = frozenset({"booking", "rooms", "notify", "gateway"})
HEARS_OF = {
    "BOOKING": {"rooms-booking": "rooms", "notify-booking": "notify"},
    "ROOMS": {"booking-rooms": "booking"},
    "NOTIFY": {},
    "GATEWAY": {"notify-gateway": "notify"},
}


def only(*names: str) -> frozenset[str]:
    return frozenset(names)


REQUESTS = {
    "booking.v1.rpc.book": only("gateway"),
    "booking.v1.rpc.read_contact": only("gateway"),
    "booking.v1.rpc.describe_names": only("gateway"),
    "booking.v1.rpc.describe_place": only("gateway", "rooms"),
    "booking.v1.rpc.describe_message": only("gateway", "notify"),
    "booking.v1.rpc.describe_group_message": only("gateway", "notify"),
    "booking.v1.rpc.describe_announcement": only("gateway", "notify"),
    "booking.v1.rpc.describe_duties": only("gateway", "notify"),
    "booking.v1.rpc.describe_handover": only("gateway", "notify"),
    "booking.v1.rpc.describe_applications": only("gateway", "notify"),
    "booking.v1.rpc.describe_links": only("gateway", "notify"),
    "booking.v1.rpc.list_alert_addresses": only("gateway", "notify"),
    "rooms.v1.rpc.join": only("gateway"),
    "rooms.v1.rpc.join_again": only("gateway"),
    "notify.v1.rpc.list_messages": only("gateway"),
    "gateway.v1.rpc.prepare_sign_in": only("notify"),
    "gateway.v1.rpc.something_else": NOBODY,
}
NEWS = {f"{owner}.v1.event.something_happened": only(owner) for owner in EVERYBODY}
COPIES = {"gateway.v1.live.pages_seen": only("gateway")}
REPLIES = {
    "_INBOX_gateway.1": only("booking", "rooms", "notify"),
    "_INBOX_rooms.1": only("booking"),
    "_INBOX_notify.1": only("booking", "gateway"),
    "_INBOX_booking.1": NOBODY,
    "_INBOX.1": NOBODY,
}
SERVER = {
    "$JS.API.INFO": EVERYBODY,
    "$SYS.REQ.SERVER.PING.JSZ": EVERYBODY,
    "$SYS.REQ.SERVER.PING.VARZ": NOBODY,
    "$SYS.REQ.SERVER.PING.CONNZ": NOBODY,
    "$SYS.REQ.ACCOUNT.PING.CONNZ": NOBODY,
    "$SRV.PING": NOBODY,
    "$JS.API.STREAM.NAMES": NOBODY,
    "$JS.API.STREAM.LIST": NOBODY,
    "$JS.API.STREAM.CREATE.ANOTHER": NOBODY,
    "anything": NOBODY,
}
FORBIDDEN_TO_STREAMS = (
    "$JS.API.STREAM.UPDATE.{0}",
    "$JS.API.STREAM.DELETE.{0}",
    "$JS.API.STREAM.PURGE.{0}",
    "$JS.API.STREAM.RESTORE.{0}",
    "$JS.API.STREAM.SNAPSHOT.{0}",
    "$JS.API.STREAM.MSG.GET.{0}",
    "$JS.API.STREAM.MSG.DELETE.{0}",
    "$JS.API.DIRECT.GET.{0}",
    "$JS.API.CONSUMER.CREATE.{0}",
    "$JS.API.CONSUMER.CREATE.{0}.another",
    "$JS.API.CONSUMER.DURABLE.CREATE.{0}.another",
    "$JS.API.CONSUMER.LIST.{0}",
    "$JS.API.CONSUMER.DELETE.{0}.another",
)
ALLOWED_TO_CONSUMERS = (
    "$JS.API.CONSUMER.CREATE.{0}.{1}",
    "$JS.API.CONSUMER.CREATE.{0}.{1}.some.v1.event.filter",
    "$JS.API.CONSUMER.DURABLE.CREATE.{0}.{1}",
    "$JS.API.CONSUMER.INFO.{0}.{1}",
    "$JS.API.CONSUMER.DELETE.{0}.{1}",
    "$JS.API.CONSUMER.MSG.NEXT.{0}.{1}",
    "$JS.ACK.{0}.{1}.1.1.1.1.0",
    "$JS.ACK._.account.{0}.{1}.1.1.1.1.0",
)
FORBIDDEN_TO_CONSUMERS = ("$JS.API.CONSUMER.PAUSE.{0}.{1}",)


def _streams() -> dict[str, frozenset[str]]:
    """A stream is made by its owner, looked at by its owner and those who hear of it, changed by nobody."""
    table: dict[str, frozenset[str]] = {}
    for stream, listeners in HEARS_OF.items():
        owner = stream.lower()
        table[f"$JS.API.STREAM.CREATE.{stream}"] = only(owner)
        table[f"$JS.API.STREAM.INFO.{stream}"] = only(owner, *listeners.values())
        table |= {subject.format(stream): NOBODY for subject in FORBIDDEN_TO_STREAMS}
        for durable, service in listeners.items():
            table |= {subject.format(stream, durable): only(service) for subject in ALLOWED_TO_CONSUMERS}
            table |= {subject.format(stream, durable): NOBODY for subject in FORBIDDEN_TO_CONSUMERS}
    return table


MAY_PUBLISH = REQUESTS | NEWS | COPIES | REPLIES | SERVER | _streams()

# (subject, queue group) to those who may subscribe so.
MAY_SUBSCRIBE = {
    **{(f"{owner}.v1.rpc.>", owner): only(owner) for owner in EVERYBODY},
    **{(f"{owner}.v1.rpc.>", ""): NOBODY for owner in EVERYBODY},
    **{(f"{owner}.v1.rpc.>", "another"): NOBODY for owner in EVERYBODY},
    **{(f"_INBOX_{owner}.>", ""): only(owner) for owner in EVERYBODY},
    ("booking.v1.event.>", ""): only("gateway"),
    ("rooms.v1.event.>", ""): only("gateway"),
    ("notify.v1.event.>", ""): NOBODY,
    ("gateway.v1.event.>", ""): NOBODY,
    ("gateway.v1.live.>", ""): only("gateway"),
    ("_INBOX.>", ""): NOBODY,
    ("$JS.ACK.>", ""): NOBODY,
    ("$JS.API.>", ""): NOBODY,
    ("$JS.EVENT.>", ""): NOBODY,
    ("$SYS.>", ""): NOBODY,
    ("*.v1.rpc.>", ""): NOBODY,
    (">", ""): NOBODY,
}
