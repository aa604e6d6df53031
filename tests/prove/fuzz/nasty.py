"""What people and programs have put where it did not belong."""

import base64
import json
from copy import deepcopy
from random import Random
from typing import Any

TEXTS = (
    *("", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufeff", "\ufffe", "\u202eabc", "a\u200bb",
        "\u2028"),
    *("\x7f", "\x85", "\x1b[31m", "\t", "\n\n", "\r\nBcc: x@y.fi", "\r\n\r\n", "a" * 81, "a" * 255),
    *("ä" * 101, "a" * 501, "a" * 2001, "😀" * 300, "a" * 30_000, "a" + "\u0301" * 5_000,
        "\u0345\u0327" * 40),
    *("İ", "ß", "ﬁ", "ﷺ", "𝕳𝖎", "שלום", "\u0378", "\ue000", "٣", "१२:३०", "²", "９", "½", "十"),
    *("=HYPERLINK(1)", "{{7*7}}", "${7}", "%s%n%x", "'; DROP TABLE slot--", "../../etc/passwd", "\\", '"'),
    *("<script>alert(1)</script>", "]]>", "&#0;", "null", "true", "[]", "{}", "NaN", "-1", "0", "1e999",
        "0x10"),
    *("1_000", " 7", "+5", "9" * 25, "2147483648", "9223372036854775808", "00000", "-0"),
    *("00000000-0000-0000-0000-000000000000", "{00000000-0000-4000-8000-000000000000}", "urn:uuid:0"),
    *("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "00000000000040008000000000000000", "undefined", "self"),
    *("0001-01-01", "9999-12-31", "2027-02-30", "2027-W01-1", "20270101", "10000-01-01", "-001-01-01"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2027-01-01T10:00:00", "2027-03-28T03:30"),
    *("2027-01-01T10:00:00+25:00", "2027-01-01T24:00:00Z", "2016-12-31T23:59:60Z", "2000-01-01T00:00:00Z"),
    *("2100-12-31T23:59:59.999999+00:00", "2027-03-28T03:30:00+02:00", "2027-10-31T03:30:00+02:00"),
    *("24:00", "23:60", "3:5", "٠٣:٣٠", "03:30", "00:00", "23:59", "13:00:00.5", "13.00", "13"),
    *("2027-03-28", "2027-10-31", "1970-01-01", "31.12.2027", "1.1.1", "2024-02-29", "2026-13-01"),
    *("a@b", "a@b.fi, c@d.fi", "<a@b.fi>", "åsa@posti.fi", "a@[127.0.0.1]", "a@xn--a", "a@ä.fi", "a@-.fi"),
    *("a@" + "a." * 120 + "fi", "a" * 65 + "@b.fi", "a@b.fi\n", "a@\u3002fi", "a@ⓐ.fi", "a@xn--.fi", "@"),
    *("+358 40 123", "112", "0700 12345", "+46 70 123 45 67", "+" + "3" * 40, "tel:040", "040;ext=1",
        "+٣٥٨"),
    *("//evil.fi", "https://evil.fi/", "javascript:alert(1)", "\\\\evil.fi", "/\\evil.fi", "/my/../..",
        "?"),
)  # fmt: skip

NUMBERS = (
    *(0, -1, 1, 2, 7, 8, 400, 1440, 10_000, 100_000, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**63, 2**64),
    *(10**19, -(10**18), 0.5, 1.0, -0.0, 1e308, 5e-324, 4.000000001),
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"": ""},
    [None],
    {"a": {"b": {"c": []}}},
    [[[[[[]]]]]],
)

HEADERS = {
    "Content-Type": (
        *("application/json; charset=foo", "application/json; charset=utf-16", "text/plain", "a", "",
            ";;;", "*/*"),
        *("application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data",
            "application/json;charset="),
        *("application/json; charset=idna", "application/json; charset=\xff", 'a/b; charset="',
            "text/html"),
        *("application/x-www-form-urlencoded; charset=foo", "application/json; charset=base64"),
    ),
    "Accept": ("", "*/*;q=x", "text/html;q=0, */*;q=0", "application/json", "a" * 5000, "\xff", ",,,;;;"),
    "Accept-Language": ("", "sv;q=x", "*;q=0", "fi;q=" + "9" * 400, "en-" * 1000, "\xff", "sv;q=nan",
        ",;=", "zz"),
    "Cookie": ("sid=", "sid", "sid=\xff", 'sid="', "sid=a; sid=b", "=", ";" * 2000, "sid=" + "a" * 7000,
        "a\x01=b"),
    "Origin": ("null", "https://evil.fi", "http://", "://", "\xff", "http://[::1", "http://a@b:c"),
    "Sec-Fetch-Site": ("cross-site", "none", "", "\xff", "same-site"),
    "X-CSRF-Token": ("", "a", "\xff", "é" * 43, "A" * 43),
    "Idempotency-Key": ("", "a key", "k" * 300, "\xff", "%00", "k", "'", "\x7f"),
    "X-Forwarded-For": ("127.0.0.1", "::1, ::2", "\xff", "," * 3000, "999.1.1.1", "fe80::1%eth0"),
    "X-Forwarded-Host": ("evil.fi",),
    "Forwarded": ("for=_hidden;host=evil.fi", "for="),
    "traceparent": ("00-" + "0" * 32 + "-" + "0" * 16 + "-00", "\xff", "00-\n", "a" * 4000),
    "Host": ("evil.fi", "", "127.0.0.1:99999999999", "[::1", "a@127.0.0.1", "\xff", "127.0.0.1:",
        "localhost:x"),
    "If-None-Match": ("*", '"', "W/", 'W/"a", "b', "\xff"),
    "If-Modified-Since": ("Mon, 99 Foo 9999 99:99:99 GMT", "0", "\xff", "Sun, 01 Jan 0000 00:00:00 GMT"),
    "If-Range": ('"', "Sun, 99"),
    "If-Match": ('"a"', "*", '"'),
    "If-Unmodified-Since": ("Thu, 01 Jan 1970 00:00:00 GMT", "x"),
    "Range": ("bytes=0-", "bytes=-1", "bytes=5-1", "bytes=a-b", "bytes=0-0,1-1",
        "bytes=" + "9" * 30 + "-", "x=1"),
    "Last-Event-ID": ("\xff", "-1", "9" * 40),
    "Expect": ("100-continue", "everything", "\xff"),
    "Upgrade": ("websocket", "h2c"),
    "Connection": ("upgrade", "close", "keep-alive, \xff"),
    "Content-Encoding": ("gzip", "deflate", "br", "zstd", "x", "gzip, gzip"),
    "Content-Language": ("\xff",),
    "X-HTTP-Method-Override": ("DELETE",),
    "X-Request-ID": ("a b", "\xff", "0" * 5000),
    "Referer": ("https://evil.fi/", "\xff", "http://["),
    "User-Agent": ("", "\xff", "() { :; }"),
}  # fmt: skip

TRAPS = ("%00", "%0d%0aX-A:b", "..%2f..%2fetc%2fpasswd", "%ff", "%ed%a0%80", "%c0%ae", "%", "%zz",
    "%25%30%30",
         "..", ".", "", "a" * 5000, "%u0041", ";a=b", "\\", "%5c", "%e2%80%ae", "~", "%F0%9F%98%80", "0",
         "-1", "*",
         "00000000-0000-0000-0000-00000000000g", "%20", "+", "{}", "null", "a%2fb", "%2e%2e", "İ",
         "%09")  # fmt: skip


def cursor(chance: Random) -> str:
    """A page of a list that nobody was given."""
    kinds: tuple[Any, ...] = (
        *(
            *TEXTS[:40],
            "infinity",
            "2027-02-02T08:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-14:00",
        ),
        *(*NUMBERS, *OTHERS, "00000000-0000-4000-8000-000000000000", "2027-02-02", "digineuvonta"),
    )
    row = [chance.choice(kinds) for _ in range(chance.randint(0, 4))]
    said = json.dumps(
        row if chance.random() < 0.9 else chance.choice(OTHERS), ensure_ascii=chance.random() < 0.7
    )
    data = said.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode() + chance.choice(
        ("", "", "", "=", "=====", "é")
    )


def value(chance: Random) -> Any:
    """Something of any type."""
    return deepcopy(chance.choice(chance.choice((TEXTS, TEXTS, NUMBERS, OTHERS))))
