"""The ways in which a request can be wrong."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import urlencode
from zlib import compress

from tests.prove.fuzz import nasty
from tests.prove.fuzz.draft import Draft

Way = Callable[[Draft, Random, str], None]


def spoil(draft: Draft, chance: Random, word: str) -> None:
    """In one place of those that it has."""
    ways: dict[Way, int] = {a_header: 3, the_path: 2, the_query: 2 if draft.method != "GET" else 6}
    if draft.data is not None:
        ways |= {a_value: 20, the_json: 5}
    if draft.fields is not None:
        ways |= {a_field: 20, the_form: 2}
    if draft.method != "GET":
        ways[the_framing] = 1
    way = chance.choices(list(ways), list(ways.values()))[0]
    way(draft, chance, word)
    draft.spoiled.append(way.__name__)


def _nasty_text(chance: Random, word: str) -> str:
    """With the word in it more often than not, by which it would be known again."""
    text = chance.choice(nasty.TEXTS)
    return chance.choice((text, word + text, text + word, f"<x-kanari>{word}</x-kanari>{text}"))


def a_value(draft: Draft, chance: Random, word: str) -> None:
    """One place of the JSON holds something else, nothing, or what nobody asked for."""
    places = list(_places(draft.data)) if isinstance(draft.data, (dict, list)) else []
    if not places or chance.random() < 0.05:
        draft.data = nasty.value(chance)
        return
    holder, at = chance.choice(places)
    lot = chance.random()
    if lot < 0.5:
        holder[at] = _nasty_text(chance, word)
    elif lot < 0.75:
        holder[at] = nasty.value(chance)
    elif lot < 0.85:
        del holder[at]
    elif lot < 0.92:
        holder[at] = [holder[at]] * chance.choice((0, 1, 2, 401))
    elif isinstance(holder, dict):
        holder[chance.choice((word, "role", "id", "__class__", "", "é"))] = nasty.value(chance)


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    for at, value in inside:
        yield data, at
        if isinstance(value, (dict, list)):
            yield from _places(value)


def the_json(draft: Draft, chance: Random, word: str) -> None:
    """The bytes that should have been JSON."""
    sound = draft.body() or b"{}"
    inner = sound[1:]
    name = word.encode()
    cut = chance.randrange(len(sound) + 1)
    draft.raw = chance.choice(
        (
            sound[:cut],
            sound[:cut] + bytes([chance.randrange(256)]) + sound[cut + 1 :],
            sound[:cut] + b"\xff" + sound[cut:],
            sound + sound,
            sound.replace(b'"', b"'"),
            b"",
            b"\xef\xbb\xbf" + sound,
            sound.decode("latin-1").encode("utf-16"),
            sound.decode("latin-1").encode("utf-32-le"),
            b'{"%s": ' % name + b"[" * chance.choice((15, 17, 20_000)),
            b'{"%s":' % name * chance.choice((16, 5_000)) + b"1" + b"}" * chance.choice((16, 5_000)),
            b'{"%s": %s, ' % (name, b"9" * chance.choice((20, 21, 5_000))) + inner,
            b'{"%s": %s, ' % (name, chance.choice((b"NaN", b"-Infinity", b"1e999", b"01", b"+1", b".5")))
            + inner,
            b'{"%s": "\\ud800", ' % name + inner,
            b'{"%s": "\\u0000", ' % name + inner,
            b'{"%s": 1, "%s": 2, ' % (name, name) + inner,
            b'{"' * chance.choice((100, 20_000)),
            b'"' + b"\\" * 30_001,
            b"null",
            b'{"%s": "%s"}' % (name, b"x" * 66_000),
            b"/* %s */" % name + sound,
        )
    )


def a_field(draft: Draft, chance: Random, word: str) -> None:
    """A field of the form: another value, left out, given twice, or one too many."""
    assert draft.fields is not None
    if not draft.fields:
        draft.fields.append((word, word))
    at = chance.randrange(len(draft.fields))
    name, value = draft.fields[at]
    lot = chance.random()
    if name == "csrf" and lot < 0.8:  # mostly left alone: what is refused at the door tests the door
        at = chance.randrange(len(draft.fields))
        name, value = draft.fields[at]
    if lot < 0.6:
        draft.fields[at] = (name, _nasty_text(chance, word))
    elif lot < 0.75:
        del draft.fields[at]
    elif lot < 0.9:
        draft.fields.insert(at, (name, chance.choice((value, _nasty_text(chance, word)))))
    else:
        draft.fields.append(
            (chance.choice(("role", word, "", name + "[]", "é")), _nasty_text(chance, word))
        )


def the_form(draft: Draft, chance: Random, word: str) -> None:
    """The bytes that should have been a form."""
    sound = draft.body()
    cut = chance.randrange(len(sound) + 1)
    several = b"--%s\r\nContent-Disposition: form-data; name=" % word.encode()
    draft.raw = chance.choice(
        (
            *(sound + b"&x=%ff", sound + b"&x=%00", sound + b"&%zz=%", sound + b"&x=\xff", sound[:cut]),
            *(
                sound + b"&a" * 201,
                sound + b"&" * 5_000,
                sound.replace(b"=", b""),
                sound.replace(b"&", b";"),
            ),
            *(
                several + b'"csrf"\r\n\r\n',
                several + b'"a"; filename="../../x"\r\nContent-Type: a/b\r\n\r\nx',
            ),
            *(b"", b"{}", b"=" * 40_000, sound + b"&x=%ed%a0%80", sound + b"&x=" + b"x" * 66_000),
            sound.decode("latin-1").encode("utf-16"),
        )
    )
    if draft.raw.startswith(b"--") or chance.random() < 0.2:
        boundary = chance.choice((word, "", '"', "x" * 200))
        draft.put("Content-Type", f"multipart/form-data; boundary={boundary}")


def a_header(draft: Draft, chance: Random, word: str) -> None:
    name = chance.choice(list(nasty.HEADERS))
    lot = chance.random()
    said = chance.choice(nasty.HEADERS[name])
    if lot < 0.1 and name != "Cookie":
        said = word
    if lot > 0.95:
        draft.drop(name)
    elif lot > 0.9:
        draft.headers.append((name.encode(), said.encode("latin-1", "replace")))  # a second time
    else:
        draft.put(name, said.encode("latin-1", "replace"))


def the_path(draft: Draft, chance: Random, word: str) -> None:
    """A trap in the place of one part, mostly of an id: the path leads to the same row all the same."""
    things = [at for at, part in enumerate(draft.path) if len(part) > 20] or list(range(len(draft.path)))
    at = chance.choice(things)
    lot = chance.random()
    trap = chance.choice(nasty.TRAPS)
    if lot < 0.5:
        draft.path[at] = chance.choice((trap, word + trap))
    elif lot < 0.7:
        draft.path[at] = draft.path[at][: chance.randrange(40)] + trap
    elif lot < 0.8:
        draft.path[at] = chance.choice(
            (draft.path[at].upper(), draft.path[at].swapcase(), draft.path[at][::-1])
        )
    elif lot < 0.9:
        draft.path.append(trap)
    else:
        sound = "/" + "/".join(draft.path)
        whole = (
            "//" + sound,
            "http://evil.fi" + sound,
            sound + "#a",
            sound + "?",
            "*",
            sound + "/",
            "?" + sound,
        )
        draft.target = chance.choice(whole).encode("utf-8", "replace")


def the_query(draft: Draft, chance: Random, word: str) -> None:
    """A parameter that is repeated, unknown, spoiled or a page of a list that nobody was given."""
    known = [name for name, _ in draft.query] or [
        "limit",
        "cursor",
        "lang",
        "back",
        "week",
        "after",
        "theme",
        "from",
    ]
    name = chance.choice(known)
    lot = chance.random()
    if lot < 0.3:
        draft.query = [item for item in draft.query if item[0] not in ("cursor", "after")]
        draft.query.append((chance.choice(("cursor", "cursor", "after")), nasty.cursor(chance)))
    elif lot < 0.7:
        draft.query = [item for item in draft.query if item[0] != name]
        draft.query.append((name, _nasty_text(chance, word)))
    elif lot < 0.8:
        draft.query.append((name, chance.choice(("1", word))))
    elif lot < 0.9:
        draft.query.append((chance.choice((word, "", "sort", "é", "a[b]")), "1"))
    else:
        sound = urlencode(draft.query, errors="surrogatepass")
        odd = chance.choice(
            ("&&&", "=&=", "%ff=%ff", "x=%00", "a;b", "%", "x=" + "y" * 6000, "%ed%a0%80=1", "\xff")
        )
        path = ("/" + "/".join(draft.path)).encode("utf-8", "replace")
        draft.target = path + b"?" + (f"{sound}&{odd}").encode("latin-1", "replace")


def the_framing(draft: Draft, chance: Random, word: str) -> None:
    """What says how long the body is, or how it was packed."""
    body = draft.body()
    chunked = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"
    packed = compress(body * 3, 9)
    lengths = (
        ((b"Transfer-Encoding", b"chunked"), chunked),
        ((b"Transfer-Encoding", b"chunked"), b"zz\r\n" + body),
        ((b"Transfer-Encoding", b"chunked, gzip"), chunked),
        ((b"Transfer-Encoding", b"x"), body),
        ((b"Content-Length", b"-1"), body),
        ((b"Content-Length", b"1e3"), body),
        ((b"Content-Length", b"%d, %d" % (len(body), len(body) + 1)), body),
        ((b"Content-Length", b"9" * 30), body),
        ((b"Content-Length", b"70000000"), body),
        ((b"Content-Length", b"%d" % max(0, len(body) - 1)), body),
    )
    lot = chance.random()
    if lot < 0.6:
        header, draft.raw = chance.choice(lengths)
        draft.headers.append(header)
        if chance.random() < 0.2:
            draft.headers.append((b"Content-Length", b"2"))
        draft.framed = False
    else:
        draft.put("Content-Encoding", chance.choice(("deflate", "gzip", "br")))
        bomb = compress(b"0" * 5_000_000, 9)
        draft.raw = chance.choice((packed, packed[:-4], body, bomb, b"", word.encode()))
