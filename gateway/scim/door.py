"""The door of the room: SCIM's library takes a third of a start's time, and most installations never need it."""

import asyncio
import importlib
from functools import cache

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from gateway.scim.envelope import is_scim


class Door(BaseRoute):
    """Leads everything below `/scim/` to the routes of SCIM, which the first request loads."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" and is_scim(scope["path"]) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        router = await asyncio.to_thread(_routes)
        await router(scope, receive, send)


@cache
def _routes() -> APIRouter:
    router: APIRouter = importlib.import_module("gateway.scim.routes").router
    router.redirect_slashes = False
    return router


router = APIRouter(routes=[Door()])
