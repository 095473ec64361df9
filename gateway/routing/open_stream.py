"""A stream stays open for hours, and no longer than the right to it: token, person and memberships are looked up meanwhile.

Whoever loses the right finds the stream at its end within `LOOK_SECONDS`; so does everybody when nobody can say.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Message, Send

LOOK_SECONDS: Final = 2.0


async def pass_while_allowed(
    answer: Callable[[Send], Awaitable[None]], send: Send, is_allowed: Callable[[], Awaitable[bool]]
) -> None:
    """Let `answer` send until it has ended, or until `is_allowed` says no; then end the response in its place."""
    started = ended = False

    async def watched_send(message: Message) -> None:
        nonlocal started, ended
        started = started or message["type"] == "http.response.start"
        ended = ended or (message["type"] == "http.response.body" and not message.get("more_body", False))
        await send(message)

    async def run() -> None:
        await answer(watched_send)

    answering = asyncio.create_task(run())
    try:
        while not (await asyncio.wait({answering}, timeout=LOOK_SECONDS))[0]:
            if not await is_allowed():
                break
        else:
            answering.result()
            return
    finally:
        if not answering.done():
            answering.cancel()
            await asyncio.wait({answering})
    if started and not ended:
        await send({"type": "http.response.body", "body": b": the right to this stream has ended\n\n"})
