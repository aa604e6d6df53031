"""Room tokens, read as strictly as Jitsi reads them."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest

from services.contracts.rooms import Video
from services.rooms import tokens
from services.rooms.keys import RsaKey, rsa_keys
from services.rooms.tokens import Guest, Signer
from tests.support.prosody import Door, Refused, is_moderator
from tests.support.rsa_keys import private_pem

NOW = datetime(2027, 3, 2, 10, 0, 0, 250_000, tzinfo=UTC)
CLOSES = NOW + timedelta(hours=1)
ROOM = "0f3a9c1b7d5e42688c0d5e42688c0d0f3a9c1b7d"
SECRET = b"a secret of at least thirty-two bytes"
RESIDENT = Guest(participant_id=UUID(int=7), name="Åsa Öhman-D'Arc", moderates=False)
HOST = Guest(participant_id=UUID(int=8), name="Aino", moderates=True)
OWN = {"issuer": "digiaula", "audience": "jitsi", "subject": "meet.jitsi"}


def a_key(key_id: str) -> RsaKey:
    return rsa_keys(f"kid: {key_id}\n{private_pem(key_id)}")[0]


def shared_secret(domain: str = "meet.example") -> Signer:
    return tokens.shared_secret([SECRET], domain=domain, **OWN)


def key_pair(*key_ids: str) -> Signer:
    return tokens.key_pair([a_key(key_id) for key_id in key_ids], domain="meet.example", **OWN)


def jaas() -> Signer:
    keys = rsa_keys(f"kid: 4f4910\n{private_pem('jaas')}", prefix="vpaas-1/")
    return tokens.jaas(keys, app_id="vpaas-1", domain="")


def a_video(signer: Signer, guest: Guest = RESIDENT, *, now: datetime = NOW) -> Video:
    return signer.video(room=ROOM, guest=guest, now=now, not_after=CLOSES, language="fi")


def door_of(signer: Signer) -> Door:
    """The Jitsi this signer signs for."""
    keys = SECRET if signer.algorithm == "HS256" else signer.public_keys.get
    return Door(
        algorithm=signer.algorithm,
        keys=keys,
        issuer=signer.issuer,
        audience=signer.audience,
        subject=signer.subject,
    )


def door_of_8x8() -> Door:
    """8x8 has the public key from its console, under the whole id."""
    key = rsa_keys(f"kid: 4f4910\n{private_pem('jaas')}", prefix="vpaas-1/")[0]
    known = {sha256(b"vpaas-1/4f4910").hexdigest(): key.public_pem}
    return Door(algorithm="RS256", keys=known.get, issuer="chat", audience="jitsi", subject="vpaas-1")


@pytest.fixture(params=["hs256", "rs256", "jaas"])
def way(request: pytest.FixtureRequest) -> tuple[Signer, Door]:
    match request.param:
        case "hs256":
            return shared_secret(), door_of(shared_secret())
        case "rs256":
            return key_pair("2026"), door_of(key_pair("2026"))
        case _:
            return jaas(), door_of_8x8()


def test_a_token_opens_its_room(way: tuple[Signer, Door]) -> None:
    signer, door = way

    user = door.enter(a_video(signer).jwt, ROOM, NOW)

    assert user["id"] == str(RESIDENT.participant_id)
    assert user["name"] == "Åsa Öhman-D'Arc"


def test_a_token_opens_no_other_room(way: tuple[Signer, Door]) -> None:
    signer, door = way

    with pytest.raises(Refused, match="room"):
        door.enter(a_video(signer).jwt, ROOM[::-1], NOW)


def test_only_the_host_moderates(way: tuple[Signer, Door]) -> None:
    signer, door = way

    assert is_moderator(door.enter(a_video(signer, HOST).jwt, ROOM, NOW))
    assert not is_moderator(door.enter(a_video(signer, RESIDENT).jwt, ROOM, NOW))


def test_a_token_says_nothing_else_about_a_person(way: tuple[Signer, Door]) -> None:
    signer, door = way

    user = door.enter(a_video(signer).jwt, ROOM, NOW)

    assert set(user) <= {"id", "name", "moderator", "affiliation"}


def test_a_token_lasts_minutes_and_begins_a_little_earlier(way: tuple[Signer, Door]) -> None:
    signer, door = way
    video = a_video(signer)
    claims = jwt.decode(video.jwt, options={"verify_signature": False})

    assert claims["nbf"] == int(NOW.timestamp()) - 10
    assert claims["exp"] == int(NOW.timestamp()) + 300 == video.expires_at.timestamp()
    door.enter(video.jwt, ROOM, video.expires_at - timedelta(seconds=1))
    with pytest.raises(Refused, match="exp"):
        door.enter(video.jwt, ROOM, video.expires_at)
    with pytest.raises(Refused, match="nbf"):
        door.enter(video.jwt, ROOM, NOW - timedelta(seconds=11))


def test_a_token_does_not_outlive_the_room() -> None:
    signer = shared_secret()

    video = a_video(signer, now=CLOSES - timedelta(minutes=1))

    assert video.expires_at == CLOSES.replace(microsecond=0)


def test_nobody_may_record_or_send_a_meeting_elsewhere(way: tuple[Signer, Door]) -> None:
    for guest in (HOST, RESIDENT):
        claims = jwt.decode(a_video(way[0], guest).jwt, options={"verify_signature": False})
        features = claims["context"]["features"]

        assert features["screen-sharing"]
        assert not any(
            features[name] for name in ("recording", "livestreaming", "transcription", "outbound-call")
        )


def test_the_door_knows_a_token_by_any_of_two_live_keys() -> None:
    """While one key replaces another, tokens of both are good, and new ones are signed by the first."""
    before, during, after = key_pair("2026"), key_pair("2027", "2026"), key_pair("2027")
    old, new = a_video(before).jwt, a_video(during).jwt

    for token in (old, new):
        door_of(during).enter(token, ROOM, NOW)
    assert jwt.get_unverified_header(new)["kid"] == "2027"
    door_of(after).enter(new, ROOM, NOW)
    with pytest.raises(Refused, match="kid"):
        door_of(after).enter(old, ROOM, NOW)


def test_jaas_tokens_name_key_and_app_as_8x8_wants_them() -> None:
    token = a_video(jaas(), HOST).jwt
    claims = jwt.decode(token, options={"verify_signature": False})

    assert jwt.get_unverified_header(token)["kid"] == "vpaas-1/4f4910"
    assert claims["context"]["user"]["moderator"] == "true"
    assert "features" in claims["context"]


def test_the_link_works_without_a_frame() -> None:
    video = a_video(shared_secret("meet.example"))
    link = urlsplit(video.url)

    assert (link.scheme, link.netloc, link.path) == ("https", "meet.example", f"/{ROOM}")
    assert parse_qs(link.query) == {"jwt": [video.jwt], "lang": ["fi"]}
    assert video.script == "https://meet.example/external_api.js"


def test_jaas_links_lead_into_the_apps_own_folder() -> None:
    video = a_video(jaas())

    assert video.domain == "8x8.vc"
    assert video.room == f"vpaas-1/{ROOM}"
    assert video.url.startswith(f"https://8x8.vc/vpaas-1/{ROOM}?jwt=")
    assert video.script == "https://8x8.vc/vpaas-1/external_api.js"


def test_without_a_jitsi_the_token_is_real_all_the_same() -> None:
    signer = shared_secret(domain="")

    video = a_video(signer)

    assert (video.domain, video.url, video.script) == ("", "", "")
    assert door_of(signer).enter(video.jwt, ROOM, NOW)


def test_a_signer_does_not_show_its_key() -> None:
    assert "secret" not in repr(shared_secret())


# What the door must refuse: without this, the tests above would prove nothing.

Change = Callable[[dict[str, Any]], None]


def forged(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None) -> str:
    """A token signed by hand, as no library would: `secret` None leaves it unsigned."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    mac = b"" if secret is None else hmac.digest(secret, signed, "sha256")
    return b".".join([signed, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def good_claims(signer: Signer) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(a_video(signer).jwt, options={"verify_signature": False})
    return claims


def without(name: str) -> Change:
    return lambda claims: claims.__delitem__(name)


def with_(**changes: Any) -> Change:
    return lambda claims: claims.update(changes)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (without("exp"), "exp"),
        (without("nbf"), "nbf"),
        (without("aud"), "aud"),
        (without("iss"), "iss"),
        (without("sub"), "sub"),
        (without("room"), "room"),
        (with_(room="*"), "room"),
        (with_(room=[ROOM]), "room"),
        (with_(room=f"{ROOM}0"), "room"),
        (with_(aud="another"), "aud"),
        (with_(aud=["jitsi"]), "aud"),
        (with_(sub="meet.example"), "sub"),
        (with_(iss="another"), "iss"),
        (with_(context=None), "context"),
    ],
)
def test_the_door_refuses_other_claims(change: Change, check: str) -> None:
    signer = shared_secret()
    claims = good_claims(signer)
    good = forged({"typ": "JWT", "alg": "HS256"}, claims, SECRET)
    change(claims)

    door_of(signer).enter(good, ROOM, NOW)
    with pytest.raises(Refused, match=check):
        door_of(signer).enter(forged({"typ": "JWT", "alg": "HS256"}, claims, SECRET), ROOM, NOW)


