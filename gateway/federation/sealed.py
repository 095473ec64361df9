"""Secrets that we must be able to say again, to others: sealed with the installation's keys, so a dump does not tell them."""

import hashlib
import hmac
from collections.abc import Sequence

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_PURPOSE = b"tandem: secrets of identity providers"


def seal(keys: Sequence[str], secret: str) -> str:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, secret.encode(), _key(keys[0]))


def unseal(keys: Sequence[str], sealed: str) -> str:
    """The secret. Raises ValueError where none of the keys fits: they were exchanged, and the secret is to be entered anew."""
    for key in keys:
        try:
            plaintext = jwe.decrypt_compact(sealed, _key(key), algorithms=["dir", "A256GCM"]).plaintext
        except (JoseError, ValueError):
            continue
        if plaintext is not None:
            return plaintext.decode()
    raise ValueError("none of the keys fits")


def _key(secret: str) -> OctKey:
    return OctKey.import_key(hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest())
