"""How limits are configured, and whose address a request counts against."""

import pytest

from gateway.credentials.account import PasswordTooWeak, check_strength
from gateway.credentials.anonymous import address_of, network_of, trusted_networks
from gateway.credentials.rate_limit import DEFAULTS, Limit, limits_of
from services.kernel.settings import Settings, SettingsRefused

BASE = {
    "service": "gateway",
    "database_url": "postgresql://x",
    "nats_url": "nats://x",
    "internal_keys": "k" * 32,
    "cursor_key": "c" * 32,
}


def settings(**values: str) -> Settings:
    return Settings.model_validate(BASE | values)


def test_limits_are_on_unless_they_are_switched_off() -> None:
    assert limits_of(settings()) == DEFAULTS
    assert limits_of(settings(rate_limits="off")) == {}


def test_a_setting_names_the_limits_that_differ() -> None:
    limits = limits_of(settings(rate_limits="account=3/60, mail=1/900"))
    assert limits["account"] == Limit("account", 3, 60)
    assert limits["mail"] == Limit("mail", 1, 900)
    assert limits["address"] == DEFAULTS["address"]


@pytest.mark.parametrize("text", ["account", "account=0/60", "accounts=1/60", "account=1/60/2", "account=1/0", "on"])
def test_a_limit_that_cannot_be_read_keeps_the_gateway_from_starting(text: str) -> None:
    with pytest.raises(SettingsRefused, match="TANDEM_RATE_LIMITS"):
        limits_of(settings(rate_limits=text))


def test_proxies_that_cannot_be_read_keep_the_gateway_from_starting() -> None:
    with pytest.raises(SettingsRefused, match="TANDEM_TRUSTED_PROXIES"):
        trusted_networks(settings(trusted_proxies="10.0.0.0/8,the balancer"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # Nobody but a trusted proxy says where a request is from.
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        # What the client wrote itself stands in front of what the proxy appended.
        ("10.0.0.5", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["1.1.1.1", "198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        ("10.0.0.5", ["198.51.100.1, nonsense"], "10.0.0.5"),
        ("10.0.0.5", ["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
    ],
)
def test_the_address_of_a_request_is_what_the_last_trusted_hop_saw(
    peer: str, forwarded: list[str], expected: str
) -> None:
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded]}
    assert address_of(scope, trusted_networks(settings(trusted_proxies="10.0.0.0/8"))) == expected
    assert address_of(scope, []) == peer


def test_a_household_with_many_addresses_is_one_sender() -> None:
    assert network_of("198.51.100.1") == "198.51.100.1"
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert network_of("::ffff:198.51.100.1") == "198.51.100.1"
    assert network_of("unknown") == "unknown"


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abababababab", "kari.nordmann1"])
def test_a_password_of_few_characters_or_of_the_address_is_too_weak(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_strength(password, "Kari.Nordmann@example.org")


def test_a_long_sentence_is_a_password() -> None:
    check_strength("the bridge opens on a friday", "kari.nordmann@example.org")
