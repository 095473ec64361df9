"""What stands around every SCIM request at the pipe: its media type on the way in, the form of its errors on the way out.

Whoever refuses (the pipe, the kernel, a route) does so with a problem document, as everywhere. Inside `/scim/` it
leaves as the error document of RFC 7644.
"""

from typing import Final

import orjson
from starlette.types import Message, Scope, Send

from gateway.scim.refusal import scim_error

PREFIX: Final = "/scim/"
MEDIA_TYPE: Final = "application/scim+json"
_PROBLEM: Final = b"application/problem+json"


def is_scim(path: str) -> bool:
    return path.startswith(PREFIX)


def reading_scim(scope: Scope) -> Scope:
    """The request with SCIM's media type as what it is, JSON, so that the limits and rules of JSON hold for it."""
    headers = [
        (name, value.lower().replace(MEDIA_TYPE.encode(), b"application/json", 1))
        if name.lower() == b"content-type" and value.lower().startswith(MEDIA_TYPE.encode())
        else (name, value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def speaking_scim(send: Send) -> Send:
    """A send that turns problem documents into SCIM's errors and passes everything else on."""
    start: Message | None = None
    parts: list[bytes] = []

    async def outward(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            said = {name.lower(): value for name, value in message.get("headers", ())}
            if said.get(b"content-type", b"").startswith(_PROBLEM):
                start = message
                return
        elif start is not None:
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await _send_error(send, start, b"".join(parts))
            return
        await send(message)

    return outward


async def _send_error(send: Send, start: Message, problem: bytes) -> None:
    # An answer to HEAD has no body that could say more than its status.
    body = orjson.dumps(scim_error(orjson.loads(problem))) if problem else b""
    headers = [each for each in start["headers"] if each[0].lower() not in (b"content-type", b"content-length")]
    headers += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": body})
