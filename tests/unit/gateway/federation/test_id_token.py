"""The checks of an ID token, one forgery after the other (C01 to C04 of the attack list)."""

import base64
import hashlib
import hmac
import time
from typing import Any

import orjson
import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.federation.id_token import IdTokenRefused, Key, UnknownKey, check, read_keys
from gateway.federation.sealed import seal, unseal

NOW = 1_770_000_000.0
ISSUER = "https://login.example.org"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
PUBLISHED = orjson.dumps({"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]})
KEYS = read_keys(PUBLISHED)
HEADER = {"alg": "RS256", "kid": "rsa", "typ": "JWT"}
CLAIMS = {
    "iss": ISSUER,
    "aud": "tandem",
    "sub": "248289761001",
    "iat": int(NOW),
    "exp": int(NOW) + 300,
    "nonce": "n-0S6_WzA2Mj",
    "email": "kari@example.org",
}


def signed(header: dict[str, Any] | None = None, key: Any = RSA, **changed: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not ...}
    return jwt.encode(HEADER | (header or {}), claims, key, algorithms=["RS256", "ES256", "HS256", "PS256"])


def checked(token: str, keys: dict[str | None, Key] | None = None, max_age_seconds: int | None = None) -> Any:
    return check(
        token,
        KEYS if keys is None else keys,
        issuer=ISSUER,
        client_id="tandem",
        nonce="n-0S6_WzA2Mj",
        now=NOW,
        max_age_seconds=max_age_seconds,
    )


def forged(header: dict[str, Any], signature: bytes = b"") -> str:
    parts = [orjson.dumps(header), orjson.dumps(CLAIMS), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_a_token_that_holds_tells_its_claims() -> None:
    assert checked(signed())["sub"] == "248289761001"
    assert checked(signed({"alg": "PS256"}))["email"] == "kari@example.org"
    assert checked(signed({"alg": "ES256", "kid": "ec"}, EC))["sub"] == "248289761001"
    assert checked(signed(aud=["tandem", "other"], azp="tandem"))["sub"] == "248289761001"


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", "HS256", "HS512", "RS1", None, 5, ["RS256"]])
def test_an_algorithm_that_we_do_not_take_is_refused(algorithm: Any) -> None:
    for signature in (b"", b"x" * 256):
        with pytest.raises(IdTokenRefused):
            checked(forged(HEADER | {"alg": algorithm}, signature))


def test_a_public_key_is_no_shared_secret() -> None:
    for secret in (RSA.as_pem(private=False), orjson.dumps(RSA.as_dict(private=False))):
        token = forged(HEADER | {"alg": "HS256"}).rstrip(".")
        signature = hmac.new(secret, token.encode(), hashlib.sha256).digest()
        with pytest.raises(IdTokenRefused):
            checked(forged(HEADER | {"alg": "HS256"}, signature))


def test_a_token_of_another_key_is_refused() -> None:
    other = RSAKey.generate_key(2048, {"kid": "rsa"})
    with pytest.raises(IdTokenRefused):
        checked(signed(key=other))
    with pytest.raises(IdTokenRefused, match="kind"):
        checked(signed({"alg": "ES256", "kid": "rsa"}, EC))


@pytest.mark.parametrize("kid", ["../../dev/null", "' or 1=1--", "http://127.0.0.1/key", "x" * 201, 5])
def test_a_key_is_found_by_its_id_and_nowhere_else(kid: Any) -> None:
    with pytest.raises(IdTokenRefused):
        checked(forged(HEADER | {"kid": kid}, b"x" * 256))


def test_an_unknown_key_is_told_apart_so_that_new_ones_are_looked_for() -> None:
    with pytest.raises(UnknownKey):
        checked(signed(), {})
    with pytest.raises(UnknownKey):
        checked(signed({"kid": "newer"}))
    unnamed = RSAKey.generate_key(2048)
    alone: dict[str | None, Key] = {None: unnamed}
    assert checked(jwt.encode({"alg": "RS256"}, CLAIMS, unnamed), alone)["sub"] == "248289761001"
    with pytest.raises(UnknownKey):
        checked(jwt.encode({"alg": "RS256"}, CLAIMS, RSA), alone)


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/certificate"},
        {"jwk": RSA.as_dict(private=False)},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_header_that_points_elsewhere_is_refused_though_the_signature_holds(header: dict[str, Any]) -> None:
    with pytest.raises(IdTokenRefused):
        checked(signed(header))


def test_a_header_that_demands_what_we_do_not_know_is_refused() -> None:
    with pytest.raises(IdTokenRefused, match="header"):
        checked(forged(HEADER | {"crit": ["unheard-of"], "unheard-of": 1}, b"x" * 256))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://login.example.org/"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": []},
        {"aud": ...},
        {"aud": ["tandem", "other"]},
        {"aud": ["tandem", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": int(NOW) - 61},
        {"exp": ...},
        {"exp": NOW + 300.5},
        {"exp": str(int(NOW) + 300)},
        {"exp": True},
        {"exp": None},
        {"exp": 2**62},
        {"iat": ...},
        {"iat": int(NOW) + 3600},
        {"iat": int(NOW) - 100_000},
        {"nbf": int(NOW) + 3600},
        {"nbf": "0"},
        {"nonce": "another"},
        {"nonce": ...},
        {"nonce": 5},
        {"sub": ""},
        {"sub": ...},
        {"sub": 5},
        {"sub": "x" * 256},
        {"sub": "a\nb"},
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(IdTokenRefused):
        checked(signed(**changed))


def test_a_sign_in_that_is_too_old_is_refused() -> None:
    assert checked(signed(auth_time=int(NOW) - 100), max_age_seconds=300)
    for changed in ({"auth_time": int(NOW) - 1000}, {"auth_time": ...}, {"auth_time": str(NOW)}):
        with pytest.raises(IdTokenRefused):
            checked(signed(**changed), max_age_seconds=300)


def test_what_is_monstrous_is_refused_in_no_time() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 11_000).decode().rstrip("=")
    packed = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, b"0" * 10, OctKey.import_key("x" * 32))
    monsters = (
        signed(filler="x" * 64_000),
        f"{deep}.{deep[:100]}.x",
        jwt.encode(HEADER, CLAIMS | {f"c{number}": number for number in range(500)}, RSA),
        packed,
        "a.b.c",
        "..",
        "",
        "ø.ø.ø",
    )
    for monster in monsters:
        started = time.perf_counter()
        with pytest.raises(IdTokenRefused):
            checked(monster)
        assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": [{"kty": "RSA"}]}']
)
def test_keys_that_cannot_be_read_are_refused(document: bytes) -> None:
    with pytest.raises(IdTokenRefused):
        read_keys(document)


def test_keys_for_other_purposes_are_left_out() -> None:
    listed = [
        RSA.as_dict(private=False) | {"use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        EC.as_dict(private=False),
    ]
    assert set(read_keys(orjson.dumps({"keys": listed}))) == {"ec"}


def test_a_sealed_secret_is_opened_by_any_key_of_the_installation_and_no_other() -> None:
    sealed = seal(["first" * 8], "the issuer's")
    assert "issuer" not in sealed
    assert unseal(["newer" * 8, "first" * 8], sealed) == "the issuer's"
    with pytest.raises(ValueError, match="none of the keys"):
        unseal(["newer" * 8], sealed)
