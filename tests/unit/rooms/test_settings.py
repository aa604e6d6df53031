"""What rooms refuses to start with, and which of several keys signs."""

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.rooms.config import Config
from services.runtime.config import SettingsError, load
from tests.support.rsa_keys import private_pem

NEEDED = {
    "DIGIAULA_DATABASE_URL": "postgresql://nowhere",
    "DIGIAULA_NATS_URL": "nats://nowhere",
    "DIGIAULA_HTTP_PORT": "1",
    "DIGIAULA_JITSI_APP_ID": "digiaula",
}
SECRET = "s" * 32


def config(**settings: str) -> Config:
    return load(Config, NEEDED | {f"DIGIAULA_{name}": value for name, value in settings.items()})


def refused(**settings: str) -> str:
    with pytest.raises(SettingsError) as error:
        config(**settings)
    return str(error.value)


def test_a_shared_secret_is_enough() -> None:
    signer = config(JITSI_APP_SECRET=SECRET).signer

    assert (signer.algorithm, signer.key) == ("HS256", SECRET.encode())
    assert (signer.issuer, signer.audience, signer.subject) == ("digiaula", "digiaula", "meet.jitsi")


def test_of_several_secrets_the_first_signs() -> None:
    assert config(JITSI_APP_SECRET=f"{SECRET},{'t' * 40}").signer.key == SECRET.encode()


@pytest.mark.parametrize("secret", ["", "s" * 31, f"{SECRET},short", "ä" * 15])
def test_no_start_without_a_long_secret(secret: str) -> None:
    said = refused(JITSI_APP_SECRET=secret)

    assert "DIGIAULA_JITSI_APP_SECRET" in said
    assert not secret or secret not in said


def test_everything_unusable_is_named_at_once() -> None:
    said = refused(ROOM_OPENS_MINUTES="-1", ROOM_CLOSES_MINUTES="100000")

    for name in ("ROOM_OPENS_MINUTES", "ROOM_CLOSES_MINUTES", "JITSI_APP_SECRET"):
        assert f"DIGIAULA_{name}" in said


@pytest.mark.parametrize("mode", ["rs256", "jaas"])
def test_no_start_without_a_private_key(mode: str, tmp_path: Path) -> None:
    for keys in ("", str(tmp_path), str(tmp_path / "absent")):
        assert "DIGIAULA_JITSI_PRIVATE_KEYS" in refused(JITSI_MODE=mode, JITSI_PRIVATE_KEYS=keys)


def test_no_start_with_a_key_that_is_weak_or_of_another_kind() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    other = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    for pem in (private_pem("weak", bits=1024), other, "-----BEGIN PRIVATE KEY-----"):
        assert "DIGIAULA_JITSI_PRIVATE_KEYS" in refused(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=pem)


def test_in_a_folder_the_file_name_is_the_key_id_and_the_last_name_signs(tmp_path: Path) -> None:
    for key_id in ("2026-11", "2027-02"):
        (tmp_path / f"{key_id}.pem").write_text(private_pem(key_id))

    signer = config(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=str(tmp_path)).signer

    assert signer.key_id == "2027-02"
    assert set(signer.public_keys) == {sha256(name).hexdigest() for name in (b"2026-11", b"2027-02")}


def test_in_a_bundle_the_first_signs_whether_it_comes_as_text_or_as_a_file(tmp_path: Path) -> None:
    bundle = f"kid: new\n{private_pem('new')}\nkid: old\n{private_pem('old')}"
    (tmp_path / "bundle.pem").write_text(bundle)

    for keys in (bundle, str(tmp_path / "bundle.pem")):
        signer = config(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=keys).signer
        assert signer.key_id == "new"
        assert len(signer.public_keys) == 2


def test_a_key_without_an_id_gets_one_of_its_own() -> None:
    both = private_pem("new") + private_pem("old")

    one = config(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=both).signer
    other = config(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=private_pem("old")).signer

    assert one.key_id
    assert one.key_id != other.key_id
    assert set(other.public_keys) < set(one.public_keys)


def test_jaas_wants_the_id_its_console_gave() -> None:
    assert "kid" in refused(JITSI_MODE="jaas", JITSI_PRIVATE_KEYS=private_pem("new"))


def test_two_keys_of_one_id_are_refused() -> None:
    twice = f"kid: same\n{private_pem('new')}\nkid: same\n{private_pem('old')}"

    assert "DIGIAULA_JITSI_PRIVATE_KEYS" in refused(JITSI_MODE="rs256", JITSI_PRIVATE_KEYS=twice)


def test_settings_do_not_show_secrets() -> None:
    shown = repr(config(JITSI_APP_SECRET=SECRET, ROOMS_CALLBACK_SECRET="callback"))

    assert SECRET not in shown
    assert "callback'" not in shown
