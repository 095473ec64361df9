"""What we ask an issuer: its metadata, its keys, and an ID token for a code. All through the one vetted way out."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from gateway.federation.id_token import IdTokenRefused, Key, UnknownKey, check, read_keys
from gateway.federation.identity_provider import ProviderUnavailable, SignInFailed
from services.kernel.egress import Egress, EgressFailed, EgressRefused

METADATA_SECONDS: Final = 3600.0
KEYS_SECONDS: Final = 600.0
# An unknown key id makes us look again, but a stream of invented ones does not make us hammer the issuer.
KEYS_AGAIN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of OpenID Connect Discovery 1.0 that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    posts_secret: bool
    says_issuer: bool


class ProviderClient:
    """Keeps metadata and keys of each issuer for a while, per process."""

    def __init__(self, egress: Egress) -> None:
        self.egress = egress
        self._metadata: dict[str, tuple[Metadata, float]] = {}
        self._keys: dict[str, tuple[Mapping[str | None, Key], float]] = {}

    async def metadata(self, issuer: str) -> Metadata:
        """Raises ProviderUnavailable, SignInFailed."""
        known = self._metadata.get(issuer)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        document = await self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(isinstance(document.get(name), str) for name in names) or document["issuer"] != issuer:
            raise SignInFailed
        metadata = Metadata(
            **{name: document[name] for name in names},
            posts_secret=isinstance(methods, list) and "client_secret_basic" not in methods,
            says_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )
        if len(self._metadata) > 1_000:
            self._metadata.clear()
        self._metadata[issuer] = (metadata, time.monotonic() + METADATA_SECONDS)
        return metadata

    async def id_token(
        self,
        metadata: Metadata,
        client_id: str,
        secret: str | None,
        code: str,
        redirect_uri: str,
        code_verifier: str,
    ) -> str:
        """The ID token for a code. Raises ProviderUnavailable, SignInFailed."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if secret is None:
            form["client_id"] = client_id
        elif metadata.posts_secret:
            form |= {"client_id": client_id, "client_secret": secret}
        else:
            pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        document = await self._json("POST", metadata.token_endpoint, headers, urlencode(form).encode())
        token = document.get("id_token")
        if not isinstance(token, str):
            raise SignInFailed
        return token

    async def claims(self, metadata: Metadata, token: str, **expected: Any) -> Mapping[str, Any]:
        """The claims of an ID token that holds. Raises IdTokenRefused, ProviderUnavailable, SignInFailed."""
        keys = await self._keys_of(metadata, KEYS_SECONDS)
        try:
            return check(token, keys, issuer=metadata.issuer, now=time.time(), **expected)
        except UnknownKey:
            keys = await self._keys_of(metadata, KEYS_AGAIN_SECONDS)
            return check(token, keys, issuer=metadata.issuer, now=time.time(), **expected)

    async def _keys_of(self, metadata: Metadata, at_most_seconds_old: float) -> Mapping[str | None, Key]:
        known = self._keys.get(metadata.jwks_uri)
        if known is not None and time.monotonic() - known[1] < at_most_seconds_old:
            return known[0]
        answer = await self._fetch("GET", metadata.jwks_uri)
        try:
            keys = read_keys(answer)
        except IdTokenRefused as error:
            raise SignInFailed from error
        if len(self._keys) > 1_000:
            self._keys.clear()
        self._keys[metadata.jwks_uri] = (keys, time.monotonic())
        return keys

    async def _json(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> dict[str, Any]:
        try:
            document = orjson.loads(await self._fetch(method, url, headers, body))
        except ValueError as error:
            raise SignInFailed from error
        if not isinstance(document, dict):
            raise SignInFailed
        return document

    async def _fetch(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        try:
            answer = await self.egress.request(method, url, headers=headers, body=body)
        except (EgressRefused, EgressFailed) as error:
            raise ProviderUnavailable from error
        if answer.status >= 500:
            raise ProviderUnavailable
        if answer.status != 200:
            raise SignInFailed
        return answer.body
