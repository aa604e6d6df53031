"""What an answer of "no" looks like from outside. The only place that knows HTTP statuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from aiohttp import web

from services.contracts.refusals import Code, Refusal, Unavailable

log = structlog.get_logger()

UNAVAILABLE = "unavailable"
INTERNAL = "internal"
RETRY_SECONDS = "2"

_BAD_FIELD = "Something in what was sent cannot be used"

TITLES: Mapping[str, tuple[int, str]] = {
    Code.FIELD_INVALID: (400, _BAD_FIELD),
    Code.FIELD_REQUIRED: (400, "Something needed is missing"),
    Code.FIELD_UNKNOWN: (400, "There is a field too many"),
    Code.NAME_INVALID: (400, "The name cannot be used"),
    Code.NICKNAME_INVALID: (400, "The name cannot be used"),
    Code.EMAIL_INVALID: (400, "The e-mail address is not valid"),
    Code.EMAIL_NOT_SUPPORTED: (400, "Mail to this address cannot be sent"),
    Code.PHONE_INVALID: (400, "The phone number is not valid"),
    Code.PHONE_NOT_ALLOWED: (400, "This kind of number cannot be used"),
    Code.CONTACT_REQUIRED: (400, "An e-mail address or a phone number is needed"),
    Code.CONSENT_REQUIRED: (400, "Consent is needed"),
    Code.TIME_INVALID: (400, "The time cannot be read"),
    Code.TIME_DOES_NOT_EXIST: (400, "There is no such time on that day"),
    Code.TIME_AMBIGUOUS: (400, "That time comes twice on that day"),
    Code.TEXT_INVALID: (400, "The text holds characters that cannot be used"),
    Code.PARTY_TOO_LARGE: (400, "The group has fewer places than that"),
    Code.NUMBER_INVALID: (400, "The number cannot be used"),
    Code.PAGE_INVALID: (400, "There is no such page of the list"),
    Code.PARAMETER_REPEATED: (400, "A parameter was given twice"),
    Code.REASON_REQUIRED: (400, "A reason is needed"),
    Code.RECURRENCE_TOO_LONG: (400, "The hours go on for too long"),
    Code.JSON_INVALID: (400, "The body is not JSON"),
    Code.JSON_NOT_UTF8: (400, "The body is not in UTF-8"),
    Code.JSON_TOO_DEEP: (400, "The body is nested too deeply"),
    Code.JSON_NUMBER: (400, "A number in the body cannot be used"),
    Code.JSON_DUPLICATE_KEY: (400, "A name stands twice in one object"),
    Code.JSON_TYPE: (400, "The body must be an object"),
    Code.BODY_MISSING: (400, "The body is missing"),
    Code.KEY_MISSING: (400, "The Idempotency-Key header is missing"),
    Code.KEY_INVALID: (400, "The Idempotency-Key header cannot be used"),
    Code.HOST_INVALID: (400, "This is not the address of the service"),
    Code.NOT_SIGNED_IN: (401, "Sign in first"),
    Code.SESSION_ENDED: (401, "You have been signed out"),
    Code.FORBIDDEN: (403, "This is not for your role"),
    Code.CSRF: (403, "The request did not come from our own page"),
    Code.WRONG_PURPOSE: (403, "The link is for something else"),
    Code.ROOM_NOT_OPEN: (403, "The room is not open now"),
    Code.NOT_TRAINED: (403, "This is for those who have been trained"),
    Code.REMOVED: (403, "The way into this session is closed"),
    Code.NOT_FOUND: (404, "There is nothing here"),
    Code.METHOD_NOT_ALLOWED: (405, "This cannot be done here"),
    Code.BODY_TOO_SLOW: (408, "The body did not come in time"),
    Code.SLOT_TAKEN: (409, "That time has just been taken"),
    Code.SLOT_CLOSED: (409, "That time can no longer be booked"),
    Code.GROUP_FULL: (409, "The group is full"),
    Code.OVERLAP: (409, "Another time is in the way"),
    Code.HAS_BOOKINGS: (409, "There are bookings"),
    Code.ALREADY_STARTED: (409, "The meeting has already begun"),
    Code.ALREADY_CANCELLED: (409, "This has already been cancelled"),
    Code.NOT_STARTED: (409, "The meeting has not begun yet"),
    Code.HOLD_EXPIRED: (409, "The time was not confirmed soon enough"),
    Code.PERSON_EXISTS: (409, "There is already somebody with that address"),
    Code.NAME_TAKEN: (409, "There is already one by that name"),
    Code.CHANGED_MEANWHILE: (409, "Somebody else has changed it meanwhile"),
    Code.CAPACITY_TOO_SMALL: (409, "More people are enrolled than that"),
    Code.HOST_REQUIRED: (409, "Somebody must lead the group"),
    Code.OFFER_OVER: (409, "The place is no longer offered"),
    Code.DUTY_TAKEN: (409, "Somebody else has promised to come"),
    Code.TOO_LATE: (409, "It is too late for that"),
    Code.ROOM_CLOSED: (409, "The meeting has ended"),
    Code.LINK_EXPIRED: (410, "The link is no longer in use"),
    Code.LINK_USED: (410, "The link has already been used"),
    Code.BODY_TOO_LARGE: (413, "The body is too large"),
    Code.CONTENT_TYPE: (415, "The body must be JSON"),
    Code.CHARSET_UNSUPPORTED: (415, "The body must be in UTF-8"),
    Code.KEY_REUSED: (422, "The key has been used for something else"),
    Code.TOO_MANY: (429, "Too many requests"),
    INTERNAL: (500, "Something went wrong on our side"),
    Code.OVERLOADED: (503, "Too busy just now"),
    Code.DEADLINE_EXCEEDED: (503, "That took too long"),
    UNAVAILABLE: (503, "Part of the service is away for a moment"),
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An answer of "no", for programs as it is and for people by way of a page."""

    status: int
    code: str
    title: str
    detail: str
    request_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> list[dict[str, str]]:
        """What is wrong field by field: `field`, `code` and `detail` of each."""
        found: list[dict[str, str]] = self.facts.get("errors", [])
        return found

    def response(self) -> web.Response:
        body = dict(self.facts) | {
            "type": f"/problems/{self.code.replace('_', '-')}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
            "request_id": self.request_id,
        }
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(body),
            content_type="application/problem+json",
            headers=self.headers,
        )


