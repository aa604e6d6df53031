from deploy.embedded.environment import SERVICES, Addresses, service_environment
from deploy.embedded.secrets import fresh_secrets

AT = Addresses(
    postgres="127.0.0.1:5432/digiaula",
    nats=4222,
    smtp=2525,
    mail=8025,
    http={"booking": 9001, "rooms": 9002, "notify": 9003, "gateway": 8000},
)
SECRETS = fresh_secrets()


def environment_of(service: str, **caller: str) -> dict[str, str]:
    return service_environment(service, at=AT, secrets=SECRETS, caller=caller)


def test_each_service_gets_only_its_own_database_role_and_nats_user() -> None:
    for service in SERVICES:
        told = environment_of(service)

        assert told["DIGIAULA_DATABASE_URL"].startswith(f"postgresql://{service}:")
        assert told["DIGIAULA_NATS_URL"].startswith(f"nats://{service}:")
        strangers = {SECRETS.roles[other] for other in SECRETS.roles if other != service}
        assert not any(secret in value for secret in strangers for value in told.values())


def test_only_gateway_and_notify_hold_the_link_key() -> None:
    holders = {name for name in SERVICES if "DIGIAULA_LINK_KEYS" in environment_of(name)}

    assert holders == {"gateway", "notify"}


def test_the_callers_setting_wins() -> None:
    told = environment_of("notify", DIGIAULA_SMTP_URL="smtp://mail.example:25")

    assert told["DIGIAULA_SMTP_URL"] == "smtp://mail.example:25"


def test_a_service_of_the_small_form_opens_few_connections_unless_the_caller_says_more() -> None:
    for service in SERVICES:
        told = environment_of(service, DIGIAULA_DATABASE_CONNECTIONS="20")

        assert environment_of(service)["DIGIAULA_DATABASE_CONNECTIONS"] == "4"
        assert told["DIGIAULA_DATABASE_CONNECTIONS"] == "20"


def test_a_setting_nobody_here_knows_reaches_every_service() -> None:
    for service in SERVICES:
        assert environment_of(service, DIGIAULA_LOG_LEVEL="debug")["DIGIAULA_LOG_LEVEL"] == "debug"


def test_another_services_secret_is_not_passed_on_even_from_the_caller() -> None:
    told = environment_of(
        "gateway", DIGIAULA_JITSI_APP_SECRET="theirs", DIGIAULA_JITSI_APP_SECRET_FILE="/x"
    )

    assert not {name for name in told if "JITSI" in name}


def test_a_secret_in_a_file_replaces_the_one_made_here() -> None:
    told = environment_of("rooms", DIGIAULA_JITSI_APP_SECRET_FILE="/run/secret")

    assert "DIGIAULA_JITSI_APP_SECRET" not in told
    assert told["DIGIAULA_JITSI_APP_SECRET_FILE"] == "/run/secret"


def test_the_callers_http_port_is_the_doors_alone() -> None:
    told = {name: environment_of(name, DIGIAULA_HTTP_PORT="80")["DIGIAULA_HTTP_PORT"] for name in SERVICES}

    assert told == {"booking": "9001", "rooms": "9002", "notify": "9003", "gateway": "80"}


def test_the_rest_of_the_callers_environment_stays_outside() -> None:
    assert "AWS_SECRET_ACCESS_KEY" not in environment_of("gateway", AWS_SECRET_ACCESS_KEY="x")
