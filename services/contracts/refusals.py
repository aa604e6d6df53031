"""When the answer is no: the exception, and every code that may cross the wire."""

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Codes are for ever: clients and translations depend on them. Sentences may improve."""

    # form of the request
    FIELD_INVALID = "field_invalid"
    FIELD_REQUIRED = "field_required"
    FIELD_UNKNOWN = "field_unknown"
    NAME_INVALID = "name_invalid"
    NICKNAME_INVALID = "nickname_invalid"
    EMAIL_INVALID = "email_invalid"
    EMAIL_NOT_SUPPORTED = "email_not_supported"
    PHONE_INVALID = "phone_invalid"
    PHONE_NOT_ALLOWED = "phone_not_allowed"
    CONTACT_REQUIRED = "contact_required"
    CONSENT_REQUIRED = "consent_required"
    TIME_INVALID = "time_invalid"
    TIME_DOES_NOT_EXIST = "time_does_not_exist"
    TIME_AMBIGUOUS = "time_ambiguous"
    TEXT_INVALID = "text_invalid"
    PAGE_INVALID = "page_invalid"
    REASON_REQUIRED = "reason_required"
    RECURRENCE_TOO_LONG = "recurrence_too_long"
    KEY_REUSED = "key_reused"
    # who asks
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    SESSION_ENDED = "session_ended"
    LINK_EXPIRED = "link_expired"
    LINK_USED = "link_used"
    WRONG_PURPOSE = "wrong_purpose"
    # booking
    SLOT_TAKEN = "slot_taken"
    SLOT_CLOSED = "slot_closed"
    GROUP_FULL = "group_full"
    PARTY_TOO_LARGE = "party_too_large"
    OVERLAP = "overlap"
    HAS_BOOKINGS = "has_bookings"
    ALREADY_STARTED = "already_started"
    ALREADY_CANCELLED = "already_cancelled"
    NOT_STARTED = "not_started"
    HOLD_EXPIRED = "hold_expired"
    PERSON_EXISTS = "person_exists"
    NAME_TAKEN = "name_taken"
    CAPACITY_TOO_SMALL = "capacity_too_small"
    CHANGED_MEANWHILE = "changed_meanwhile"
    HOST_REQUIRED = "host_required"
    OFFER_OVER = "offer_over"
    NOT_TRAINED = "not_trained"
    DUTY_TAKEN = "duty_taken"
    # notify
    TOO_LATE = "too_late"
    # rooms
    ROOM_NOT_OPEN = "room_not_open"
    ROOM_CLOSED = "room_closed"
    REMOVED = "removed"
    # the gateway's own: how a request must look before anybody is asked
    JSON_INVALID = "json_invalid"
    JSON_NOT_UTF8 = "json_not_utf8"
    JSON_TOO_DEEP = "json_too_deep"
    JSON_NUMBER = "json_number"
    JSON_DUPLICATE_KEY = "json_duplicate_key"
    JSON_TYPE = "json_type"
    BODY_MISSING = "body_missing"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    CONTENT_TYPE = "content_type"
    CHARSET_UNSUPPORTED = "charset_unsupported"
    NUMBER_INVALID = "number_invalid"
    PARAMETER_REPEATED = "parameter_repeated"
    KEY_MISSING = "key_missing"
    KEY_INVALID = "key_invalid"
    HOST_INVALID = "host_invalid"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_SIGNED_IN = "not_signed_in"
    CSRF = "csrf"
    TOO_MANY = "too_many"
    # time and load
    DEADLINE_EXCEEDED = "deadline_exceeded"
    OVERLOADED = "overloaded"


class Refusal(Exception):
    """A rule said no. Expected, safe to show, never logged as an error.

    `facts` travel to the asker as they are: free times, field errors, an opening
    time. They must be plain JSON and hold nobody's data but the asker's own.
    """

    def __init__(self, code: Code, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts


class Unavailable(Exception):
    """A neighbour did not answer in time. Whether it acted is unknown: repeat with the same key."""


def field_refusal(code: Code, field: str, detail: str) -> Refusal:
    """A refusal of one field, in the shape in which forms and problems list them."""
    return Refusal(code, detail, errors=[{"field": field, "code": str(code), "detail": detail}])