def problem_of(error: Exception, request_id: str) -> Problem:
    """The problem that an exception is to the one who asked; bugs are logged here, once."""
    match error:
        case Refusal():
            return _refused(error, request_id)
        case Unavailable():
            log.warning("neighbour.away", exc_info=error)
            detail = "It may or may not have been done. Try again in a moment, with the same key."
            return _known(UNAVAILABLE, detail, request_id, headers={"Retry-After": RETRY_SECONDS})
        case web.HTTPMethodNotAllowed():
            allow = {"Allow": ", ".join(sorted(error.allowed_methods))}
            detail = "The address is right, but not for this method."
            return _known(Code.METHOD_NOT_ALLOWED, detail, request_id, headers=allow)
        case web.HTTPNotFound():
            return _known(Code.NOT_FOUND, "There is nothing at this address.", request_id)
        case web.HTTPRequestEntityTooLarge():
            return _known(Code.BODY_TOO_LARGE, "A request may have at most 64 KiB.", request_id)
        case web.HTTPClientError():
            return _known(Code.FIELD_INVALID, "The request could not be read.", request_id)
    log.error("request.failed", exc_info=error)
    return _known(INTERNAL, "It has been written down. Try again later.", request_id)


def _refused(refusal: Refusal, request_id: str) -> Problem:
    headers = {}
    if refusal.code in (Code.TOO_MANY, Code.OVERLOADED, Code.DEADLINE_EXCEEDED):
        headers["Retry-After"] = str(refusal.facts.get("retry_after", RETRY_SECONDS))
    return _known(refusal.code, refusal.detail, request_id, facts=refusal.facts, headers=headers)


def _known(
    code: str,
    detail: str,
    request_id: str,
    *,
    facts: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    status, title = TITLES[code]
    return Problem(
        status=status,
        code=str(code),
        title=title,
        detail=detail,
        request_id=request_id,
        facts=facts or {},
        headers=headers or {},
    )