@pytest.mark.parametrize(
    ("header", "check"),
    [
        ({"alg": "none", "typ": "JWT", "kid": "2026"}, "alg"),
        ({"alg": "HS256", "typ": "JWT", "kid": "2026"}, "alg"),
        ({"alg": "RS256", "typ": "JWT", "kid": "../../dev/null"}, "kid"),
        ({"alg": "RS256", "typ": "JWT", "kid": "2025"}, "kid"),
        ({"alg": "RS256", "typ": "JWT"}, "kid"),
        ({"alg": "RS256", "kid": "2026"}, "typ"),
        ({"alg": "RS256", "typ": "JWT", "kid": "2026", "crit": ["exp"]}, "crit|signature"),
        ({"alg": "RS256", "typ": "JWT", "kid": "2026"}, "signature"),
    ],
)
def test_the_door_refuses_other_headers(header: dict[str, Any], check: str) -> None:
    signer = key_pair("2026")
    public_pem = next(iter(signer.public_keys.values()))
    secret = None if header["alg"] == "none" else public_pem

    with pytest.raises(Refused, match=check):
        door_of(signer).enter(forged(header, good_claims(signer), secret), ROOM, NOW)


def test_the_door_refuses_another_secret() -> None:
    signer = replace(shared_secret(), key=SECRET[::-1])

    with pytest.raises(Refused, match="signature"):
        door_of(signer).enter(a_video(signer).jwt, ROOM, NOW)
