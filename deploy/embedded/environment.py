"""What each service is told through its environment, and nothing it does not need."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from deploy.embedded.secrets import Secrets

SERVICES = ("booking", "rooms", "notify", "gateway")
# From the caller's environment, since programs misbehave without them.
INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
# What the caller sets is meant for everybody, except that these are decided here: each service has
# its own, or they steer the embedded form itself.
DECIDED = ("DIGIAULA_DATABASE_URL", "DIGIAULA_NATS_URL", "DIGIAULA_STATE")
DOOR = ("DIGIAULA_HTTP_HOST", "DIGIAULA_HTTP_PORT")
# Each keeps plans of its own, some megabytes; here more are no quicker: docs/performance.md.
CONNECTIONS = "4"


@dataclass(frozen=True)
class Addresses:
    """Where things listen on 127.0.0.1; `http` has a port for every service."""

    postgres: str  # host:port/database, with its options
    nats: int
    smtp: int
    mail: int
    http: Mapping[str, int]
    metrics: int = 0  # the gateway's, which the others tell beside their health

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.http['gateway']}"


def service_environment(
    service: str, *, at: Addresses, secrets: Secrets, caller: Mapping[str, str]
) -> dict[str, str]:
    """Everything `service` reads, the caller's own DIGIAULA_* settings having the last word.

    A setting that another service alone reads is not passed on, wherever it comes from.
    """
    shared = {
        "DIGIAULA_DATABASE_URL": database_url(service, at=at, secrets=secrets),
        "DIGIAULA_DATABASE_CONNECTIONS": CONNECTIONS,
        "DIGIAULA_NATS_URL": nats_url(service, at=at, secrets=secrets),
        "DIGIAULA_HTTP_HOST": "127.0.0.1",
        "DIGIAULA_HTTP_PORT": str(at.http[service]),
        "DIGIAULA_PUBLIC_URL": at.gateway,
        "DIGIAULA_TIME_ZONE": "Europe/Helsinki",
    }
    own = _own_settings(at, secrets)
    foreign = {name for other in own.values() for name in other} - set(own[service])
    foreign |= set(DECIDED) | (set(DOOR) if service != "gateway" else set())
    chosen = _chosen(caller, without=foreign)
    # A secret given as a file replaces the one made here: both at once would contradict.
    replaced = {name.removesuffix("_FILE") for name in chosen if name.endswith("_FILE")}
    made = {name: value for name, value in (shared | own[service]).items() if name not in replaced}
    return plain_environment(caller) | made | chosen


def plain_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """What any program of ours gets from its caller."""
    kept = {name: caller[name] for name in INHERITED if name in caller}
    return kept | {"PYTHONUNBUFFERED": "1"}


def database_url(role: str, *, at: Addresses, secrets: Secrets) -> str:
    return f"postgresql://{role}:{quote(secrets.roles[role], safe='')}@{at.postgres}"


def nats_url(user: str, *, at: Addresses, secrets: Secrets) -> str:
    return f"nats://{user}:{quote(secrets.nats[user], safe='')}@127.0.0.1:{at.nats}"


def _own_settings(at: Addresses, secrets: Secrets) -> dict[str, dict[str, str]]:
    link_keys = {"DIGIAULA_LINK_KEYS": f"k1:{secrets.link_key}"}
    return {
        "booking": {"DIGIAULA_FIRST_COORDINATOR": "koordinaattori@digiaula.example"},
        "rooms": {
            "DIGIAULA_JITSI_APP_ID": "digiaula",
            "DIGIAULA_JITSI_APP_SECRET": secrets.jitsi_app_secret,
            "DIGIAULA_JITSI_SUBJECT": "meet.jitsi",
            "DIGIAULA_JITSI_AUDIENCE": "jitsi",
            "DIGIAULA_ROOMS_CALLBACK_SECRET": secrets.rooms_callback_secret,
        },
        "notify": link_keys
        | {
            "DIGIAULA_SMTP_URL": f"smtp://127.0.0.1:{at.smtp}",
            "DIGIAULA_SMS_URL": f"http://127.0.0.1:{at.mail}/sms",
            "DIGIAULA_MAIL_FROM": "Digiaula <digiaula@digiaula.example>",
        },
        "gateway": link_keys
        | {
            "DIGIAULA_FORM_KEY": secrets.form_key,
            "DIGIAULA_LIMITS": "off",
            "DIGIAULA_METRICS_PORT": str(at.metrics),
        },
    }


def _chosen(caller: Mapping[str, str], *, without: set[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in caller.items()
        if name.startswith("DIGIAULA_")
        and not name.startswith("DIGIAULA_EMBEDDED_")
        and name.removesuffix("_FILE") not in without
    }
