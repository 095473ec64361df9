"""The checks of an ID token (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725). Values in, claims or a refusal out."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

LONGEST: Final = 16 * 1024
MOST_CLAIMS: Final = 200
LEEWAY_SECONDS: Final = 60
LONGEST_LIFE_SECONDS: Final = 24 * 3600
# Asymmetric only: with a shared secret, whoever knows it could say anything. The token chooses among these by its key.
ALGORITHMS: Final[Mapping[str, type[RSAKey] | type[ECKey]]] = {
    "RS256": RSAKey,
    "RS384": RSAKey,
    "RS512": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "ES384": ECKey,
}
# Header members by which a token would bring or point to its own key, or demand what we do not know.
_REFUSED_HEADERS: Final = ("crit", "jku", "jwk", "x5u", "x5c", "zip", "enc", "b64")

Key = RSAKey | ECKey


class IdTokenRefused(Exception):
    """The token proves nothing. The message says what is wrong, for the log."""


class UnknownKey(IdTokenRefused):
    """It names a key that the issuer had not published when we last looked: look again, once."""


def read_keys(document: bytes) -> dict[str | None, Key]:
    """The signature keys of a JWK set by their ids, others left out. Raises IdTokenRefused for what is no set."""
    try:
        listed = orjson.loads(document)["keys"]
        keys: dict[str | None, Key] = {}
        for each in listed[:50]:
            if each.get("use", "sig") != "sig" or each.get("kty") not in ("RSA", "EC"):
                continue
            kind = RSAKey if each["kty"] == "RSA" else ECKey
            keys[each.get("kid")] = kind.import_key({name: value for name, value in each.items() if name != "d"})
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise IdTokenRefused("the issuer's keys cannot be read") from error
    return keys


def check(
    token: str,
    keys: Mapping[str | None, Key],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    max_age_seconds: int | None = None,
) -> Mapping[str, Any]:
    """The claims of an ID token that was issued by `issuer` for us, for this very attempt, and is good now.

    Raises UnknownKey where the keys may have been rotated, IdTokenRefused for everything else.
    """
    if len(token) > LONGEST or not token.isascii() or token.count(".") != 2:
        raise IdTokenRefused("no compact signed token, or too long")
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise IdTokenRefused("an algorithm that we do not take")
    if any(name in header for name in _REFUSED_HEADERS) or str(header.get("typ", "JWT")).upper() != "JWT":
        raise IdTokenRefused("a header that an ID token does not have")
    if kid is not None and (not isinstance(kid, str) or len(kid) > 200):
        raise IdTokenRefused("a key id that is none")
    try:
        claims = _verified(token, _key(keys, kid, ALGORITHMS[algorithm]), algorithm)
    except IdTokenRefused as error:
        # An issuer whose keys have no ids rotates them in silence.
        if kid is None:
            raise UnknownKey(str(error)) from error
        raise
    _check_claims(claims, issuer=issuer, client_id=client_id, nonce=nonce, now=now)
    if max_age_seconds is not None:
        signed_in = _instant(claims, "auth_time")
        if signed_in is None or signed_in + max_age_seconds + LEEWAY_SECONDS < now:
            raise IdTokenRefused("the sign-in at the provider is older than was asked for")
    return claims


def _header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    try:
        header = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise IdTokenRefused("a header that cannot be read") from error
    if not isinstance(header, dict):
        raise IdTokenRefused("a header that is no object")
    return header


def _key(keys: Mapping[str | None, Key], kid: str | None, kind: type[RSAKey] | type[ECKey]) -> Key:
    if kid is None:
        fitting: Sequence[Key] = [key for key in keys.values() if isinstance(key, kind)]
        if len(fitting) != 1:
            raise UnknownKey("it names no key, and the issuer has several or none")
        return fitting[0]
    key = keys.get(kid)
    if key is None:
        raise UnknownKey("it names a key that the issuer does not have")
    if not isinstance(key, kind):
        raise IdTokenRefused("the algorithm is not of the key's kind")
    return key


def _verified(token: str, key: Key, algorithm: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise IdTokenRefused("the signature is not the issuer's") from error
    if len(claims) > MOST_CLAIMS:
        raise IdTokenRefused("more claims than anybody needs")
    return claims


def _check_claims(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise IdTokenRefused("another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences or (len(audiences) > 1 and claims.get("azp") != client_id):
        raise IdTokenRefused("for another client")
    if claims.get("azp", client_id) != client_id:
        raise IdTokenRefused("given to another client")
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if expires is None or issued is None:
        raise IdTokenRefused("without an end or a beginning")
    if not now - LEEWAY_SECONDS < expires <= now + LONGEST_LIFE_SECONDS + LEEWAY_SECONDS:
        raise IdTokenRefused("over, or good for longer than is likely")
    if not now - LONGEST_LIFE_SECONDS <= issued <= now + LEEWAY_SECONDS:
        raise IdTokenRefused("issued in another time")
    begins = _instant(claims, "nbf")
    if begins is not None and begins > now + LEEWAY_SECONDS:
        raise IdTokenRefused("not good yet")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise IdTokenRefused("for another attempt")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
        raise IdTokenRefused("of nobody")


def _instant(claims: Mapping[str, Any], name: str) -> int | None:
    """Whole seconds, None where the claim is absent. Raises IdTokenRefused for a float, a string or a truth value."""
    value = claims.get(name)
    if name not in claims:
        return None
    if type(value) is not int:
        raise IdTokenRefused(f"{name} is no whole number")
    return value
